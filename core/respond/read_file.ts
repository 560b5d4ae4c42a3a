/**
 * Finds, opens and reads the files of bodies.
 *
 * @module
 */
import { sep } from "node:path";
import { openRegular, readBytes } from "../lib/read_file.ts";
import type { StoredBytes } from "./representation.ts";

/** Something that a path leads to. */
export interface Found {
  /** Path as asked for, whose end says what it is: with links followed it may have another name. */
  readonly path: string;
  /** Path with links followed. */
  readonly real: string;
  /** True for a regular file, false for a folder. */
  readonly file: boolean;
  /** Size, in bytes. */
  readonly size: number;
  /** Time of the last change, in ms since 1970; 0 if unknown. */
  readonly modified: number;
}

/** Open file. */
export interface OpenFile extends Pick<Found, "size" | "modified"> {
  /** File itself; the caller closes it. */
  readonly file: Deno.FsFile;
}

/** Appends a path separator to a folder's path: all paths in the folder begin with the result. */
export function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/**
 * Finds a file or a folder. Synchronous, because an answer is due now and a promise would wait for its turn.
 *
 * @param folder folder that must contain it after links are followed; undefined for any folder
 * @returns undefined if there is none
 */
export function find(
  path: string,
  folder: string | undefined,
): Found | undefined {
  try {
    const real = Deno.realPathSync(path);
    if (
      folder !== undefined &&
      !withSeparator(real).startsWith(withSeparator(Deno.realPathSync(folder)))
    ) return undefined;
    const { isFile, isDirectory, size, mtime } = Deno.statSync(real);
    return isFile || isDirectory
      ? { path, real, file: isFile, size, modified: mtime?.getTime() ?? 0 }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens a regular file; synchronous as {@linkcode find}.
 *
 * @param folder folder that must contain the file after links are followed; undefined for any folder
 * @returns undefined if there is no such file
 */
export function open(
  path: string,
  folder: string | undefined,
): OpenFile | undefined {
  const found = find(path, folder);
  return found === undefined ? undefined : openReal(found.real);
}

/**
 * Opens a regular file.
 *
 * @param real path with links followed
 * @returns undefined if there is no such file any more
 */
export function openReal(real: string): OpenFile | undefined {
  let file: Deno.FsFile | undefined;
  try {
    file = openRegular(real);
    const { size, mtime } = file.statSync();
    return { file, size, modified: mtime?.getTime() ?? 0 };
  } catch {
    file?.close();
    return undefined;
  }
}

/**
 * Reads a whole file off this thread.
 *
 * @param bytes greatest size, in bytes
 * @throws FileError where it cannot be read
 */
export function readWhole(
  real: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return readBytes(real, { bytes });
}

/** Bytes of an open file, which closing them closes. */
export class FileBytes implements StoredBytes {
  readonly #file: Deno.FsFile;
  /** Place at which the file is read next. */
  #place = 0;

  /** @param file that was not read yet */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async read(
    offset: number,
    limit: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (offset !== this.#place) {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
    }
    const buffer = new Uint8Array(limit);
    const size = await this.#file.read(buffer);
    if (size === null) throw new Error("The file has become shorter");
    this.#place = offset + size;
    return buffer.subarray(0, size);
  }

  close(): void {
    this.#file.close();
  }
}
