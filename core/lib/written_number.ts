/**
 * Numbers that are sent with the digits they were written with. As a number of JavaScript, 1234567890123456789 would be sent as
 * 1234567890123456800, and 10.00 as 10.
 *
 * @module
 */

/** A number of JSON, as written. JSON.stringify() writes its digits. */
export class WrittenNumber {
  /** The number in JSON. */
  readonly digits: string;

  /** @param digits the number in JSON */
  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): unknown {
    return rawJson(this.digits);
  }

  toString(): string {
    return this.digits;
  }
}

/** Makes a value that JSON.stringify() writes as the given JSON. The library's types do not have it yet. */
const { rawJSON: rawJson } = JSON as typeof JSON & {
  rawJSON(json: string): unknown;
};

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Returns true if a text is a number in JSON (RFC 8259, section 6). */
export function isJsonNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** Returns the number that a text in JSON means: as written if JavaScript would write it with other digits. */
export function numberOf(json: string): number | WrittenNumber {
  const number = Number(json);
  return String(number) === json ? number : new WrittenNumber(json);
}

/** Digits that JavaScript could write otherwise: many of them, zeros at the end of a fraction, exponents, or a negative zero. */
const SUSPICIOUS = /[\d.]{16}|\.\d*0(?!\d)|\d[eE]|-0/;

/** Returns false if JavaScript would surely write all numbers in a text with the same digits. */
export function mayHoldWrittenNumbers(json: string): boolean {
  return SUSPICIOUS.test(json);
}

/** Parses JSON as JSON.parse() does, but keeps the digits of numbers that JavaScript would write with other ones. */
export function parseJson(json: string): unknown {
  return mayHoldWrittenNumbers(json)
    ? JSON.parse(json, asWritten as (key: string, value: unknown) => unknown)
    : JSON.parse(json);
}

/** The library's types do not have the third parameter yet. */
function asWritten(
  _key: string,
  value: unknown,
  { source }: { readonly source: string },
): unknown {
  return typeof value === "number" ? numberOf(source) : value;
}
