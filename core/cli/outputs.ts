/**
 * The option `--out`: files that results are written to, in the format that their extension names.
 *
 * @module
 */
import { extname, resolve } from "node:path";
import { type Issue, PerfmockError } from "../errors.ts";
import { checkOutput, writeOutput } from "./output_file.ts";

/** Result that is written, in words that follow "Cannot write", and the extensions that there are. */
export interface OutputKind {
  /** Noun with its article. */
  readonly result: string;
  /** Extensions, with a dot. */
  readonly extensions: readonly string[];
  /** The same with their meaning, in words. */
  readonly allowed: string;
}

/**
 * Checks, before anything is run, that the files have known extensions and can be written.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues
 */
export function checkOutputs(
  files: readonly string[],
  { result, extensions, allowed }: OutputKind,
): void {
  const issues = files.filter((file) => !extensions.includes(extname(file)))
    .map((file) => ({
      path: "",
      message: "The extension of --out says what is written",
      value: file,
      allowed,
    }));
  if (issues.length > 0) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot write ${result}`,
      issues,
    );
  }
  eachOutput(files, result, checkOutput);
}

/**
 * Refuses outputs that are files which the command reads: they would be lost.
 *
 * @param inputs files that are read; undefined for none
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues
 */
export function refuseInputs(
  files: readonly string[],
  { result }: Pick<OutputKind, "result">,
  inputs: readonly (string | undefined)[],
): void {
  const read = new Set(
    inputs.map((input) => input === undefined ? input : realPath(input)),
  );
  const issues = files.filter((file) => read.has(realPath(file)))
    .map((file) => ({
      path: "",
      message: `${file} is read by this command, and would be overwritten`,
      value: file,
      allowed: "another file",
    }));
  if (issues.length === 0) return;
  throw new PerfmockError("ARGUMENT_INVALID", `Cannot write ${result}`, issues);
}

/** Path without links; an absolute one where there is no such file. */
function realPath(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch {
    return resolve(file);
  }
}

/**
 * Writes the files.
 *
 * @param textOf returns the text for a file
 * @throws PerfmockError `ARGUMENT_INVALID` with an issue for each file that could not be written
 */
export function writeOutputs(
  files: readonly string[],
  { result }: Pick<OutputKind, "result">,
  textOf: (file: string) => string,
): void {
  eachOutput(files, result, (file) => writeOutput(file, textOf(file)));
}

/** Calls a function for each file. An error of one does not keep the others from being written. */
function eachOutput(
  files: readonly string[],
  result: string,
  write: (file: string) => void,
): void {
  const issues = files.flatMap((file): Issue[] => {
    try {
      write(file);
      return [];
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      return [{ path: "", message: `Cannot write ${file}: ${reason}` }];
    }
  });
  if (issues.length > 0) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot write ${result}`,
      issues,
    );
  }
}
