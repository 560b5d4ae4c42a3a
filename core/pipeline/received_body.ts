/**
 * The body of a request, read as a whole for whoever looks into it: conditions of routes, templates. Routes without either read no
 * body.
 *
 * @module
 */
import { parseJson } from "../lib/written_number.ts";

/** Maximum length of a body that is read as a whole, in bytes; a longer one is refused with 413. */
export const READ_LIMIT: number = 1 << 20;

/** Maximum number of lists and objects within one another in a body that counts as JSON: most code that handles values recurses. */
export const DEEPEST = 1000;

const encoder = new TextEncoder();

/** A body, as bytes, as text and as JSON, each made at its first use. */
export class ReceivedBody {
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #text: string | undefined = undefined;
  #json: unknown = undefined;
  #parsed = false;

  /** @param bytes the body as received; not copied */
  constructor(bytes: Uint8Array<ArrayBuffer> | undefined) {
    this.#bytes = bytes;
  }

  /** Makes the body that a value has as JSON. */
  static ofJson(value: unknown): ReceivedBody {
    const body = new ReceivedBody(undefined);
    body.#json = value;
    body.#parsed = true;
    return body;
  }

  /** Makes the body that is a text in UTF-8. */
  static ofText(text: string): ReceivedBody {
    const body = new ReceivedBody(undefined);
    body.#text = text;
    return body;
  }

  /** The body as received. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ??= encoder.encode(
      this.#text ?? JSON.stringify(this.#json),
    );
  }

  /** The body as text in UTF-8. */
  get text(): string {
    return this.#text ??= new TextDecoder().decode(this.bytes);
  }

  /** The body as JSON; undefined if it is none, or deeper than {@linkcode DEEPEST}. Numbers that JavaScript would write with other digits are a `WrittenNumber`. */
  get json(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      this.#json = jsonIn(this.text);
    }
    return this.#json;
  }
}

/** The body of a request without one. */
export const EMPTY_BODY: ReceivedBody = new ReceivedBody(new Uint8Array(0));

/** Value of a text that is JSON, and not too deep; undefined of any other. */
export function jsonIn(text: string): unknown {
  if (text.length > 2 * DEEPEST && isDeep(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Codes of [ and {, and of ] and }. */
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Returns true if a text, as far as it is JSON, has more lists and objects within one another than {@linkcode DEEPEST}. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length; at++) {
        const inner = text.charCodeAt(at);
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) at++;
      }
    } else if (code === OPENING[0] || code === OPENING[1]) {
      if (++depth > DEEPEST) return true;
    } else if (code === CLOSING[0] || code === CLOSING[1]) depth--;
  }
  return false;
}

/** Pieces of a body that are put together, up to a limit. */
export class BodyPieces {
  readonly #limit: number;
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;

  /** @param limit maximum length of the body, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a piece, which must not change afterwards; returns false, and keeps nothing, if the body is too long. */
  add(piece: Uint8Array<ArrayBuffer>): boolean {
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      this.#pieces.length = 0;
      return false;
    }
    this.#pieces.push(piece);
    return true;
  }

  /** The whole body. */
  whole(): ReceivedBody {
    if (this.#length === 0) return EMPTY_BODY;
    if (this.#pieces.length === 1) return new ReceivedBody(this.#pieces[0]);
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return new ReceivedBody(bytes);
  }
}

/**
 * Reads a stream to its end. Never rejects.
 *
 * @returns the body; `large` if it is longer than `limit` bytes, `broken` if the stream fails
 */
export async function readWhole(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  limit: number,
): Promise<ReceivedBody | "large" | "broken"> {
  const pieces = new BodyPieces(limit);
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return pieces.whole();
      if (pieces.add(value)) continue;
      reader.cancel().catch(() => {});
      return "large";
    }
  } catch {
    return "broken";
  }
}
