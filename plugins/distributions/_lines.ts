/**
 * Files of numbers, read line by line in chunks, so that a large one is never held as text.
 *
 * @module
 */
import type { Issue } from "../../core/plugin.ts";
import { InvalidParameters } from "./_faults.ts";

const CHUNK = 65_536;

/** How many faults of one file are told one by one. */
const TOLD = 10;

/** What is wrong with a line. */
export interface LineFault {
  /** To go on after "Line 3 ". */
  readonly message: string;
  /** What was found. */
  readonly value: string;
  /** What is allowed. */
  readonly allowed: string;
}

/**
 * Reads the lines of a UTF-8 file that are not blank.
 *
 * @param path absolute
 * @param read takes the cells of a line, separated by comma, semicolon or tab, and whether it is the first, which may be a
 * header; says what is wrong with them
 * @throws InvalidParameters at `/file`, with line numbers, where the file cannot be read or lines are at fault
 */
export function readLines(
  path: string,
  read: (cells: readonly string[], first: boolean) => LineFault | undefined,
): void {
  const faults: Issue[] = [];
  let number = 0;
  let first = true;
  let untold = 0;
  const take = (line: string): void => {
    number++;
    if (line.trim() === "") return;
    const fault = read(line.split(/[,;\t]/).map((cell) => cell.trim()), first);
    first = false;
    if (fault === undefined) return;
    const message = `Line ${number} ${fault.message}`;
    if (faults.length === TOLD) untold++;
    else faults.push(fileFault({ ...fault, message }));
  };
  try {
    forEachLine(path, take);
  } catch (error) {
    throw new InvalidParameters([fileFault({
      message: `Cannot read the file: ${(error as Error).message}`,
      value: path,
      allowed: "the path of a file that can be read",
    })]);
  }
  if (untold > 0) {
    const message = `Further lines are at fault: ${untold}`;
    faults.push({ ...faults[0], message, value: path });
  }
  if (faults.length > 0) throw new InvalidParameters(faults);
}

/** A cell as a number; NaN where it is none. */
export function toNumber(cell: string): number {
  return cell === "" ? NaN : Number(cell);
}

/** A fault of the whole file. */
export function fileFault(fault: LineFault): Issue {
  return { path: "/file", ...fault };
}

/** Calls `take` with each line; the file is closed whatever happens. */
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
