/**
 * Trace identifiers of W3C Trace Context, which connect measurements in a browser with those of perfmock.
 *
 * @module
 */

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Number of random words to get at a time: each call of getRandomValues() is expensive. */
const BLOCK = 1024;

/**
 * Generates trace ids. They are random and do not depend on the seed, because two runs with the same seed are two traces. The
 * upper half of a trace id identifies the server, the lower half the exchange. The lower half is also the span id where the exchange
 * begins the trace.
 */
export class TraceIds {
  /** Upper half of all trace ids, 16 hexadecimal digits. */
  readonly prefix: string;
  readonly #words = new Int32Array(BLOCK);
  #next = BLOCK;

  /** Chooses the server's half at random. */
  constructor() {
    this.prefix = spanId(this.word(), this.word());
  }

  /** Returns a random word of 32 bits, signed: two make a span id. */
  word(): number {
    if (this.#next === BLOCK) {
      crypto.getRandomValues(this.#words);
      this.#next = 0;
    }
    return this.#words[this.#next++];
  }
}

/** Formats a span id, 16 hexadecimal digits, from two words. */
export function spanId(high: number, low: number): string {
  return hex(high) + hex(low);
}

function hex(word: number): string {
  return HEX[word >>> 24] + HEX[word >>> 16 & 255] + HEX[word >>> 8 & 255] +
    HEX[word & 255];
}

/** Formats the traceparent of a span. */
export function traceparent(
  trace: string,
  span: string,
  sampled: boolean,
): string {
  return `00-${trace}-${span}-0${sampled ? 1 : 0}`;
}

/** Place in a trace that a client has sent. */
export interface TraceParent {
  /** Trace id, 32 hexadecimal digits. */
  readonly trace: string;
  /** Id of the client's span, 16 hexadecimal digits. */
  readonly span: string;
  /** False if the client does not record the trace. */
  readonly sampled: boolean;
}

const FORMAT =
  /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})($|-)/;

/**
 * Reads the value of a header `traceparent`. Of a version above 00, the parts that version 00 has are read.
 *
 * @returns undefined if it is malformed
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(value: string): TraceParent | undefined {
  const found = FORMAT.exec(value);
  if (found === null) return undefined;
  const [, version, trace, span, flags, rest] = found;
  if (
    version === "ff" || version === "00" && rest !== "" ||
    isZero(trace) || isZero(span)
  ) return undefined;
  return { trace, span, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
