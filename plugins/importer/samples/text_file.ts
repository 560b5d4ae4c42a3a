/**
 * Text of files with durations: line by line, its beginning, or a whole document.
 *
 * @module
 */
import { FileError, type FileLimits } from "../../../core/plugin.ts";
import type { ReadProgress } from "../../../core/import.ts";
import { type LineBlock, linesIn } from "../reading/lines.ts";
import { textOf } from "../reading/read_text.ts";

/** Longest line, in characters: base64 of a large histogram is shorter. */
export const LONGEST_LINE = 4 * 1024 ** 2;

/** Number of characters that show the format of a file. */
const HEAD = 65_536;

/** Limits of a file that is read line by line. */
const LINE_LIMITS: FileLimits = { bytes: Infinity };

/** Largest document, in bytes: it is in memory as a whole. */
const DOCUMENT_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Options of the readers. */
export interface ReadOptions {
  /** Paths of files that are named otherwise, by name. */
  readonly paths?: ReadonlyMap<string, string> | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the progress of a long file. */
  readonly progress?: ((progress: ReadProgress) => void) | undefined;
}

/** Lines of which none is too long. */
export interface WholeLines extends LineBlock {
  readonly lines: readonly string[];
}

/**
 * Reads the lines of a file in blocks.
 *
 * @throws FileError if the file cannot be read, or has a line that is too long; the reason of the signal
 */
export async function* linesOfFile(
  file: string,
  { paths, signal, progress }: ReadOptions = {},
): AsyncGenerator<WholeLines, void> {
  let read = 0;
  const parts = textOf(paths?.get(file) ?? file, {
    limits: LINE_LIMITS,
    signal,
    progress: (bytes, size) => progress?.({ file, bytes, size, lines: read }),
  });
  for await (const { first, lines } of linesIn(parts, LONGEST_LINE)) {
    yield { first, lines: lines.map((line, i) => line ?? tooLong(first + i)) };
    read = first + lines.length - 1;
  }
}

function tooLong(number: number): never {
  throw new FileError(
    `line ${number} has more than ${LONGEST_LINE} characters`,
    `at most ${LONGEST_LINE} characters in a line`,
  );
}

/**
 * Reads the beginning of a file, by which its format is known.
 *
 * @throws FileError if the file cannot be read
 */
export async function headOfFile(
  file: string,
  { paths }: ReadOptions = {},
): Promise<string> {
  let head = "";
  const path = paths?.get(file) ?? file;
  for await (const text of textOf(path, { limits: LINE_LIMITS })) {
    head += text;
    if (head.length >= HEAD) break;
  }
  return head.slice(0, HEAD);
}

/**
 * Reads a whole document.
 *
 * @throws FileError if the file cannot be read, or is too large
 */
export async function documentOfFile(
  file: string,
  { paths, signal }: ReadOptions = {},
): Promise<string> {
  const parts = textOf(paths?.get(file) ?? file, {
    limits: DOCUMENT_LIMITS,
    signal,
  });
  let document = "";
  for await (const text of parts) document += text;
  return document;
}
