/**
 * The script that `load` and `simulate` are given, and what they print and write of its run.
 *
 * @module
 */
import { extname } from "node:path";
import { readConfig } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { LoadProgress, LoadResult } from "../contract/load.ts";
import { LocatedError } from "./configuration.ts";
import type { Terminal } from "./output.ts";

/** What a command ends with where a threshold was not kept. */
export const THRESHOLD_FAILED = 99;

/** The longest script, in bytes, as the control API has it. */
const LIMIT = 1024 ** 2;

/** What a run can be written as, by the file's extension. */
const FORMATS: Readonly<Record<string, (result: LoadResult) => string>> = {
  ".json": ({ summary }) => `${JSON.stringify(summary, undefined, 2)}\n`,
  ".csv": ({ csv }) => csv,
  ".hgrm": ({ hgrm }) => hgrm,
};

/** A script, and what is needed to speak of it. */
export interface ScriptFile {
  /** As written. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Where its relative paths start from. */
  readonly folder: string;
  /** Does something with it; its faults are given their places in the file. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Reads a script.
 *
 * @throws PerfmockError where it cannot be read
 */
export async function readScriptFile(file: string): Promise<ScriptFile> {
  const size = await sizeOf(file);
  if (size > LIMIT) {
    throw new PerfmockError("SCRIPT_INVALID", `Cannot read ${file}`, [{
      path: "",
      message: `The script holds ${size} bytes`,
      allowed: `at most ${LIMIT} bytes`,
      suggestion: "Keep traces and values in files of their own",
    }]);
  }
  const { value, folder, position } = await readConfig(file);
  return {
    value: value as Readonly<Record<string, unknown>>,
    folder,
    async use(work) {
      try {
        return await work();
      } catch (error) {
        if (
          !(error instanceof PerfmockError) || error.code !== "SCRIPT_INVALID"
        ) throw error;
        const faults = error.issues.map((issue) => ({
          issue,
          position: position(issue.path),
        }));
        throw new LocatedError(error, faults, file);
      }
    },
  };
}

/** What cannot be looked at is for who reads it to say. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.stat(file)).size;
  } catch {
    return 0;
  }
}

/**
 * Looks at the files that are to be written, before anything is run.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where one has an unknown extension
 */
export function checkOutputs(files: readonly string[]): void {
  const issues = files.filter((file) => !(extname(file) in FORMATS)).map(
    (file) => ({
      path: "",
      message: "The extension of --out says what is written",
      value: file,
      allowed:
        ".json for the summary, .csv for the time series, .hgrm for the histogram",
    }),
  );
  if (issues.length === 0) return;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot write the run", issues);
}

/** Prints the table, writes the files, and says what to end with. */
export async function finish(
  result: LoadResult,
  files: readonly string[],
  out: Terminal,
): Promise<number> {
  out.write(result.table);
  for (const file of files) {
    try {
      await Deno.writeTextFile(file, FORMATS[extname(file)](result));
    } catch (error) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        `Cannot write ${file}: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
  }
  return result.summary.ok ? 0 : THRESHOLD_FAILED;
}

/** Keeps one line of a terminal up to date; a pipe sees nothing of it. */
export class ProgressLine {
  readonly #out: Terminal;
  #shown = false;

  constructor(out: Terminal) {
    this.#out = out;
  }

  readonly show = (_progress: LoadProgress, line: string): void => {
    if (this.#out.live !== true) return;
    this.#shown = true;
    this.#out.complain(`\r\x1b[2K${line}`);
  };

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#out.complain("\r\x1b[2K");
    this.#shown = false;
  }
}
