/**
 * Number of descriptors that this process may open.
 *
 * @module
 */
import type { Loop } from "./loop.ts";

/** RLIMIT_NOFILE. */
const DESCRIPTORS = 7;

/**
 * Raises the limit to the highest one that needs no privilege, as runtimes of other languages do.
 *
 * @returns the limit
 */
export function raiseDescriptorLimit(loop: Loop): number {
  const cells = new BigUint64Array(2);
  const bytes = new Uint8Array(cells.buffer);
  if (loop.calls.getrlimit(DESCRIPTORS, bytes) < 0) return Infinity;
  const [, hard] = cells;
  if (cells[0] < hard) {
    cells[0] = hard;
    if (loop.calls.setrlimit(DESCRIPTORS, bytes) < 0) {
      loop.calls.getrlimit(DESCRIPTORS, bytes);
    }
  }
  return Number(cells[0]);
}
