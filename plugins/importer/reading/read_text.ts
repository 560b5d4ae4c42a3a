/**
 * Reads the text of a file piece by piece, in bounded memory: plain or compressed by gzip, in UTF-8, or in UTF-16 with a byte order
 * mark, as PowerShell writes it.
 *
 * @module
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FileError, type FileLimits } from "../../../core/plugin.ts";
import { openRegular } from "../../../core/import.ts";

/** Number of bytes between two reports of progress. */
const STRETCH = 4 * 1024 ** 2;

/** Number of bytes by which compression and encoding are known. */
const MARK = 6;

/** Character that stands for bytes that are no text. */
const REPLACEMENT = "\ufffd";

/** Bytes in a MiB. */
const MIB = 1024 ** 2;

/** Form of a file: how its bytes become text. */
export interface TextForm {
  /** True for gzip. */
  readonly compressed: boolean;
  /** Name of the encoding, as of `TextDecoder`. */
  readonly encoding: string;
}

/** Options of {@linkcode textOf}. */
export interface TextOptions {
  /** Limits of the text, not of the compressed file. */
  readonly limits: FileLimits;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the number of bytes that were read of the file, and its size. */
  readonly progress?: ((bytes: number, size: number) => void) | undefined;
  /** Receives the form of the file before its first text. */
  readonly form?: ((form: TextForm) => void) | undefined;
  /** Called where bytes are no UTF-8, before the text that has U+FFFD in place of them. */
  readonly mangled?: (() => void) | undefined;
}

/** Compressions that are not read, by their first bytes in hexadecimal, with the command that undoes them. */
const COMPRESSIONS: readonly (readonly [
  mark: string,
  name: string,
  command: string,
])[] = [
  ["28b52ffd", "zstd", "zstd -dc"],
  ["425a68", "bzip2", "bzip2 -dc"],
  ["fd377a585a00", "xz", "xz -dc"],
  ["504b0304", "zip", "unzip -p"],
];

/** Encodings by their byte order marks in hexadecimal. */
const ENCODINGS: readonly (readonly [mark: string, encoding: string])[] = [
  ["fffe", "utf-16le"],
  ["feff", "utf-16be"],
];

/**
 * Yields the text of a file. A byte order mark is dropped; bytes that are no text of the encoding become U+FFFD.
 *
 * @throws FileError if the file cannot be read, or has more than its limits; the reason of the signal
 */
export async function* textOf(
  path: string,
  { limits, signal, progress, form, mangled }: TextOptions,
): AsyncGenerator<string, void> {
  using file = openRegular(path);
  const { size } = file.statSync();
  const first = new Uint8Array(MARK);
  const mark = hexadecimal(first.subarray(0, file.readSync(first) ?? 0));
  file.seekSync(0, Deno.SeekMode.Start);
  checkCompression(path, mark);
  const compressed = mark.startsWith("1f8b");
  const plain = bytesOf(file, (bytes) => progress?.(bytes, size));
  let decoder: TextDecoder | undefined;
  let length = 0;
  let before = new Uint8Array(0);
  for await (const bytes of compressed ? expanded(plain) : plain) {
    signal?.throwIfAborted();
    length += bytes.length;
    if (length > limits.bytes) throw tooLong(compressed, limits);
    if (decoder === undefined) {
      const encoding = encodingOf(hexadecimal(bytes.subarray(0, 2)));
      form?.({ compressed, encoding });
      decoder = new TextDecoder(encoding);
    }
    const text = decoder.decode(bytes, { stream: true });
    if (text.includes(REPLACEMENT)) {
      const written = replacementsIn(new Uint8Array([...before, ...bytes]));
      if (text.split(REPLACEMENT).length - 1 > written) mangled?.();
    }
    before = bytes.slice(-2);
    yield text;
  }
  const rest = decoder?.decode() ?? "";
  if (rest !== "") {
    mangled?.();
    yield rest;
  }
}

/** Number of characters U+FFFD in UTF-8, which a text may contain as any other. */
function replacementsIn(bytes: Uint8Array): number {
  let count = 0;
  for (
    let at = bytes.indexOf(0xef);
    at >= 0;
    at = bytes.indexOf(0xef, at + 1)
  ) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) count++;
  }
  return count;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function encodingOf(mark: string): string {
  return ENCODINGS.find(([start]) => mark === start)?.[1] ?? "utf-8";
}

function checkCompression(path: string, mark: string): void {
  const known = COMPRESSIONS.find(([start]) => mark.startsWith(start));
  if (known === undefined) return;
  const [, name, command] = known;
  throw new FileError(
    `it is compressed by ${name}, which is not read`,
    `a file that is plain or compressed by gzip; or -, standard input: ${command} ${path} | …`,
  );
}

function tooLong(compressed: boolean, { bytes }: FileLimits): FileError {
  const most = `${bytes / MIB} MiB`;
  return new FileError(
    compressed
      ? `it has more than the ${most} that are read, without its compression`
      : `it has more than the ${most} that are read`,
    `at most ${most}`,
  );
}

/** Yields the bytes of a file; `read` receives their number from time to time. */
async function* bytesOf(
  file: Deno.FsFile,
  read: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  let reported = 0;
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    bytes += length;
    if (bytes - reported >= STRETCH) {
      reported = bytes;
      read(bytes);
    }
    yield buffer.slice(0, length);
  }
}

/** Expands what gzip has compressed, of several parts as well, such as those of joined files. */
async function* expanded(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const gunzip = createGunzip();
  const source = Readable.from(bytes);
  source.on("error", (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } catch (error) {
    if (!(error instanceof Error) || !Reflect.has(error, "errno")) throw error;
    throw new FileError(
      `its compression is broken: ${error.message}`,
      "a whole file, plain or compressed by gzip",
    );
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
