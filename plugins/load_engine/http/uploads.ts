/**
 * Files that another process sends for its load scripts: traces and tables of values. They lie in a folder of their own until the
 * server ends, or until later ones need the room.
 *
 * @module
 */
import { basename, join } from "node:path";
import { PerfmockError } from "../../../core/plugin.ts";

/** Maximum number of bytes of one file: that of the largest trace. */
export const UPLOAD_LIMIT = 256 << 20;

/** Maximum number of bytes of all files. Beyond it the oldest are removed: a run reads its files before it starts. */
export const UPLOADS_LIMIT = 1 << 30;

/** Number of bytes that a file counts at least: a block of a disk. */
const LEAST = 4096;

/** Longest name of a file, in characters. */
const LONGEST_NAME = 100;

/** Files that were sent to a server. */
export class Uploads implements AsyncDisposable {
  readonly #sizes = new Map<string, number>();
  readonly #limits: { readonly each: number; readonly all: number };
  #folder: Promise<string> | undefined;
  #count = 0;

  /** @param limits maximum numbers of bytes */
  constructor(limits = { each: UPLOAD_LIMIT, all: UPLOADS_LIMIT }) {
    this.#limits = limits;
  }

  /** Number of bytes of all files. */
  get bytes(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /**
   * Takes a file.
   *
   * @param name name that the file had, whose extension says what it is
   * @param body its bytes; null for none
   * @returns path
   * @throws PerfmockError `ARGUMENT_INVALID` if it is too large or cannot be written
   */
  async take(
    name: string,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<string> {
    const { each, all } = this.#limits;
    const path = await this.#pathFor(name);
    let size = 0;
    try {
      using file = await Deno.open(path, { createNew: true, write: true });
      const writer = file.writable.getWriter();
      for await (const chunk of body ?? []) {
        size += chunk.length;
        if (size > each) {
          throw refused(`The file ${name} is larger than ${each} bytes`, 413);
        }
        await writer.write(chunk);
      }
      await writer.close();
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      if (error instanceof PerfmockError) throw error;
      throw refused(
        `Cannot keep the file ${name}: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
    this.#sizes.set(path, Math.max(LEAST, size));
    for (const oldest of this.#sizes.keys()) {
      if (this.bytes <= all || oldest === path) break;
      this.#sizes.delete(oldest);
      await Deno.remove(oldest).catch(() => {});
    }
    return path;
  }

  async #pathFor(name: string): Promise<string> {
    try {
      this.#folder ??= Deno.makeTempDir({ prefix: "perfmock-load-" });
      const plain = basename(name).replaceAll(/[^\w.-]/g, "_")
        .slice(-LONGEST_NAME);
      return join(await this.#folder, `${++this.#count}-${plain || "file"}`);
    } catch (error) {
      this.#folder = undefined;
      throw refused(
        `Cannot keep files of load scripts: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    this.#sizes.clear();
    if (folder === undefined) return;
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

function refused(message: string, status?: number): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    message,
    [],
    { status },
  );
}
