/**
 * Reads files of numbers line by line.
 *
 * @module
 */
import {
  FileError,
  type Issue,
  type TableKind,
  tableOf,
} from "../../core/plugin.ts";
import { invalidParameters } from "./_parameters.ts";

/** Number of issues of one file that are reported one by one. */
const MAX_ISSUES = 10;

/** An error in a line. It does not quote the line, which may be a secret. */
export interface LineIssue {
  /** Text that follows "Line 3 ". */
  readonly message: string;
  /** Values that would be accepted. */
  readonly allowed: string;
}

/** Number of lines that are read without a pause. */
const STRETCH = 64;

/**
 * Reads the lines of a file that are not blank.
 *
 * @param file its lines and its path
 * @param read receives the cells of a line, which commas, semicolons or tabs separate, and true for the first line, which may
 * be a header; returns the error in the line, if there is one
 * @throws PerfmockError `CONFIG_INVALID` at `/file`, with line numbers, if lines are wrong
 */
export function* readLines(
  { lines, path }: { readonly lines: Iterable<string>; readonly path: string },
  read: (cells: readonly string[], first: boolean) => LineIssue | undefined,
): Generator<void, void> {
  const issues: Issue[] = [];
  let number = 0;
  let first = true;
  let unreported = 0;
  for (const line of lines) {
    if (++number % STRETCH === 0) yield;
    if (line.trim() === "") continue;
    const issue = read(line.split(/[,;\t]/).map((cell) => cell.trim()), first);
    first = false;
    if (issue === undefined) continue;
    const message = `Line ${number} ${issue.message}`;
    if (issues.length === MAX_ISSUES) unreported++;
    else issues.push(fileIssue(path, { ...issue, message }));
  }
  if (unreported > 0) {
    const message = `Further lines with errors: ${unreported}`;
    issues.push({ ...issues[0], message });
  }
  if (issues.length > 0) throw invalidParameters(issues);
}

/**
 * Returns the table in a file.
 *
 * @throws PerfmockError `CONFIG_INVALID` at `/file`, if the file cannot be read or lines are wrong
 */
export function tableIn<T>(kind: TableKind<T>, path: string): T {
  try {
    return tableOf(kind, path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { allowed, message } = error;
    throw invalidParameters([
      fileIssue(path, { message: `Cannot read the file: ${message}`, allowed }),
    ]);
  }
}

/** A cell as a number; NaN if it is none. */
export function toNumber(cell: string): number {
  return cell === "" ? NaN : Number(cell);
}

/** An issue of a file, whose path is the received value. */
export function fileIssue(file: string, issue: LineIssue): Issue {
  return { path: "/file", value: file, ...issue };
}
