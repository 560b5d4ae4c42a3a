/**
 * Trace identifiers of W3C Trace Context, which connect measurements in a browser with those of perfmock.
 *
 * @module
 */

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Number of random bytes to get at a time: each call of getRandomValues() is expensive. */
const BLOCK = 4096;
const ID_BYTES = 8;

/**
 * Generates trace ids. They are random and do not depend on the seed, because two runs with the same seed are two traces. The
 * upper half of a trace id identifies the server, the lower half the exchange. The lower half is also the span id, because an
 * exchange is one span.
 */
export class TraceIds {
  readonly #bytes = new Uint8Array(BLOCK);
  #next = BLOCK;
  readonly #prefix: string;

  /** Chooses the server's half at random. */
  constructor() {
    this.#prefix = this.#id();
  }

  /** Generates a trace id of 32 hexadecimal digits. */
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

/** Formats the traceparent of an exchange, `00-<trace id>-<span id>-01`, from its trace id. */
export function traceparent(trace: string): string {
  return `00-${trace}-${trace.slice(-16)}-01`;
}
