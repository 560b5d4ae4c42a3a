/**
 * Reads files of numbers line by line, in chunks, so that the text of a large file is never in memory as a whole.
 *
 * @module
 */
import type { Issue } from "../../core/plugin.ts";
import { invalidParameters } from "./_parameters.ts";

/** Size of a chunk, in bytes. */
const CHUNK = 65_536;

/** Number of issues of one file that are reported one by one. */
const MAX_ISSUES = 10;

/** An error in a line. */
export interface LineIssue {
  /** Text that follows "Line 3 ". */
  readonly message: string;
  /** The wrong text. */
  readonly value: string;
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
    else issues.push(fileIssue({ ...issue, message }));
  };
  try {
    forEachLine(path, take);
  } catch (error) {
    throw invalidParameters([fileIssue({
      message: `Cannot read the file: ${(error as Error).message}`,
      value: path,
      allowed: "the path of a file that can be read",
    })]);
  }
  if (unreported > 0) {
    const message = `Further lines with errors: ${unreported}`;
    issues.push({ ...issues[0], message, value: path });
  }
  if (issues.length > 0) throw invalidParameters(issues);
}

/** A cell as a number; NaN if it is none. */
export function toNumber(cell: string): number {
  return cell === "" ? NaN : Number(cell);
}

/** An issue of the whole file. */
export function fileIssue(issue: LineIssue): Issue {
  return { path: "/file", ...issue };
}

/** Calls `take` with each line; closes the file in any case. */
function forEachLine(path: string, take: (line: string) => void): void {
  using file = Deno.openSync(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(CHUNK);
  let rest = "";
  for (;;) {
    const length = file.readSync(buffer);
    if (length === null) break;
    rest += decoder.decode(buffer.subarray(0, length), { stream: true });
    let start = 0;
    for (let end; (end = rest.indexOf("\n", start)) >= 0; start = end + 1) {
      take(rest.slice(start, end));
    }
    rest = rest.slice(start);
  }
  take(rest + decoder.decode());
}
