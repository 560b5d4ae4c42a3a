/**
 * `perfmock load` runs a load script over HTTP, `perfmock simulate` runs it in virtual time.
 *
 * @module
 */
import { extname } from "node:path";
import {
  type ConfigFile,
  readConfig,
  SCRIPT_LIMIT,
  type Variables,
} from "../config/mod.ts";
import type { LoadEngine, LoadProgress, LoadResult } from "../contract/load.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  located,
  segmentOf,
  typed,
  variablesOf,
} from "./configuration.ts";
import { type FileKind, refuseOtherKind } from "./files.ts";
import { LocatedError, type Warning } from "./located.ts";
import {
  checkOutputs,
  type OutputKind,
  refuseInputs,
  writeOutputs,
} from "./outputs.ts";
import { INTERRUPTED, Interruption, type Terminal } from "./terminal.ts";

/** Exit status after a failure at run time. */
const FAILED = 1;

/** Exit status after a run that crossed a threshold. */
const THRESHOLD_FAILED = 99;

/** Options of `simulate`. */
export interface SimulateOptions extends ConfigurationOptions {
  /** Files to write the results to. */
  readonly out?: readonly string[];
}

/** Options of `load`. */
export interface LoadCommandOptions extends SimulateOptions {
  /** URL to send requests to, in place of the script's target. */
  readonly target?: string;
  /** Addresses of the servers that send the load, separated by commas. */
  readonly workers?: string;
  /** Time at which the run starts, as typed. */
  readonly startAt?: string;
}

/**
 * Runs a script and prints its results. Without a target, starts a server with the configuration on a free port.
 *
 * @returns 0; 99 if a threshold was crossed, 1 if the run failed or a part of its traffic is missing, 130 if a signal ended it
 * @throws PerfmockError with all issues of the configuration, or of the script
 */
export async function load(
  file: string,
  { target, workers, startAt, out: files = [], ...options }: LoadCommandOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files, RUN);
  const start = startOf({ startAt, workers, segment: options.segment });
  const script = await readScript(file, options);
  const hasTarget = target !== undefined || workers !== undefined ||
    "target" in script.value;
  if (hasTarget && workers === undefined) {
    await script.locate(async () => await refuseModulation(script.value));
  }
  const configuration = await loadConfiguration(options, {
    optional: hasTarget,
  });
  refuseInputs(files, RUN, [file, configuration.file]);
  await using server = await configuration.createServer(
    hasTarget ? { listen: false, serves: true } : { listen: true, port: 0 },
  );
  using interruption = new Interruption();
  const progress = new ProgressLine(out);
  try {
    const written = await script.typedBy(server.loadEngine);
    const value = target === undefined ? written : { ...written, target };
    const result = await script.locate(() =>
      server.loadEngine.load(value, {
        folder: script.folder,
        segment: segmentOf(options),
        startAt: start,
        workers: workers?.split(",").map((name) => name.trim()),
        token: Deno.env.get("PERFMOCK_TOKEN"),
        signal: interruption.signal,
        progress: progress.show,
      })
    );
    progress.clear();
    const status = report(result, files, out);
    return interruption.signal.aborted ? INTERRUPTED : status;
  } catch (error) {
    progress.clear();
    if (error instanceof PerfmockError || !(error instanceof Error)) {
      throw error;
    }
    out.writeError(`${error.message}\n`);
    return interruption.signal.aborted ? INTERRUPTED : FAILED;
  }
}

/**
 * Makes one result of the shares that several processes have written, and prints it.
 *
 * @param shares files of `load --segment i/n --out FILE.json`
 * @returns 0; 99 if a threshold was crossed, 1 if a share is missing, or began late and left something out
 * @throws PerfmockError with all errors of all files
 */
