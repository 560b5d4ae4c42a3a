/**
 * `perfmock check`: is this configuration valid?
 *
 * @module
 */
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import { createPerfmock } from "../app.ts";
import type { Terminal } from "./output.ts";

/**
 * Builds everything a server is made of but its socket: what `serve` would refuse, this refuses.
 *
 * @throws PerfmockError with every fault
 */
export async function check(
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, source, use } = await loadConfiguration(options);
  await using server = await use(() =>
    createPerfmock(input, { folder, listen: false })
  );
  for (const warning of server.warnings) {
    out.write(`warning: ${warning.path}: ${warning.message}\n`);
    if (warning.suggestion !== undefined) {
      out.write(`  ${warning.suggestion}\n`);
    }
  }
  const { length } = server.routes;
  out.write(`OK ${source}: ${length} ${length === 1 ? "route" : "routes"}\n`);
  return 0;
}
