/**
 * Reads files of numbers line by line.
 *
 * @module
 */
import {
  type FileError,
  type Issue,
  linesOf,
  TABLE_LIMITS,
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

/**
 * Reads the lines of a UTF-8 file that are not blank.
 *
 * @param path absolute path
 * @param read receives the cells of a line, which commas, semicolons or tabs separate, and true for the first line, which may
 * be a header; returns the error in the line, if there is one
 * @throws PerfmockError `CONFIG_INVALID` at `/file`, with line numbers, if the file cannot be read or lines are wrong
 */
export function readLines(
  path: string,
  read: (cells: readonly string[], first: boolean) => LineIssue | undefined,
): void {
  const issues: Issue[] = [];
  let number = 0;
  let first = true;
  let unreported = 0;
  const take = (line: string): void => {
    number++;
    if (line.trim() === "") return;
    const issue = read(line.split(/[,;\t]/).map((cell) => cell.trim()), first);
    first = false;
    if (issue === undefined) return;
    const message = `Line ${number} ${issue.message}`;
    if (issues.length === MAX_ISSUES) unreported++;
    else issues.push(fileIssue(path, { ...issue, message }));
  };
  for (const line of readableLines(path)) take(line);
  if (unreported > 0) {
    const message = `Further lines with errors: ${unreported}`;
    issues.push({ ...issues[0], message });
  }
  if (issues.length > 0) throw invalidParameters(issues);
}

/** Yields lines; throws an issue of the file where it cannot be read. */
function* readableLines(path: string): Generator<string> {
  try {
    yield* linesOf(path, TABLE_LIMITS);
  } catch (error) {
    // Errors of whoever takes the lines do not come here.
    const { allowed, message } = error as FileError;
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
