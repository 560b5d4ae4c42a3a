/**
 * `perfmock check`: is this configuration valid?
 *
 * @module
 */
import { loadConfiguration } from "./configuration.ts";
import { createPerfmock } from "../app.ts";
import type { Terminal } from "./output.ts";

/** The options of `check`. */
export interface CheckOptions {
  /** The configuration file. */
  readonly config?: string;
}

/**
 * Builds everything a server is made of but its socket: what `serve` would refuse, this refuses.
 *
 * @throws PerfmockError with every fault
 */
export async function check(
  options: CheckOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, source } = await loadConfiguration(options);
  await using server = await createPerfmock(input, { folder, listen: false });
  for (const warning of server.warnings) {
    out.write(`warning: ${warning.path}: ${warning.message}\n`);
    if (warning.suggestion !== undefined) {
      out.write(`  ${warning.suggestion}\n`);
    }
  }
  out.write(`OK ${source}: ${server.routes.length} routes\n`);
  return 0;
}
