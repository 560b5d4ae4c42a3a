/**
 * The beginning of a body that passes by.
 *
 * @module
 */

/** Keeps the pieces of a body up to a size; of a longer one it forgets all. */
export class Kept {
  readonly #most: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** @param most greatest size that is kept, in bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Size of all pieces, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds a piece. */
  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#most) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  /** The body; undefined if it is longer than what is kept. */
  get bytes(): Uint8Array | undefined {
    if (this.#size > this.#most) return undefined;
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** The body as text; undefined if it is longer than what is kept, or no UTF-8. */
  get text(): string | undefined {
    const { bytes } = this;
    if (bytes === undefined) return undefined;
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return undefined;
    }
  }
}
