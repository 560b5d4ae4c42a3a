/**
 * Bodies that are read piece by piece.
 *
 * @module
 */

/** A body under way to its client. */
export interface Body {
  /** True once all has been read, where that is known before the end is met. */
  readonly ended: boolean;
  /**
   * The next piece, `most` bytes at most, or null at the end. Not called again before the last piece has come.
   */
  read(most: number): Uint8Array | null | Promise<Uint8Array | null>;
  /** Gives back what it holds: called once, after the last piece or when nobody wants the rest. Must not throw. */
  close(): void;
}

/** Bytes that are known. */
export class BytesBody implements Body {
  readonly #bytes: Uint8Array;
  #sent = 0;

  /** @param bytes not copied, and not to be changed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#sent >= this.#bytes.length;
  }

  read(most: number): Uint8Array | null {
    if (this.ended) return null;
    const start = this.#sent;
    this.#sent = Math.min(start + most, this.#bytes.length);
    // A copy: what is handed to a stream may be transferred.
    return this.#bytes.slice(start, this.#sent);
  }

  close(): void {}
}
