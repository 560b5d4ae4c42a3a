/**
 * Progress of the reading of long files, on standard error.
 *
 * @module
 */
import { basename } from "node:path";
import type { Terminal } from "./terminal.ts";

/** Time between two lines on a terminal, and elsewhere, in ms. */
const INTERVALS = { live: 200, plain: 2000 };

/** Bytes in a MiB. */
const MIB = 1024 ** 2;

/** Shows how much of a file was read: on a terminal a line that is overwritten, elsewhere a line of its own every 2 s. */
export class ReadingLine {
  readonly #out: Terminal;
  #shown = false;
  #next: number;

  /** Shows nothing yet. */
  constructor(out: Terminal) {
    this.#out = out;
    this.#next = performance.now() + this.#interval;
  }

  get #interval(): number {
    return this.#out.live === true ? INTERVALS.live : INTERVALS.plain;
  }

  /** Shows the progress, if the time for it has come. */
  readonly show = (
    { file, bytes, size }: {
      readonly file: string;
      readonly bytes: number;
      readonly size: number;
    },
  ): void => {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + this.#interval;
    const { live, columns = Infinity } = this.#out;
    const line = `Reading ${basename(file)}: ${Math.floor(bytes / MIB)} of ${
      Math.ceil(size / MIB)
    } MiB`;
    if (live === true) {
      this.#shown = true;
      this.#out.writeError(`\r\x1b[2K${line.slice(0, columns - 1)}`);
    } else this.#out.writeError(`${line}\n`);
  };

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#out.writeError("\r\x1b[2K");
    this.#shown = false;
  }
}
