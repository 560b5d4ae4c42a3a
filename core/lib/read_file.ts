/**
 * Reads the files that users name: configurations, scripts, traces, tables, certificates. A device, a pipe or a socket is never
 * opened, since a read of it may not end, and no file is read beyond its limits.
 *
 * @module
 */

/** Bytes in a MiB. */
const MIB = 1024 ** 2;

/** Size of the chunks of a file that is read line by line, in bytes. */
const CHUNK = 65_536;

/** Limits of a file that is read as a whole. */
export interface FileLimits {
  /** Greatest size, in bytes. */
  readonly bytes: number;
}

/** Limits of a file that is read line by line. */
export interface LineLimits extends FileLimits {
  /** Greatest number of lines. */
  readonly lines: number;
  /** Greatest length of a line, in characters. */
  readonly length: number;
}

/** Limits of configurations, of load scripts before their own limit applies, and of certificates. */
export const TEXT_LIMITS: FileLimits = { bytes: 64 * MIB };

/** Limits of files with the times of a distribution. */
export const TIMES_LIMITS: LineLimits = {
  bytes: 16 * MIB,
  lines: 1_000_000,
  length: 65_536,
};

/** Limits of files with points of a trace or buckets of a distribution, which are more than numbers in memory. */
export const TABLE_LIMITS: LineLimits = { ...TIMES_LIMITS, lines: 100_000 };

/** Error that says why a file cannot be read, in words that follow "Cannot read the file: ". */
export class FileError extends Error {
  /** Name of this class. */
  override readonly name = "FileError";
  /** Files that would be read, in words. */
  readonly allowed: string;

  /**
   * Creates an error.
   *
   * @param message the reason
   * @param allowed files that would be read, in words
   */
  constructor(
    message: string,
    allowed = "the path of a file that can be read",
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.allowed = allowed;
  }
}

