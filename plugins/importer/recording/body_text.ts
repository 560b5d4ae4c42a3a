/**
 * Bodies of answers as text: decoded from their content coding and their character set.
 *
 * @module
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { isText } from "../mocks/bodies.ts";

/** A body as text. */
export interface BodyText {
  /** Text; undefined if it is not recorded. */
  readonly text?: string;
  /** Size after decoding; undefined if it is not known. */
  readonly size?: number;
  /** True if it is longer than what is recorded. */
  readonly isLong: boolean;
  /** Reason why it is not recorded, if it is not its length. */
  readonly problem?: string;
}

/** Reason of bodies of bytes. */
const BYTES = "bodies of bytes, of which the size is recorded";

/**
 * Decodes a body.
 *
 * @param most greatest size that is recorded, in bytes
 */
export function textOfBody(
  body: Uint8Array | undefined,
  { type, coding, most }: {
    readonly type: string;
    readonly coding: string;
    readonly most: number;
  },
): BodyText {
  if (body === undefined) return { isLong: false };
  if (body.length === 0) return { text: "", size: 0, isLong: false };
  const plain = decompressed(body, coding, most);
  if (typeof plain === "string") {
    return plain === "" ? { isLong: true } : { isLong: false, problem: plain };
  }
  const size = plain.length;
  if (size > most) return { size, isLong: true };
  if (!isText(type)) return { size, isLong: false, problem: BYTES };
  const charset = /;\s*charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8";
  try {
    const text = new TextDecoder(charset, { fatal: true, ignoreBOM: true })
      .decode(plain);
    return { text, size, isLong: false };
  } catch {
    return { size, isLong: false, problem: BYTES };
  }
}

/** A body without its coding; the reason where it cannot be decoded, which is empty if it is too long. */
function decompressed(
  body: Uint8Array,
  coding: string,
  most: number,
): Uint8Array | string {
  const options = { maxOutputLength: most };
  try {
    switch (coding) {
      case "":
      case "identity":
        return body;
      case "gzip":
      case "x-gzip":
        return gunzipSync(body, options);
      case "deflate":
        return inflateSync(body, options);
      case "br":
        return brotliDecompressSync(body, options);
      default:
        return "bodies in another coding than gzip, deflate and br, of which the size is recorded";
    }
  } catch (error) {
    return error instanceof RangeError ||
        /larger than|too large/i.test(`${error}`)
      ? ""
      : "bodies whose coding is broken, of which the size is recorded";
  }
}
