/**
 * `perfmock check` validates a configuration, a load script or a find script; `perfmock schema` prints the JSON Schema of each.
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
  segmentOf,
  warningsAbout,
} from "./configuration.ts";
import { findWarnings, readFindScript } from "./find_script.ts";
import { readScript } from "./load.ts";
import { describeWarnings, type Terminal } from "./terminal.ts";

/**
 * Validates a file: a load script if it has scenarios, a find script if it has a probe, else a configuration. Prints warnings and what
 * the file holds.
 *
 * @param file file to validate; undefined for the configuration that the options or the environment name
 * @throws PerfmockError with all issues
 */
export async function check(
  file: string | undefined,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const kind = file === undefined ? undefined : await kindOf(file);
  if (file !== undefined && kind === "load") {
    return await checkScript(file, options, out);
  }
  if (file !== undefined && kind === "find") {
    return await checkFind(file, options, out);
  }
  if (file !== undefined && options.config !== undefined) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot check two files", [{
      path: "",
      message: `${file} is a configuration, and so is that of --config`,
      value: options.config,
      allowed: "one of them, or a script with the configuration it needs",
    }]);
  }
  return await checkConfiguration(
    file === undefined ? options : { ...options, config: file },
    out,
  );
}

/** Keys of a find script of which it has one. */
const PROBES = ["beacon", "command", "page"];

/** Kind of the script in a file; undefined for a configuration. */
async function kindOf(
  file: string,
): Promise<"find" | "load" | undefined> {
  // Placeholders do not matter to its kind, and each kind has its own.
  const { value } = await readConfig(file, { variables: undefined });
  if ("scenarios" in value && !("routes" in value)) return "load";
  return PROBES.some((key) => key in value) ? "find" : undefined;
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
    server.loadEngine.check(value, {
      folder: script.folder,
      segment: segmentOf(options),
    })
  );
  out.write(describeWarnings([
    ...placeholderWarnings(script, file),
    ...await script.located(warnings),
  ]));
  out.write(`OK ${file}: ${counted(scenarios, "scenario")}\n`);
  return 0;
}

/** Checks a find script against the server that would run it. */
async function checkFind(
  file: string,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const script = await readFindScript(file, options);
  const configuration = await loadConfiguration(options, { optional: true });
  await using server = await configuration.createServer({ listen: false });
  const value = await script.typedBy(server.finder);
  await script.locate(() =>
    server.finder.check(value, { folder: script.folder })
  );
  out.write(describeWarnings(findWarnings(script, file)));
  out.write(`OK ${file}: a find script\n`);
  return 0;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Prints the JSON Schema of the configuration, including the keys of the plugins that the configuration names. Without a
 * configuration: of the built-in plugins.
 *
 * @param of "load" for the JSON Schema of load scripts, "find" for that of find scripts
 * @throws PerfmockError where the configuration cannot be read or a plugin cannot be loaded
 */
export async function schema(
  of: "configuration" | "find" | "load",
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options, { optional: true });
  const { input, folder, locate } = configuration;
  let document: unknown;
  if (of !== "configuration") {
    await using server = await configuration.createServer({ listen: false });
    document = of === "load"
      ? server.loadEngine.schema()
      : server.finder.schema();
  } else {
    document = await locate(() => configurationSchema(input, { folder }));
  }
  out.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
