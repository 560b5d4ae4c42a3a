/**
 * Files as bodies are read from them.
 *
 * @module
 */
import { sep } from "node:path";
import type { Body } from "../body.ts";

/** A file that is open, and how much of it there is. */
export interface Opened {
  /** To be closed by whoever opened it. */
  readonly file: Deno.FsFile;
  /** In bytes. */
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly modified: number;
}

/** A folder as all paths within it begin. */
export function withEnd(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/**
 * Opens a file. Synchronous, since the headers are due now and a promise would wait for its turn.
 *
 * @param folder where it must lie, links followed; undefined for anywhere
 * @returns undefined where there is no such file
 */
export function open(
  path: string,
  folder: string | undefined,
): Opened | undefined {
  let file: Deno.FsFile | undefined;
  try {
    // A link may lead out of the folder, too.
    if (folder !== undefined) {
      const real = Deno.realPathSync(path);
      if (!real.startsWith(withEnd(Deno.realPathSync(folder)))) return;
    }
    if (!Deno.statSync(path).isFile) return;
    file = Deno.openSync(path);
    const { size, mtime } = file.statSync();
    return { file, size, modified: mtime?.getTime() ?? 0 };
  } catch {
    file?.close();
    return undefined;
  }
}

/** How many bytes a file has; 0 where there is none. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** The bytes of a file that is open; closes it. */
export class FileBody implements Body {
  readonly #file: Deno.FsFile;
  #left: number;

  constructor(file: Deno.FsFile, length: number, start: number) {
    file.seekSync(start, Deno.SeekMode.Start);
    this.#file = file;
    this.#left = length;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  async read(most: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(Math.min(most, this.#left));
    const size = await this.#file.read(buffer);
    if (size === null) throw new Error("The file has become shorter");
    this.#left -= size;
    return buffer.subarray(0, size);
  }

  close(): void {
    this.#file.close();
  }
}
