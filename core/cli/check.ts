/**
 * `perfmock check` validates the configuration, `perfmock schema` prints its JSON Schema.
 *
 * @module
 */
import { configurationSchema } from "../app.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Builds a server that does not listen, so that it refuses whatever `serve` would refuse. Prints warnings and the number
 * of routes.
 *
 * @throws PerfmockError with all issues
 */
export async function check(
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options);
  await using server = await configuration.createServer({ listen: false });
  for (const warning of server.warnings) {
    out.write(`warning: ${warning.path}: ${warning.message}\n`);
    if (warning.suggestion !== undefined) {
      out.write(`  ${warning.suggestion}\n`);
    }
  }
  const { length } = server.routes;
  out.write(
    `OK ${configuration.source}: ${length} ${
      length === 1 ? "route" : "routes"
    }\n`,
  );
  return 0;
}

/**
 * Prints the JSON Schema of the configuration, including the keys of the plugins that the configuration names. Without a
 * configuration: of the built-in plugins.
 *
 * @throws PerfmockError where the configuration cannot be read or a plugin cannot be loaded
 */
export async function schema(
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, locate } = await loadConfiguration(options, {
    optional: true,
  });
  const document = await locate(() => configurationSchema(input, { folder }));
  out.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
