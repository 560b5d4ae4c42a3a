/**
 * Header lines of a request that outlive the bytes they were parsed from.
 *
 * @module
 */

/** Length of a line's end. */
const CRLF = 2;

/**
 * The header lines of one head, immutable. The head's bytes are one Latin-1 text, which is cut only where a header is asked for:
 * in V8 such a text is the cheapest copy of 100 as of 700 bytes.
 */
export class HeaderFields {
  readonly #text: string;
  #fields: readonly string[] | null = null;

  /** @param text the whole head, of valid syntax, its blank line included */
  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Value of a header; null if it is absent. Several lines are joined with `, `, those of `cookie` with `; `.
   *
   * @param name in lower case
   */
  header(name: string): string | null {
    const fields = this.#fields ??= fieldsOf(this.#text);
    let value: string | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      const sent = fields[i];
      if (sent.length !== name.length || sent.toLowerCase() !== name) continue;
      value = joined(value, fields[i + 1], name);
    }
    return value;
  }

  /**
   * All header lines as pairs of name and value, in the order and case they were sent in, for `new Headers()`. Bytes above 0x7f
   * are characters of Latin-1.
   */
  entries(): [name: string, value: string][] {
    const fields = this.#fields ??= fieldsOf(this.#text);
    const pairs: [string, string][] = [];
    for (let i = 0; i < fields.length; i += 2) {
      pairs.push([fields[i], fields[i + 1]]);
    }
    return pairs;
  }
}

/** Adds the value of one more line to those before. */
export function joined(
  before: string | null,
  value: string,
  name: string,
): string {
  if (before === null) return value;
  return before + (name === "cookie" ? "; " : ", ") + value;
}

/** Names and values in turn. Trusts the parser: each line has a colon and an end. */
function fieldsOf(text: string): readonly string[] {
  const fields: string[] = [];
  // Empty lines before the request line are part of the text.
  let at = 0;
  while (text.startsWith("\r\n", at)) at += CRLF;
  at = text.indexOf("\r\n", at) + CRLF;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end === at) return fields;
    const colon = text.indexOf(":", at);
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + CRLF;
  }
}

/** Cuts spaces and tabs alone: `trim()` would also take the no-break space, which is a character of a value. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
