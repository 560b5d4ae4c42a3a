/**
 * Opens and reads the files of file bodies.
 *
 * @module
 */
import { sep } from "node:path";
import { openRegular } from "../lib/read_file.ts";
import type { Body } from "./source.ts";

/** Open file. */
export interface OpenFile {
  /** File itself; the caller closes it. */
  readonly file: Deno.FsFile;
  /** Size, in bytes. */
  readonly size: number;
  /** Time of the last change, in ms since 1970; 0 if unknown. */
  readonly modified: number;
}

/** Appends a path separator to a folder's path: all paths in the folder begin with the result. */
export function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/**
 * Opens a file. Synchronous, because the headers are due now and a promise would wait for its turn.
 *
 * @param folder folder that must contain the file after links are followed; undefined for any folder
 * @returns undefined if there is no such file
 */
export function open(
  path: string,
  folder: string | undefined,
): OpenFile | undefined {
  let file: Deno.FsFile | undefined;
  try {
    if (folder !== undefined) {
      const real = Deno.realPathSync(path);
      if (!real.startsWith(withSeparator(Deno.realPathSync(folder)))) return;
    }
    file = openRegular(path);
    const { size, mtime } = file.statSync();
    return { file, size, modified: mtime?.getTime() ?? 0 };
  } catch {
    file?.close();
    return undefined;
  }
}

/** Size of a file, in bytes; 0 if there is no such file. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** Body with the bytes of an open file. Closing the body closes the file. */
export class FileBody implements Body {
  readonly #file: Deno.FsFile;
  #left: number;

  /**
   * @param length number of bytes to read
   * @param start offset of the first byte
   */
  constructor(file: Deno.FsFile, length: number, start: number) {
    file.seekSync(start, Deno.SeekMode.Start);
    this.#file = file;
    this.#left = length;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  async read(limit: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(Math.min(limit, this.#left));
    const size = await this.#file.read(buffer);
    if (size === null) throw new Error("The file has become shorter");
    this.#left -= size;
    return buffer.subarray(0, size);
  }

  close(): void {
    this.#file.close();
  }
}
