/**
 * Bounds in bytes for what clients send and the server remembers or shows: maps that drop their oldest entries, and keys of bounded
 * length; bounded_text.ts has texts that are cut. docs/limits.md lists every place with its bound; a test fills each.
 *
 * Bytes are counted as if each character took two, which V8 needs for some texts and never exceeds.
 *
 * @module
 */
import { detached, textBytes } from "./bounded_text.ts";
import { hashKey } from "./random/mod.ts";

/** Bytes that a map's entry takes beside its characters and its value: slots of the table, half of them empty, and headers of objects. */
export const ENTRY_BYTES = 160;

/** Maximum length of a remembered key, in characters, unless its place has another. */
export const LONGEST_KEY = 128;

/** Share of a map's bytes that are dropped at once: dropping one by one would search for the oldest each time. */
const DROPPED = 1 / 8;

/**
 * Returns a key of bounded length that stands for a text: the text itself, or the beginning and three hashes of a longer one.
 * Texts that differ have the same key with a probability of about 2^-64.
 */
export function boundedKey(
  text: string,
  longest: number = LONGEST_KEY,
): string {
  if (text.length <= longest) return text;
  const middle = text.length >> 1;
  const hashes = [text.slice(0, middle), text.slice(middle), text].map((part) =>
    hashKey(part).toString(16).padStart(8, "0")
  ).join("");
  const shown = text.slice(0, longest - hashes.length - 1).toWellFormed();
  return `${shown}…${hashes}`;
}

interface Entry<Value> {
  readonly key: string;
  value: Value;
}

/**
 * A map of texts that takes a bounded number of bytes. Beyond it the oldest eighth is dropped. It is the order of insertion that
 * counts; {@linkcode ByteMap.use} makes it the order of use.
 */
export class ByteMap<Value> {
  /** Maximum number of bytes. */
  readonly limit: number;
  readonly #each: number;
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  /**
   * Makes an empty map.
   *
   * @param limit maximum number of bytes; a single entry may exceed it
   * @param value number of bytes that a value takes at most
   */
  constructor(limit: number, value: number) {
    this.limit = limit;
    this.#each = ENTRY_BYTES + value;
  }

  /** Number of bytes that the entries take at most. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the value of a key; undefined if there is none. */
  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Sets the value of a key, which becomes the newest. */
  set(key: string, value: Value): void {
    const known = this.#entries.get(key);
    if (known === undefined) return this.#add(key, value);
    known.value = value;
    this.#renew(known);
  }

  /** Returns the value of a key, made where there is none; the key becomes the newest. */
  use(key: string, create: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#renew(known);
      return known.value;
    }
    const value = create();
    this.#add(key, value);
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** All keys and their values, the oldest first. */
  *[Symbol.iterator](): Generator<[key: string, value: Value]> {
    for (const { key, value } of this.#entries.values()) yield [key, value];
  }

  #add(key: string, value: Value): void {
    const bytes = this.#bytesOf(key);
    if (this.#bytes + bytes > this.limit) this.#drop(bytes);
    const own = detached(key);
    this.#entries.set(own, { key: own, value });
    this.#bytes += bytes;
  }

  /** Makes an entry the newest, under its own text: an equal one may be part of a request's head. */
  #renew(entry: Entry<Value>): void {
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }

  #bytesOf(key: string): number {
    return this.#each + textBytes(key);
  }

  /** Drops the oldest entries until there is room for one of `bytes`, and some more. */
  #drop(bytes: number): void {
    const left = Math.min(this.limit * (1 - DROPPED), this.limit - bytes);
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= left) return;
      this.#entries.delete(key);
      this.#bytes -= this.#bytesOf(key);
    }
  }
}
