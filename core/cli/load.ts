/**
 * `perfmock load` runs a load script over HTTP, `perfmock simulate` runs it in virtual time.
 *
 * @module
 */
import { extname } from "node:path";
import { readConfig } from "../config/mod.ts";
import type { LoadProgress, LoadResult } from "../contract/load.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  LocatedError,
} from "./configuration.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import { INTERRUPTED, Interruption, type Terminal } from "./terminal.ts";

/** Exit status after a failure at run time. */
const FAILED = 1;

/** Exit status after a run that crossed a threshold. */
const THRESHOLD_FAILED = 99;

/** Maximum size of a script in bytes, the same as in the control API. */
const MAX_SCRIPT = 1024 ** 2;

/** Options of `simulate`. */
export interface SimulateOptions extends ConfigurationOptions {
  /** Files to write the results to. */
  readonly out?: readonly string[];
}

/** Options of `load`. */
export interface LoadCommandOptions extends SimulateOptions {
  /** URL to send requests to, in place of the script's target. */
  readonly target?: string;
}

/**
 * Runs a script and prints its results. Without a target, starts a server with the configuration on a free port.
 *
 * @returns 0; 99 if a threshold was crossed, 1 if the run failed, 130 if a signal ended it
 * @throws PerfmockError with all issues of the configuration, or of the script
 */
export async function load(
  file: string,
  { target, out: files = [], ...options }: LoadCommandOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files);
  const script = await readScript(file);
  const value = target === undefined
    ? script.value
    : { ...script.value, target };
  const hasTarget = "target" in value;
  const configuration = await loadConfiguration(options, hasTarget);
  await using server = await configuration.createServer(
    hasTarget ? { listen: false } : { listen: true, port: 0 },
  );
  using interruption = new Interruption();
  const progress = new ProgressLine(out);
  try {
    const result = await script.locate(() =>
      server.loadEngine.load(value, {
        folder: script.folder,
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
  checkOutputs(files);
  const script = await readScript(file);
  const configuration = await loadConfiguration(options);
  await using server = await configuration.createServer({ listen: false });
  const result = await script.locate(() =>
    server.loadEngine.simulate(script.value, { folder: script.folder })
  );
  return report(result, files, out);
}

/** A script as written. */
interface Script {
  readonly value: Readonly<Record<string, unknown>>;
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Runs an operation on the script; the issues of its errors are located in the file. */
  locate<T>(operation: () => Promise<T>): Promise<T>;
}

async function readScript(file: string): Promise<Script> {
  const size = await sizeOf(file);
  if (size > MAX_SCRIPT) {
    throw new PerfmockError("SCRIPT_INVALID", `Cannot read ${file}`, [{
      path: "",
      message: `The script holds ${size} bytes`,
      allowed: `at most ${MAX_SCRIPT} bytes`,
      suggestion: "Keep traces and values in files of their own",
    }]);
  }
  const { value, folder, position } = await readConfig(file);
  return {
    value,
    folder,
    async locate(operation) {
      try {
        return await operation();
      } catch (error) {
        if (
          !(error instanceof PerfmockError) || error.code !== "SCRIPT_INVALID"
        ) throw error;
        const issues = error.issues.map((issue) => ({
          issue,
          position: position(issue.path),
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
  ".json": ({ summary }) => `${JSON.stringify(summary, undefined, 2)}\n`,
  ".csv": ({ csv }) => csv,
  ".hgrm": ({ hgrm }) => hgrm,
};

/** Checks the output files and their extensions before the run. */
function checkOutputs(files: readonly string[]): void {
  const issues = files.filter((file) => !(extname(file) in FORMATS)).map(
    (file) => ({
      path: "",
      message: "The extension of --out says what is written",
      value: file,
      allowed:
        ".json for the summary, .csv for the time series, .hgrm for the histogram",
    }),
  );
  if (issues.length > 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot write the run", issues);
  }
  for (const file of files) output(file, () => checkOutput(file));
}

/** @throws PerfmockError where `write` fails */
function output(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot write ${file}: ${reason}`,
    );
  }
}

/** Prints the results, writes the output files and returns the exit status. */
function report(
  result: LoadResult,
  files: readonly string[],
  out: Terminal,
): number {
  out.write(result.table);
  for (const file of files) {
    output(file, () => writeOutput(file, FORMATS[extname(file)](result)));
  }
  return result.summary.ok ? 0 : THRESHOLD_FAILED;
}

/** A line on standard error that is overwritten as the run proceeds. Nothing is written to a pipe. */
export class ProgressLine {
  readonly #out: Terminal;
  #shown = false;

  constructor(out: Terminal) {
    this.#out = out;
  }

  /** Shows a line in place of the last one. */
  readonly show = (_progress: LoadProgress, line: string): void => {
    if (this.#out.live !== true) return;
    this.#shown = true;
    this.#out.writeError(`\r\x1b[2K${line}`);
  };

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#out.writeError("\r\x1b[2K");
    this.#shown = false;
  }
}
