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
  forEachLine(path, (line) => {
    number++;
    if (line.trim() === "") return;
    const fault = read(line.split(/[,;\t]/).map((cell) => cell.trim()), first);
    first = false;
    if (fault === undefined) return;
    if (faults.length === TOLD) untold++;
    else {faults.push(
        fileFault({ ...fault, message: `Line ${number} ${fault.message}` }),
      );}
  });
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

function forEachLine(path: string, take: (line: string) => void): void {
  using file = open(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(CHUNK);
  let rest = "";
  for (;;) {
    const length = file.readSync(buffer);
    rest += length === null
      ? decoder.decode()
      : decoder.decode(buffer.subarray(0, length), { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    if (length === null) break;
  }
  take(rest);
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidParameters([fileFault({
      message: `Cannot read the file: ${reason}`,
      value: path,
      allowed: "the path of a file that can be read",
    })]);
  }
}
