/**
 * Shared memory of a stress thread and the event loop: 64-bit integers, each written by one side only.
 *
 * @module
 */

/** Index of each number. */
export const CELL = {
  /** Counts writes of the event loop; the thread sleeps on it. */
  bell: 0,
  /** 1 when the thread has to end. Written by the event loop. */
  stop: 1,
  /** Counts signs of life of the event loop. Written by the event loop. */
  pulse: 2,
  /** Target: millionths of a core, or bytes. Written by the event loop. */
  target: 3,
  /** Amount reached: microseconds of CPU time, or bytes held. Written by the thread. */
  reached: 4,
  /** Age of the thread when `reached` was written, in microseconds. Written by the thread. */
  elapsed: 5,
  /** Time for which the thread was ready to run and had no core, in microseconds. Written by the thread. */
  waited: 6,
  /** The system's id of the thread; 0 if unknown. Written by the thread. */
  thread: 7,
} as const;

/** The shared numbers. */
export type Cells = BigInt64Array<SharedArrayBuffer>;

/** Makes cells that are all 0. */
export function createCells(): Cells {
  return new BigInt64Array(
    new SharedArrayBuffer(
      Object.keys(CELL).length * BigInt64Array.BYTES_PER_ELEMENT,
    ),
  );
}

/** Reads a cell. */
export function load(cells: Cells, cell: number): number {
  return Number(Atomics.load(cells, cell));
}

/** Writes a cell, rounded. */
export function store(cells: Cells, cell: number, value: number): void {
  Atomics.store(cells, cell, BigInt(Math.round(value)));
}

/** Wakes the thread. */
export function ring(cells: Cells): void {
  Atomics.add(cells, CELL.bell, 1n);
  Atomics.notify(cells, CELL.bell);
}

/** First message to a thread. */
export interface ThreadStart {
  /** Memory that the thread shares with the event loop. */
  readonly cells: Cells;
  /** Maximum lifetime in ms, enforced by the thread itself. */
  readonly lifetime: number;
  /** True if the thread can read its times from /proc/thread-self. */
  readonly threadTimes: boolean;
}

/** Last message of a thread. */
export interface ThreadEnd {
  /** Reason why the thread could not continue; undefined if it was told to end. */
  readonly failure: string | undefined;
}
