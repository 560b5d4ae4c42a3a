/**
 * Content codings: the negotiation of one with a client (RFC 9110, section 12.5.3), and the bodies that were coded, each once for each
 * version of its contents.
 *
 * @module
 */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { parseAccept } from "hono/utils/accept";
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from "hono/utils/compress";
import type { Coding } from "../config/mod.ts";
import { ENTRY_BYTES } from "../lib/bounded.ts";
import { textBytes } from "../lib/bounded_text.ts";

/** Smallest body that is coded, in bytes, if the client takes it as it is too: a smaller one would hardly become smaller. */
export const LEAST_CODED = 1024;

/** Largest body that is coded as a whole, in bytes. A larger one is sent as it is. */
export const MOST_CODED: number = 32 * 1024 ** 2;

/** Largest body that is coded for one answer, while others wait, in bytes. */
export const MOST_CODED_AT_ONCE: number = 256 * 1024;

/** Maximum number of bytes of coded files in memory, for the process. */
export const CODED_BYTES: number = 64 * 1024 ** 2;

/** Suffixes of files that hold another one in coded form. */
export const SUFFIXES: Readonly<Record<Coding, string>> = {
  br: ".br",
  gzip: ".gz",
};

/** Quality of brotli where others wait. */
const QUICK_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Returns true if bodies of a content type become smaller. */
export function isCompressible(type: string): boolean {
  return COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type);
}

/** Names of a coding in requests. */
const NAMES: Readonly<Record<Coding | "identity", readonly string[]>> = {
  br: ["br"],
  gzip: ["gzip", "x-gzip"],
  identity: ["identity"],
};

/**
 * Chooses the coding that a client prefers. If it prefers none, the first takes precedence, and a coding over none.
 *
 * @param accepted Accept-Encoding of the request; null if there is none
 * @param offered codings that the body can be sent in
 * @returns the coding; "identity" for none; undefined if the client takes neither
 */
export function negotiated(
  accepted: string | null,
  offered: readonly Coding[],
): Coding | "identity" | undefined {
  // Without the header, no coding is known to be understood.
  if (accepted === null) return "identity";
  const written = parseAccept(accepted);
  const others = written.find(({ type }) => type === "*")?.q;
  let best: Coding | "identity" | undefined;
  let quality = 0;
  for (const coding of [...offered, "identity"] as const) {
    const own = written.find(({ type }) =>
      NAMES[coding].includes(type.toLowerCase())
    );
    // A coding that is not named is not taken. No coding at all is taken unless it is refused, and last.
    const unnamed = coding !== "identity"
      ? others ?? 0
      : others === 0
      ? 0
      : Number.MIN_VALUE;
    const q = own?.q ?? unnamed;
    if (q > quality) [best, quality] = [coding, q];
  }
  return best;
}

/** Returns true if a client takes bodies without a coding. */
export function takesIdentity(x: {
  header(name: string): string | null;
}): boolean {
  return negotiated(x.header("accept-encoding"), []) !== undefined;
}

/** Returns true if a header Accept names a media type. */
export function namesType(accept: string | null, type: string): boolean {
  return parseAccept(accept ?? "").some((one) =>
    one.type.toLowerCase() === type && one.q > 0
  );
}

/** Codes bytes at once, which must be few: others wait. */
export function codedAtOnce(
  bytes: Uint8Array<ArrayBuffer>,
  coding: Coding,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    coding === "br"
      ? brotliCompressSync(bytes, QUICK_BROTLI)
      : gzipSync(bytes, { level: 1 }),
  );
}

/** Coded bytes of one version. */
interface Entry {
  readonly version: string;
  /** Undefined if they could not be made. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Coded bodies by key, each of the latest version that was asked for. Beyond its limit, those unused for the longest time go. */
export class CodedBodies {
  /** Maximum number of bytes. */
  readonly limit: number;
  readonly #entries = new Map<string, Entry>();
  readonly #working = new Map<string, Promise<void>>();
  /** Ends of the work that is under way or waits, in turn: not much of it may be in memory at once. */
  readonly #lanes: Promise<void>[] = [Promise.resolve(), Promise.resolve()];
  #lane = 0;
  #bytes = 0;

  /** @param limit maximum number of bytes; larger bodies are not kept */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Number of bytes that the entries take at most. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Returns coded bytes.
   *
   * @returns null if they could not be made; undefined if they have not been made
   */
  get(
    key: string,
    version: string,
  ): Uint8Array<ArrayBuffer> | null | undefined {
    const entry = this.#entries.get(key);
    if (entry?.version !== version) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.bytes ?? null;
  }

  /**
   * Makes coded bytes, unless that is under way.
   *
   * @param make makes them; an error counts as none
   * @returns promise that never rejects
   */
  make(
    key: string,
    version: string,
    make: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const place = `${key}\0${version}`;
    let work = this.#working.get(place);
    if (work === undefined) {
      const lane = this.#lane++ % this.#lanes.length;
      work = this.#lanes[lane].then(make).catch(() => undefined).then(
        (bytes) => {
          this.#working.delete(place);
          this.#set(key, { version, bytes });
        },
      );
      this.#lanes[lane] = work;
      this.#working.set(place, work);
    }
    return work;
  }

  #set(key: string, entry: Entry): void {
    this.#remove(key);
    const bytes = sizeOf(key, entry);
    if (bytes > this.limit) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + bytes <= this.limit) break;
      this.#remove(oldest);
    }
    this.#entries.set(key, entry);
    this.#bytes += bytes;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, entry);
  }
}

function sizeOf(key: string, { version, bytes }: Entry): number {
  return ENTRY_BYTES + textBytes(key) + textBytes(version) +
    (bytes?.length ?? 0);
}
