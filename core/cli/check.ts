/**
 * `perfmock check` validates a configuration or a load script, `perfmock schema` prints the JSON Schema of either.
 *
 * @module
 */
import { configurationSchema } from "../app.ts";
import { readConfig } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  placeholderWarnings,
  variablesOf,
  warningsAbout,
} from "./configuration.ts";
import { readScript } from "./load.ts";
import { describeWarnings, type Terminal } from "./terminal.ts";

/**
 * Validates a file: a load script if it has scenarios, else a configuration. Prints warnings and what the file holds.
 *
 * @param file file to validate; undefined for the configuration that the options or the environment name
 * @throws PerfmockError with all issues
 */
export async function check(
  file: string | undefined,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  if (file !== undefined && await isScript(file, options)) {
    return await checkScript(file, options, out);
  }
  if (file !== undefined && options.config !== undefined) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot check two files", [{
      path: "",
      message: `${file} is a configuration, and so is that of --config`,
      value: options.config,
      allowed: "one of them, or a load script with the configuration it needs",
    }]);
  }
  return await checkConfiguration(
    file === undefined ? options : { ...options, config: file },
    out,
  );
}

async function isScript(
  file: string,
  options: ConfigurationOptions,
): Promise<boolean> {
  const { value } = await readConfig(file, {
    variables: variablesOf(options),
  });
  return "scenarios" in value && !("routes" in value);
}

/** Builds a server that does not listen, so that it refuses whatever `serve` would refuse. */
async function checkConfiguration(
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options);
  await using server = await configuration.createServer({ listen: false });
  out.write(describeWarnings(await warningsAbout(configuration, server)));
  out.write(
    `OK ${configuration.source}: ${counted(server.routes.length, "route")}\n`,
  );
  return 0;
}

/** Checks a script against the server that would run it. */
async function checkScript(
  file: string,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const script = await readScript(file, options);
  const configuration = await loadConfiguration(options, { optional: true });
  await using server = await configuration.createServer({ listen: false });
  const value = await script.typedBy(server.loadEngine);
  const { scenarios, warnings } = await script.locate(() =>
    server.loadEngine.check(value, { folder: script.folder })
  );
  out.write(describeWarnings([
    ...placeholderWarnings(script, file),
    ...await script.located(warnings),
  ]));
  out.write(`OK ${file}: ${counted(scenarios, "scenario")}\n`);
  return 0;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Prints the JSON Schema of the configuration, including the keys of the plugins that the configuration names. Without a
 * configuration: of the built-in plugins.
 *
 * @param of "load" for the JSON Schema of load scripts
 * @throws PerfmockError where the configuration cannot be read or a plugin cannot be loaded
 */
export async function schema(
  of: "configuration" | "load",
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options, { optional: true });
  const { input, folder, locate } = configuration;
  let document: unknown;
  if (of === "load") {
    await using server = await configuration.createServer({ listen: false });
    document = server.loadEngine.schema();
  } else {
    document = await locate(() => configurationSchema(input, { folder }));
  }
  out.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
