/**
 * Reads the files that are imported: in parts, so that a file of hundreds of MiB is never in memory as a whole.
 *
 * @module
 */
import { JSONParser } from "@streamparser/json";
import { basename } from "node:path";
import { FileError, type FileLimits } from "../../../core/plugin.ts";
import type { ImportProgress } from "../../../core/import.ts";
import { type LineBlock, linesIn } from "./lines.ts";
import { type TextForm, textOf } from "./read_text.ts";

/** Limits of a file that is read in parts. */
const STREAM_LIMITS: FileLimits = { bytes: 16 * 1024 ** 3 };

/** Limits of a file that is read as a whole, such as an OpenAPI document. */
const WHOLE_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Greatest length of a line, in characters: that of a trace in a load script. */
const LONGEST_LINE = 65_536;

/** Number of characters by which the kind of a file is known. */
const BEGINNING = 65_536;

/** Reason of lines that are too long. */
export const LONG_LINE: string =
  `lines of more than ${LONGEST_LINE} characters`;

/** Options of a reader. */
export interface ReaderOptions {
  /** Receives the progress of a long file. */
  readonly progress?: ((progress: ImportProgress) => void) | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Paths of files that are named otherwise, by name: a load script cannot read them. */
  readonly paths?: ReadonlyMap<string, string> | undefined;
}

/** Facts about a file that was read. */
interface Read {
  form: TextForm | undefined;
  /** True if it has bytes that are no text of its encoding. */
  mangled: boolean;
  /** True if it has a line that is too long. */
  long: boolean;
}

/** Reader of the files of an import. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #files = new Map<string, Read>();

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
  }

  /** Sentences about how the files were read. */
  get notes(): string[] {
    return [...this.#files].flatMap(([path, { form, mangled }]) =>
      mangled
        ? [
          `${
            basename(path)
          } has bytes that are no ${form?.encoding.toUpperCase()}: each became U+FFFD.`,
        ]
        : []
    );
  }

  /** Returns whether a load script can read a file that was read here: one that stays, is plain, in UTF-8, without long lines. */
  isReplayable(path: string): boolean {
    const { form, long = true } = this.#files.get(path) ?? {};
    return !long && form?.compressed === false && form.encoding === "utf-8" &&
      this.#options.paths?.has(path) !== true;
  }

  /**
   * Yields the text of a file in parts.
   *
   * @throws FileError where it cannot be read
   */
  async *parts(
    path: string,
    limits: FileLimits = STREAM_LIMITS,
  ): AsyncGenerator<string, void> {
    const read: Read = { form: undefined, mangled: false, long: false };
    this.#files.set(path, read);
    const { paths, progress, signal } = this.#options;
    const parts = textOf(paths?.get(path) ?? path, {
      limits,
      signal,
      progress: (bytes, size) => progress?.({ file: path, bytes, size }),
      form: (form) => read.form = form,
      mangled: () => read.mangled = true,
    });
    yield* parts;
  }

  /**
   * Yields the lines of a file in blocks; undefined stands for a line that is too long.
   *
   * @throws FileError where it cannot be read
   */
  async *lines(path: string): AsyncGenerator<LineBlock, void> {
    for await (const block of linesIn(this.parts(path), LONGEST_LINE)) {
      const read = this.#files.get(path);
      if (read !== undefined) read.long ||= block.lines.includes(undefined);
      yield block;
    }
  }

  /**
   * Reads a whole file.
   *
   * @throws FileError where it cannot be read
   */
  async whole(path: string): Promise<string> {
    let text = "";
    for await (const part of this.parts(path, WHOLE_LIMITS)) text += part;
    return text;
  }

  /** Returns the first characters of a file, about 64 KiB. */
  async beginning(path: string): Promise<string> {
    let text = "";
    for await (const part of this.parts(path)) {
      text += part;
      if (text.length >= BEGINNING) break;
    }
    return text;
  }

  /**
   * Yields the values at a path of a JSON document, one by one.
   *
   * @param at path as of @streamparser/json, such as `$.log.entries.*`
   * @throws FileError where the file cannot be read, or is no JSON
   */
  async *json(path: string, at: string): AsyncGenerator<unknown, void> {
    const found: unknown[] = [];
    let length = 0;
    // Without a stack, what was yielded is forgotten: memory is that of one value.
    const parser = new JSONParser({ paths: [at], keepStack: false });
    let problem: string | undefined;
    parser.onValue = ({ value }) => void found.push(value);
    parser.onError = (error) => {
      // Errors of the order of tokens have no position: that of the part is near.
      problem ??= /absolute position "(\d+)"/.exec(error.message)?.[1] ??
        `${length}`;
    };
    for await (const part of this.parts(path)) {
      length += part.length;
      // White space after the value would be an error of the parser.
      if (!parser.isEnded) parser.write(part);
      else if (part.trim() !== "") problem ??= `${length}`;
      yield* found.splice(0);
      if (problem !== undefined) {
        throw new FileError(
          `it is not JSON, at about byte ${problem}`,
          "a file in JSON",
        );
      }
    }
    if (!parser.isEnded) {
      throw new FileError(
        length === 0 ? "it is empty" : "it is not JSON: it ends too early",
        "a file in JSON",
      );
    }
  }
}
