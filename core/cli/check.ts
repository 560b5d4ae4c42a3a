/**
 * `perfmock check` validates a configuration, a load script or a find script; `perfmock schema` prints the JSON Schema of each.
 *
 * @module
 */
import { configurationSchema } from "../app.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  placeholderWarnings,
  segmentOf,
  warningsAbout,
} from "./configuration.ts";
import { type FileKind, readKind, withConfiguration } from "./files.ts";
import { findWarnings, readFindScript } from "./find_script.ts";
import { readScript } from "./load.ts";
import { describeWarnings, printError, type Terminal } from "./terminal.ts";

/** Exit status where one of several files has errors. */
const INVALID = 2;

/**
 * Validates files: configurations, and load scripts and find scripts against the configuration. Prints warnings and what each holds.
 *
 * @param files files to validate; none for the configuration that the options or the environment name
 * @returns 0; 2 if one of several files has errors, which are printed
 * @throws PerfmockError with all issues of a single file
 */
export async function check(
  files: readonly string[],
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const [file] = files;
  if (file === undefined) return await checkConfiguration(options, out);
  if (files.length === 1) {
    return await checkFile(file, await readKind(file), options, out);
  }
  let status = 0;
  const attempt = async (operation: () => Promise<unknown>) => {
    try {
      await operation();
      return true;
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      printError(error, out);
      status = INVALID;
      return false;
    }
  };
  const read: { readonly file: string; readonly kind: FileKind }[] = [];
  for (const file of files) {
    await attempt(async () => {
      read.push({ file, kind: await readKind(file) ?? "configuration" });
    });
  }
  const configurations = read.filter(({ kind }) => kind === "configuration");
  const [configuration, other] = configurations;
  if (read.length > configurations.length && other !== undefined) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot check scripts against several configurations",
      [{
        path: "",
        message: `${configuration.file} and ${other.file} are configurations`,
        value: other.file,
        allowed: "one configuration with its scripts",
        suggestion: `${
          options.command ?? "perfmock check"
        } SCRIPT --config ${configuration.file}`,
      }],
    );
  }
  const failed: string[] = [];
  for (const { file, kind } of configurations) {
    if (!await attempt(() => checkFile(file, kind, options, out))) {
      failed.push(file);
    }
  }
  const own = withConfiguration(options, configuration?.file);
  for (const { file, kind } of read) {
    if (kind === "configuration") continue;
    if (failed.length === 0) {
      await attempt(() => checkFile(file, kind, own, out));
    } else {
      out.writeError(
        `${file} was not checked: its configuration, ${
          failed[0]
        }, has errors\n`,
      );
    }
  }
  return status;
}

/** Validates one file. */
async function checkFile(
  file: string,
  kind: FileKind | undefined,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  switch (kind) {
    case "load script":
      return await checkScript(file, options, out);
    case "find script":
      return await checkFind(file, options, out);
    default:
      return await checkConfiguration(withConfiguration(options, file), out);
  }
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
      ? await server.loadEngine.schema()
      : await server.finder.schema();
  } else {
    document = await locate(() => configurationSchema(input, { folder }));
  }
  out.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