/** Returns the error of a file as a {@linkcode FileError}. */
export function fileError(error: unknown): FileError {
  if (error instanceof FileError) return error;
  const cause = { cause: error };
  if (error instanceof Deno.errors.NotFound) {
    return new FileError("there is no such file", undefined, cause);
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) {
    return new FileError("it may not be read", undefined, cause);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new FileError(reason, undefined, cause);
}

/** Returns a size in words. */
function sizeInWords(bytes: number): string {
  return bytes >= MIB && bytes % MIB === 0
    ? `${bytes / MIB} MiB`
    : `${bytes} bytes`;
}

function checkKind(info: Deno.FileInfo): void {
  if (info.isFile) return;
  const kind = info.isDirectory
    ? "a folder"
    : info.isFifo
    ? "a pipe"
    : info.isSocket
    ? "a socket"
    : info.isCharDevice || info.isBlockDevice
    ? "a device"
    : "something else";
  throw new FileError(
    `it is ${kind}, not a file`,
    "the path of a regular file",
  );
}

function checkSize(size: number, { bytes }: FileLimits): void {
  if (size <= bytes) return;
  throw new FileError(
    `it has ${size} bytes, more than the ${sizeInWords(bytes)} that are read`,
    `at most ${sizeInWords(bytes)}`,
  );
}

/**
 * Checks that a path leads to a regular file within its limits, with links followed. Nothing is opened.
 *
 * @throws FileError where it does not
 */
export function checkFile(path: string, limits: FileLimits): void {
  try {
    const info = Deno.statSync(path);
    checkKind(info);
    checkSize(info.size, limits);
  } catch (error) {
    throw fileError(error);
  }
}

/**
 * Opens a regular file, with links followed. The caller closes it.
 *
 * @throws FileError where there is none
 */
export function openRegular(path: string): Deno.FsFile {
  try {
    // Checked before it is opened, because opening a pipe waits for its other end.
    checkKind(Deno.statSync(path));
    return Deno.openSync(path);
  } catch (error) {
    throw fileError(error);
  }
}

/**
 * Reads a whole file off this thread.
 *
 * @throws FileError where it cannot be read
 */
export async function readBytes(
  path: string,
  limits: FileLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const info = await Deno.stat(path);
    checkKind(info);
    checkSize(info.size, limits);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    // The stream closes the file, even if the loop ends early.
    for await (const part of (await Deno.open(path)).readable) {
      size += part.length;
      // A file may grow while it is read, and some files report no size.
      checkSize(size, limits);
      parts.push(part);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (error) {
    throw fileError(error);
  }
}

/**
 * Reads a whole UTF-8 file off this thread.
 *
 * @throws FileError where it cannot be read; TypeError where it is not UTF-8
 */
export async function readText(
  path: string,
  limits: FileLimits = TEXT_LIMITS,
): Promise<string> {
  const bytes = await readBytes(path, limits);
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/**
 * Reads a whole UTF-8 file at once, which blocks this thread.
 *
 * @throws FileError where it cannot be read
 */
export function readTextSync(path: string, limits: FileLimits): string {
  const parts: string[] = [];
  for (const part of partsOf(path, limits)) parts.push(part);
  return parts.join("");
}

/**
 * Yields the lines of a UTF-8 file without their line breaks, in chunks, so that a large file is never in memory as a whole. It
 * blocks this thread between two lines only.
 *
 * @throws FileError where it cannot be read, or a limit is passed
 */
export function linesOf(
  path: string,
  limits: LineLimits,
): Generator<string, void> {
  return linesFrom(partsOf(path, limits), limits);
}

/**
 * Yields the lines of a UTF-8 file that was read as a whole.
 *
 * @throws FileError where a limit is passed
 */
export function linesIn(
  bytes: Uint8Array,
  limits: LineLimits,
): Generator<string, void> {
  return linesFrom(partsIn(bytes), limits);
}

function* linesFrom(
  parts: Iterable<string>,
  limits: LineLimits,
): Generator<string, void> {
  let rest = "";
  let number = 0;
  const checked = (line: string): string => {
    number++;
    if (number > limits.lines) {
      throw new FileError(
        `it has more than ${limits.lines} lines`,
        `at most ${limits.lines} lines`,
      );
    }
    if (line.length > limits.length) {
      throw new FileError(
        `line ${number} has more than ${limits.length} characters`,
        `at most ${limits.length} characters in a line`,
      );
    }
    return line;
  };
  for (const part of parts) {
    rest += part;
    let start = 0;
    for (let end; (end = rest.indexOf("\n", start)) >= 0; start = end + 1) {
      yield checked(rest.slice(start, end));
    }
    rest = rest.slice(start);
    // A line without end would grow without limit.
    if (rest.length > limits.length) checked(rest);
  }
  if (rest !== "") yield checked(rest);
}

function* partsIn(bytes: Uint8Array): Generator<string, void> {
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += CHUNK) {
    yield decoder.decode(bytes.subarray(at, at + CHUNK), { stream: true });
  }
  yield decoder.decode();
}

/**
 * Yields the text of a UTF-8 file in parts, so that a large file is never in memory as a whole. A byte order mark is passed over.
 *
 * @throws FileError where it cannot be read, or a limit is passed
 */
export function* partsOf(
  path: string,
  limits: FileLimits,
): Generator<string, void> {
  checkFile(path, limits);
  const file = openRegular(path);
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(CHUNK);
    let size = 0;
    for (;;) {
      const length = readSome(file, buffer);
      if (length === null) break;
      size += length;
      checkSize(size, limits);
      yield decoder.decode(buffer.subarray(0, length), { stream: true });
    }
    yield decoder.decode();
  } finally {
    file.close();
  }
}

function readSome(file: Deno.FsFile, buffer: Uint8Array): number | null {
  try {
    return file.readSync(buffer);
  } catch (error) {
    throw fileError(error);
  }
}
