/**
 * Received bytes of a connection that cannot be processed yet.
 *
 * @module
 */

const NOTHING = new Uint8Array(0);

/** Bytes that wait, from one index of a buffer to another. */
export class HeldBytes {
  /** The buffer. */
  bytes: Uint8Array = NOTHING;
  /** Index of the first byte that waits. */
  from = 0;
  /** Index after the last one. */
  to = 0;

  /** True if none waits. */
  get empty(): boolean {
    return this.to === this.from;
  }

  /** Adds a copy of bytes to those that wait. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const kept = this.to - this.from;
    const size = kept + to - from;
    if (this.to + to - from > this.bytes.length) {
      const larger = size > this.bytes.length
        ? new Uint8Array(Math.max(1024, 2 ** Math.ceil(Math.log2(size))))
        : this.bytes;
      larger.set(this.bytes.subarray(this.from, this.to));
      this.bytes = larger;
      this.from = 0;
      this.to = kept;
    }
    this.bytes.set(bytes.subarray(from, to), this.to);
    this.to += to - from;
  }

  /** Forgets them, and their buffer. */
  release(): void {
    this.bytes = NOTHING;
    this.from = this.to = 0;
  }
}
