/**
 * `perfmock schema`: the JSON Schema of the configuration, for editors and for reading.
 *
 * @module
 */
import { configurationSchema } from "../app.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./output.ts";

/**
 * Prints the schema, with the keys that the plugins of the configuration bring. Without a configuration: of the built-in
 * plugins.
 *
 * @throws PerfmockError where the configuration cannot be read or a plugin cannot be loaded
 */
export async function schema(
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, use } = await loadConfiguration(options, true);
  const document = await use(() => configurationSchema(input, { folder }));
  out.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