export async function mergeShares(
  shares: readonly string[],
  { out: files = [], ...options }: SimulateOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files, RUN);
  refuseInputs(files, RUN, shares);
  const looked = await Promise.all(shares.map(async (source) => {
    try {
      const { value } = await readConfig(source, { variables: undefined });
      const { share } = value as { readonly share?: unknown };
      return { read: [{ source, data: share }], issues: [] };
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      return { read: [], issues: ofFile(source, error) };
    }
  }));
  const read = looked.flatMap(({ read }) => read);
  const issues = looked.flatMap(({ issues }) => issues);
  const configuration = await loadConfiguration(options, { optional: true });
  await using server = await configuration.createServer({ listen: false });
  let result: LoadResult | undefined;
  try {
    if (read.length > 0) result = await server.loadEngine.merge(read);
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    issues.push(...error.issues);
  }
  if (result === undefined || issues.length > 0) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot merge ${shares.length} ${shares.length === 1 ? "file" : "files"}`,
      issues,
    );
  }
  return report(result, files, out);
}

/** Errors of a file that cannot be read, each with its name. */
function ofFile(source: string, { issues }: PerfmockError): Issue[] {
  const prefix = `Cannot read ${source}: `;
  return issues.map(({ message, path, suggestion }) => ({
    path,
    message: message.startsWith(prefix)
      ? `${source}: It cannot be read: ${message.slice(prefix.length)}`
      : `${source}: ${message}`,
    allowed: "a file of load SCRIPT --segment i/n --out FILE.json",
    ...suggestion !== undefined && { suggestion },
  }));
}

/**
 * Returns the time at which a run starts, in ms since 1970; undefined for at once.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors
 */
function startOf(
  { startAt, workers, segment }: {
    readonly startAt: string | undefined;
    readonly workers: string | undefined;
    readonly segment: string | undefined;
  },
): number | undefined {
  const time = startAt === undefined ? undefined : momentOf(startAt);
  const issues: Issue[] = [];
  if (time !== undefined && Number.isNaN(time)) {
    const bare = !Number.isNaN(momentOf(`${startAt}Z`));
    issues.push({
      path: "",
      message: bare
        ? "--start-at has no time zone: it would be another moment on machines of other zones"
        : "--start-at is a moment",
      value: startAt,
      allowed:
        "a date and time with Z for UTC or an offset, such as 2026-11-29T14:30:00Z or 2026-11-29T15:30:00+01:00",
      ...bare && { suggestion: `${startAt}Z` },
    });
  }
  if (workers !== undefined && (segment ?? startAt) !== undefined) {
    issues.push({
      path: "",
      message: `The workers get their shares and agree on a start: ${
        segment === undefined ? "--start-at" : "--segment"
      } has no meaning beside --workers`,
      allowed: "--workers alone, or --segment and --start-at in each process",
    });
  }
  if (issues.length > 0) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot run the script",
      issues,
    );
  }
  return time;
}

const MOMENT =
  /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Returns a moment in ms since 1970; NaN if the text is none, or one without a time zone. */
function momentOf(text: string): number {
  const [, day] = MOMENT.exec(text) ?? [];
  // Dates such as 31 February would be those of the next month.
  const exists = new Date(Date.parse(`${day}T00:00Z`)).toJSON()
    ?.startsWith(day) ?? false;
  return exists ? Date.parse(text) : NaN;
}

/**
 * Simulates a script and prints its results.
 *
 * @returns 0, or 99 if a threshold was crossed
 * @throws PerfmockError with all issues of the configuration, or of the script
 */
export async function simulate(
  file: string,
  { out: files = [], ...options }: SimulateOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files, RUN);
  const script = await readScript(file, options);
  const configuration = await loadConfiguration(options);
  refuseInputs(files, RUN, [file, configuration.file]);
  await using server = await configuration.createServer({ listen: false });
  const value = await script.typedBy(server.loadEngine);
  const result = await script.locate(() =>
    server.loadEngine.simulate(value, {
      folder: script.folder,
      segment: segmentOf(options),
    })
  );
  return report(result, files, out);
}

/**
 * Refuses scenarios that turn dials where no server is started whose dials they could turn.
 *
 * @throws PerfmockError `SCRIPT_INVALID` with an issue for each
 */
function refuseModulation({ scenarios }: Script["value"]): void {
  const issues: Issue[] = Object.entries(scenarios ?? {}).flatMap(
    ([name, scenario]: [string, unknown]) =>
      (scenario as { executor?: unknown } | null)?.executor === "modulate"
        ? [{
          path: `/scenarios${toPointer([name])}/executor`,
          message:
            "With a target, `load` starts no server whose dials this scenario could turn",
          value: "modulate",
          allowed: "modulate without a target, or scenarios that send requests",
          suggestion:
            "POST the script to the perfmock server whose dials it turns, at /_perfmock/load_engine/runs",
        }]
        : [],
  );
  if (issues.length === 0) return;
  throw new PerfmockError(
    "SCRIPT_INVALID",
    `Cannot use the script: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }`,
    issues,
  );
}

/** A script as written. */
export interface Script extends Pick<ConfigFile, "placeholders"> {
  readonly value: Readonly<Record<string, unknown>>;
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Runs an operation on the script; the issues of its errors are located in the file. */
  locate<T>(operation: () => Promise<T>): Promise<T>;
  /** Returns the value, with numbers and booleans where placeholders were replaced and the schema wants them. */
  typedBy(engine: Pick<LoadEngine, "schema">): Promise<Script["value"]>;
  /** Adds to warnings their places in the file. */
  located(warnings: readonly Issue[]): Promise<Warning[]>;
}

/**
 * Reads a script.
 *
 * @param how `kind`: kind of the script, default a load script; `variables` that replace placeholders, undefined to replace nothing,
 * default those of the options
 * @throws PerfmockError if it cannot be read, is too long, or is no such script
 */
export async function readScript(
  file: string,
  options: Pick<ConfigurationOptions, "command" | "env">,
  { kind = "load script", variables = variablesOf(options) }: {
    readonly kind?: FileKind;
    readonly variables?: Variables | undefined;
  } = {},
): Promise<Script> {
  const size = await sizeOf(file);
  if (size > SCRIPT_LIMIT) {
    throw new PerfmockError("SCRIPT_INVALID", `Cannot read ${file}`, [{
      path: "",
      message: `The script holds ${size} bytes`,
      allowed: `at most ${SCRIPT_LIMIT} bytes`,
      suggestion: "Keep traces and values in files of their own",
    }]);
  }
  const written = await readConfig(file, { variables });
  const { value, folder, positions, placeholders } = written;
  refuseOtherKind(file, value, kind, options.command);
  return {
    value,
    folder,
    placeholders,
    typedBy: (engine) => typed(written, () => engine.schema()),
    located: (warnings) => located(warnings, written, file),
    async locate(operation) {
      try {
        return await operation();
      } catch (error) {
        if (
          !(error instanceof PerfmockError) || error.code !== "SCRIPT_INVALID"
        ) throw error;
        const places = await positions(error.issues.map(({ path }) => path));
        const issues = error.issues.map((issue, index) => ({
          issue,
          position: places[index],
        }));
        throw new LocatedError(error, issues, file);
      }
    },
  };
}

/** Returns the size of a file in bytes; 0 where it cannot be determined, so that readConfig() reports the error. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.stat(file)).size;
  } catch {
    return 0;
  }
}

/** Formats of the results, by the extension of the file. */
const FORMATS: Readonly<Record<string, (result: LoadResult) => string>> = {
  ".json": ({ summary, share }) =>
    `${JSON.stringify({ ...summary, ...share && { share } }, undefined, 2)}\n`,
  ".csv": ({ csv }) => csv,
  ".hgrm": ({ hgrm }) => hgrm,
};

/** Results of a run, as files. */
const RUN: OutputKind = {
  result: "the run",
  extensions: Object.keys(FORMATS),
  allowed:
    ".json for the summary, .csv for the time series, .hgrm for the histogram",
};

/** Prints the results, writes the output files and returns the exit status. */
function report(
  result: LoadResult,
  files: readonly string[],
  out: Terminal,
): number {
  out.write(result.table);
  writeOutputs(files, RUN, (file) => FORMATS[extname(file)](result));
  const { ok, complete } = result.summary;
  return !complete ? FAILED : ok ? 0 : THRESHOLD_FAILED;
}

/** Interval of the lines of progress without a terminal, in ms. */
const LINE_INTERVAL = 10_000;

/** Lateness up to which a report belongs to a time, in ms. */
const SLACK = 50;

/**
 * The progress on standard error: on a terminal a line that is overwritten once a second, elsewhere, as in the log of a build, a line
 * of its own every 10 s.
 */
export class ProgressLine {
  readonly #out: Terminal;
  #shown = false;
  #next = LINE_INTERVAL;

  constructor(out: Terminal) {
    this.#out = out;
  }

  /** Shows a line in place of the last one. */
  readonly show = (
    { elapsed }: Pick<LoadProgress, "elapsed">,
    line: string,
  ): void => {
    const { live, columns = Infinity } = this.#out;
    if (live === true) {
      this.#shown = true;
      // A line that wraps could not be overwritten.
      this.#out.writeError(`\r\x1b[2K${line.slice(0, columns - 1)}`);
    } else if (elapsed + SLACK >= this.#next) {
      this.#next = (Math.floor((elapsed + SLACK) / LINE_INTERVAL) + 1) *
        LINE_INTERVAL;
      this.#out.writeError(`${line}\n`);
    }
  };

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#out.writeError("\r\x1b[2K");
    this.#shown = false;
  }
}
