/**
 * Bodies of a size, without meaning: random bytes that no coding makes smaller, or text that compresses about as well as prose. They depend
 * on the seed and the route alone, so that all answers of a route are alike.
 *
 * @module
 */
import type { SizeSettings } from "../config/mod.ts";
import type { Stream } from "../plugin.ts";
import { type Body, pieceSizes, type Source } from "./source.ts";

/** Size of the blocks that a body is made of, in bytes. Bodies up to this size are made once. */
export const BLOCK: number = 64 * 1024;

/** Makes the blocks of a body: `fill(block, index)` overwrites one, always with the same bytes. */
export type Fill = (block: Uint8Array<ArrayBuffer>, index: number) => void;

/** Content types of the two kinds. */
export function typeOfSized({ compressible }: SizeSettings): string {
  return compressible
    ? "text/plain; charset=utf-8"
    : "application/octet-stream";
}

/** Returns the function that makes the bytes. */
export function fillOf({ compressible }: SizeSettings, stream: Stream): Fill {
  const word = (index: number) => stream.uniform(0, index) * 2 ** 32 >>> 0;
  const keys = [word(0), word(1)] as const;
  return compressible ? textBlocks(keys) : randomBlocks(keys);
}

/** Returns the whole body, which must fit into memory. */
export function bytesOf(
  { bytes }: SizeSettings,
  fill: Fill,
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  const block = new Uint8Array(BLOCK);
  for (let start = 0, index = 0; start < bytes; start += BLOCK, index++) {
    fill(block, index);
    whole.set(block.subarray(0, bytes - start), start);
  }
  return whole;
}

/** Answers with a body that is made anew for each answer, block by block. */
export function sizedSource({ bytes }: SizeSettings, fill: Fill): Source {
  const headers = new Headers({ "content-length": `${bytes}` });
  return {
    content: () => ({ headers, body: new SizedBody(bytes, fill) }),
    pieces: (_, limit) => pieceSizes(bytes, limit),
  };
}

class SizedBody implements Body {
  readonly #bytes: number;
  readonly #fill: Fill;
  readonly #block = new Uint8Array(BLOCK);
  #sent = 0;
  /** Index of the block in memory; -1 for none. */
  #index = -1;

  constructor(bytes: number, fill: Fill) {
    this.#bytes = bytes;
    this.#fill = fill;
  }

  get ended(): boolean {
    return this.#sent >= this.#bytes;
  }

  read(limit: number): Uint8Array | null {
    if (this.ended) return null;
    const piece = new Uint8Array(Math.min(limit, this.#bytes - this.#sent));
    for (let at = 0; at < piece.length;) {
      const start = this.#sent % BLOCK;
      const index = Math.floor(this.#sent / BLOCK);
      if (index !== this.#index) {
        this.#fill(this.#block, index);
        this.#index = index;
      }
      const part = this.#block.subarray(start, start + piece.length - at);
      piece.set(part, at);
      at += part.length;
      this.#sent += part.length;
    }
    return piece;
  }

  close(): void {}
}

/** Finaliser of MurmurHash3: a bijection of 32-bit words. */
function mixed(place: number): number {
  let word = place | 0;
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return word ^ word >>> 16;
}

type Keys = readonly [number, number];

/**
 * Random bytes. Each block is the first one with a word of its own added to all of its words: that is much faster than to draw them all,
 * and no coding finds it.
 */
function randomBlocks([first, second]: Keys): Fill {
  let words: Int32Array | undefined;
  return (block, index) => {
    words ??= Int32Array.from(
      { length: BLOCK / 4 },
      (_, place) => mixed(mixed(place + first) ^ second),
    );
    const own = index === 0 ? 0 : mixed(index ^ second);
    const target = new Int32Array(block.buffer, 0, BLOCK / 4);
    for (let place = 0; place < words.length; place++) {
      target[place] = words[place] + own;
    }
  };
}

const SYLLABLES =
  "ar be con de el fo gra hi in ja ke lo mi nor o pa qui ra sel ti u ver wa xa yo zen chi stra plu dri sha tho"
    .split(" ");

const ENCODED = SYLLABLES.map((syllable) => new TextEncoder().encode(syllable));

const SPACE = 0x20;
const LINE_END = 0x0a;

/** Text of words with one to three syllables, in lines. */
function textBlocks([first, second]: Keys): Fill {
  return (block, index) => {
    const own = mixed(index + first) ^ second;
    let at = 0;
    for (let word = 0; at < BLOCK; word++) {
      const drawn = mixed(mixed(word) ^ own);
      const count = 1 + (drawn >>> 30) % 3;
      for (let syllable = 0; syllable < count; syllable++) {
        for (const letter of ENCODED[drawn >>> 5 * syllable & 31]) {
          if (at < BLOCK) block[at++] = letter;
        }
      }
      if (at < BLOCK) block[at++] = word % 12 === 11 ? LINE_END : SPACE;
    }
  };
}
