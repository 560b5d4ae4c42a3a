/**
 * The file of a recording: each line is written at once, so that a crash loses no more than the last one.
 *
 * @module
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { RecordingLine } from "./format.ts";

const ENCODER = new TextEncoder();

/** A file that lines are appended to. */
export class RecordingFile {
  readonly #path: string;
  #file: number | undefined;
  #size: number;

  /**
   * Opens a file.
   *
   * @param whole size of a recording that is continued, up to the end of its last whole line; undefined to make a new file
   * @throws the system's error, also if a new file is there already
   */
  constructor(path: string, whole?: number) {
    this.#path = path;
    this.#file = openSync(path, whole === undefined ? "wx" : "r+");
    this.#size = whole ?? 0;
    if (whole !== undefined && fstatSync(this.#file).size !== whole) {
      ftruncateSync(this.#file, whole);
    }
  }

  /** Size, in bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes lines. Either all of them are in the file, or none is.
   *
   * @throws the system's error, such as that of a full disk
   */
  write(...lines: readonly RecordingLine[]): void {
    const file = this.#file;
    if (file === undefined) return;
    const bytes = ENCODER.encode(
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(
          file,
          bytes,
          written,
          bytes.length - written,
          this.#size + written,
        );
      }
      this.#size += written;
    } catch (error) {
      ftruncateSync(file, this.#size);
      throw error;
    }
  }

  /** Closes the file. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Closes the file and removes it. */
  remove(): void {
    this.close();
    unlinkSync(this.#path);
  }
}
