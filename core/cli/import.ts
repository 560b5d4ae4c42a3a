/**
 * `perfmock import` makes a configuration, and a load script, of files of other tools: OpenAPI documents, HARs, access logs, stubs of
 * other mock servers, and range queries of Prometheus.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { createServer } from "../app.ts";
import type { Imported, ImportReport } from "../contract/imported.ts";
import { PerfmockError } from "../errors.ts";
import { oneLine } from "../lib/terminal_text.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import { InputFiles } from "./input_files.ts";
import {
  checkOutputs,
  type OutputKind,
  refuseInputs,
  writeOutputs,
} from "./outputs.ts";
import { ReadingLine } from "./reading_line.ts";
import { INTERRUPTED, Interruption, type Terminal } from "./terminal.ts";

/** Options of `import`. */
export interface ImportCommandOptions
  extends Pick<ConfigurationOptions, "config" | "env"> {
  /** File for the configuration. */
  readonly out?: string;
  /** File for the load script. */
  readonly script?: string;
  /** Name of the format of all files. */
  readonly format?: string;
  /** Format of the lines of access logs. */
  readonly logFormat?: string;
  /** Hosts whose requests of a HAR are taken. */
  readonly host?: readonly string[];
  /** Label of Prometheus that names the route. */
  readonly routeLabel?: string;
  /** True to refuse files that cannot be imported completely. */
  readonly strict?: boolean;
}

/** Files that are written. */
const YAML: OutputKind = {
  result: "the import",
  extensions: [".yaml", ".yml"],
  allowed: ".yaml or .yml",
};

/** Greatest number of times that a configuration is checked: each time without the routes that were refused before. */
const MOST_CHECKS = 8;

/**
 * Imports files. Nothing is written before all is known to be valid; without `--out` the configuration is printed.
 *
 * @returns 0, or 130 if a signal ended it
 * @throws PerfmockError with all errors of the files
 */
export async function importFiles(
  files: readonly string[],
  options: ImportCommandOptions,
  out: Terminal,
): Promise<number> {
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    return await importWith(files, options, { out, signal });
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    throw error;
  }
}

async function importWith(
  files: readonly string[],
  { out: mockFile, script: scriptFile, ...options }: ImportCommandOptions,
  { out, signal }: { readonly out: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const outputs = [mockFile, scriptFile].flatMap((file) => file ?? []);
  checkOutputs(outputs, YAML);
  const { config, env } = options;
  const configuration = await loadConfiguration({ config, env }, {
    optional: true,
  });
  refuseInputs(outputs, YAML, [...files, configuration.file]);
  checkApart(mockFile, scriptFile);
  await using server = await configuration.createServer({ listen: false });
  using input = await InputFiles.read(files, signal);
  const line = new ReadingLine(out);
  let imported: Imported;
  try {
    imported = await server.importer.import(input.names, {
      format: options.format,
      logFormat: options.logFormat,
      hosts: options.host,
      routeLabel: options.routeLabel,
      strict: options.strict,
      paths: input.paths,
      signal,
      progress: line.show,
    });
  } finally {
    line.clear();
  }
  const folder = mockFile === undefined ? "." : dirname(mockFile);
  const mock = await checked(imported, resolve(folder));
  const script = await checkedScript(imported, mock.value, {
    file: scriptFile,
    folder,
  });
  if (scriptFile !== undefined && script === undefined) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot write the load script",
      [{
        path: "",
        message:
          "The files have no arrivals of which a load script could be made",
        value: scriptFile,
        allowed: "a HAR, an access log with dates, or a range query",
        ...imported.report.notes.length > 0 &&
          { suggestion: imported.report.notes.join(" ") },
      }],
    );
  }
  const texts = new Map([[mockFile, mock.text], [scriptFile, script]]);
  writeOutputs(outputs, YAML, (file) => texts.get(file) ?? "");
  const summary = summaryOf(imported.report, { mockFile, scriptFile });
  if (outputs.length > 0) out.write(summary);
  else {
    out.write(mock.text);
    out.writeError(summary);
  }
  return 0;
}

function checkApart(mock: string | undefined, script: string | undefined) {
  if (
    mock === undefined || script === undefined ||
    resolve(mock) !== resolve(script)
  ) return;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot write the import", [{
    path: "--script",
    message: "The configuration and the load script would be one file",
    value: script,
    allowed: "another file than that of --out",
  }]);
}

/** Builds a server with the configuration, without the routes that it refuses. */
async function checked(
  imported: Imported,
  folder: string,
): Promise<ReturnType<Imported["mock"]>> {
  for (let check = 1;; check++) {
    const mock = imported.mock();
    try {
      await using _server = await createServer(mock.value, {
        folder,
        listen: false,
      });
      return mock;
    } catch (error) {
      if (!(error instanceof PerfmockError) || check === MOST_CHECKS) {
        throw error;
      }
      const refused = new Map<number, string>();
      for (const { path, message } of error.issues) {
        const index = /^\/routes\/(\d+)(?:\/|$)/.exec(path)?.[1];
        if (index !== undefined) refused.set(Number(index), message);
      }
      if (refused.size === 0) throw error;
      // From the last one on, so that the others keep their places.
      for (const [index, message] of [...refused].sort(([a], [b]) => b - a)) {
        imported.refuse(index, message);
      }
    }
  }
}

/** Checks the load script against a server with the configuration; undefined where there is none. */
async function checkedScript(
  imported: Imported,
  value: Record<string, unknown>,
  { file, folder }: {
    readonly file: string | undefined;
    readonly folder: string;
  },
): Promise<string | undefined> {
  const text = imported.script(file);
  if (text === undefined) return undefined;
  await using server = await createServer(value, {
    folder: resolve(folder),
    listen: false,
  });
  await server.loadEngine.check(text, {
    folder: resolve(file === undefined ? "." : dirname(file)),
  });
  return text;
}

function summaryOf(
  { source, routes, timed, scenarios, leftOut, changed, notes }: ImportReport,
  { mockFile, scriptFile }: {
    readonly mockFile: string | undefined;
    readonly scriptFile: string | undefined;
  },
): string {
  // Files of others may have characters that a terminal obeys.
  const lines = [
    `${source}: ${counted(routes, "route")}, ${timed} with a service time`,
    ...notes,
    ...leftOut.length === 0
      ? []
      : ["Left out:", ...leftOut.map((line) => `  ${line}`)],
    ...changed.length === 0
      ? []
      : ["Not as it was found:", ...changed.map((line) => `  ${line}`)],
    ...mockFile === undefined
      ? []
      : [`Wrote ${mockFile}: ${counted(routes, "route")}`],
    ...scriptFile !== undefined
      ? [`Wrote ${scriptFile}: ${counted(scenarios, "scenario")}`]
      : scenarios > 0
      ? ["--script FILE writes a load script that sends the recorded traffic"]
      : [],
  ];
  return `${lines.map(oneLine).join("\n")}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
