/**
 * Trace identifiers in the form of W3C Trace Context, by which a browser's figures and ours are joined.
 *
 * @module
 */

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** How many random bytes are fetched at a time: fetching costs far more than using. */
const BLOCK = 4096;
const ID_BYTES = 8;

/**
 * Makes trace ids: random, never seeded, since two runs of one seed are two traces. The upper half of the trace id is
 * the server's, the lower half the exchange's, and so is the span id: an exchange is one span.
 */
export class TraceIds {
  readonly #bytes = new Uint8Array(BLOCK);
  #next = BLOCK;
  readonly #prefix: string;

  constructor() {
    this.#prefix = this.#id();
  }

  /** A trace id: 32 hex digits. */
  next(): string {
    return this.#prefix + this.#id();
  }

  #id(): string {
    if (this.#next === BLOCK) {
      crypto.getRandomValues(this.#bytes);
      this.#next = 0;
    }
    const bytes = this.#bytes;
    let id = "";
    for (const end = this.#next + ID_BYTES; this.#next < end; this.#next++) {
      id += HEX[bytes[this.#next]];
    }
    return id;
  }
}

/** The traceparent of an exchange, `00-<trace id>-<span id>-01`, from its trace id. */
export function traceparent(trace: string): string {
  return `00-${trace}-${trace.slice(-16)}-01`;
}
