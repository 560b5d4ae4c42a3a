/**
 * Reads large text files line by line in bounded memory, plain or compressed by gzip.
 *
 * @module
 */
import { FileError } from "../../../core/plugin.ts";
import { openRegular, type ReadProgress } from "../../../core/import.ts";

/** Longest line, in characters: base64 of a large histogram is shorter. */
export const LONGEST_LINE = 4 * 1024 ** 2;

/** Number of bytes between two reports of progress. */
const PROGRESS_STEP = 4 * 1024 ** 2;

/** Number of bytes that show the format of a file. */
const HEAD = 65_536;

/** Options of {@linkcode linesOfFile}. */
export interface LineOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the progress of a long file. */
  readonly progress?: ((progress: ReadProgress) => void) | undefined;
}

/** Lines that follow one another. */
export interface LineBlock {
  /** Number of the first of them, from 1. */
  readonly first: number;
  /** Lines without their line breaks. */
  readonly lines: readonly string[];
}

/**
 * Reads the lines of a file in blocks. A byte order mark and carriage returns at the end of lines are dropped; bytes that are no
 * UTF-8 become U+FFFD.
 *
 * @throws FileError if the file cannot be read, or has a line that is too long; the reason of the signal
 */
export async function* linesOfFile(
  file: string,
  { signal, progress }: LineOptions = {},
): AsyncGenerator<LineBlock, void> {
  using opened = openRegular(file);
  const { size } = opened.statSync();
  let bytes = 0;
  let reported = 0;
  let first = 1;
  let rest = "";
  for await (const text of textOf(opened, (count) => bytes += count)) {
    signal?.throwIfAborted();
    const lines = (rest + text).split("\n");
    const longest = lines.findIndex(({ length }) => length > LONGEST_LINE);
    if (longest >= 0) {
      throw new FileError(
        `line ${first + longest} has more than ${LONGEST_LINE} characters`,
        `at most ${LONGEST_LINE} characters in a line`,
      );
    }
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield { first, lines: lines.map(withoutReturn) };
    first += lines.length;
    if (bytes - reported < PROGRESS_STEP) continue;
    reported = bytes;
    progress?.({ file, bytes, size, lines: first - 1 });
  }
  if (rest !== "") yield { first, lines: [withoutReturn(rest)] };
}

/** Reads the text of a file piece by piece; `read` receives the number of bytes of each piece. */
async function* textOf(
  file: Deno.FsFile,
  read: (bytes: number) => void,
): AsyncGenerator<string, void> {
  const counted = file.readable.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        read(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
  const plain = isCompressed(file)
    ? counted.pipeThrough(new DecompressionStream("gzip"))
    : counted;
  try {
    yield* plain.pipeThrough(new TextDecoderStream());
  } catch (error) {
    throw error instanceof TypeError
      ? new FileError(
        `its compression is broken: ${error.message}`,
        "a whole file, plain or compressed by gzip",
      )
      : error;
  }
}

/** Returns true if a file begins as gzip does. Its position stays at the start. */
function isCompressed(file: Deno.FsFile): boolean {
  const magic = new Uint8Array(2);
  const length = file.readSync(magic);
  file.seekSync(0, Deno.SeekMode.Start);
  return length === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/**
 * Reads the beginning of a file, by which its format is known.
 *
 * @throws FileError if the file cannot be read
 */
export async function headOfFile(file: string): Promise<string> {
  using opened = openRegular(file);
  let head = "";
  for await (const text of textOf(opened, () => {})) {
    head += text;
    if (head.length >= HEAD) break;
  }
  return head.slice(0, HEAD);
}
