const INITIAL = 4 * 1024;

/** The beginning of a response's body, kept where a check wants to read it. */
export class KeptBody {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #filled = 0;

  /** @param limit how many bytes are kept at most; what comes after is passed over */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Forgets the last body; the memory is kept for the next. */
  start(): void {
    this.#filled = 0;
  }

  /** Keeps the bytes between two places. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.#limit - this.#filled);
    if (end <= from) return;
    const filled = this.#filled + end - from;
    if (filled > this.#bytes.length) this.#grow(filled);
    this.#bytes.set(bytes.subarray(from, end), this.#filled);
    this.#filled = filled;
  }

  /** What was kept, as UTF-8; what is not UTF-8 shows as U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#filled));
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(
      Math.min(this.#limit, Math.max(INITIAL, needed, this.#bytes.length * 2)),
    );
    grown.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = grown;
  }
}
