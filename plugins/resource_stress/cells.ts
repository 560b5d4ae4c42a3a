/**
 * What a stress thread and the event loop share: whole numbers of 64 bits, each written by one side alone.
 *
 * @module
 */

/** Where each number lies. */
export const CELL = {
  /** Rises with whatever the event loop writes: the thread sleeps on it. */
  bell: 0,
  /** 1 once the thread is to end. Written by the event loop. */
  stop: 1,
  /** Rises as long as the event loop lives. Written by the event loop. */
  pulse: 2,
  /** What is aimed at: millionths of a core, or bytes. Written by the event loop. */
  target: 3,
  /** What was reached: microseconds of CPU time, or bytes held. Written by the thread. */
  reached: 4,
  /** Since when, in microseconds of the thread's life: the time that belongs to `reached`. Written by the thread. */
  elapsed: 5,
  /** Microseconds that the thread was ready to run and had no core. Written by the thread. */
  waited: 6,
  /** The thread's id in the system; 0 where it cannot be known. Written by the thread. */
  thread: 7,
} as const;

/** The numbers, all 0. */
export type Cells = BigInt64Array<SharedArrayBuffer>;

/** Makes them. */
export function createCells(): Cells {
  return new BigInt64Array(
    new SharedArrayBuffer(
      Object.keys(CELL).length * BigInt64Array.BYTES_PER_ELEMENT,
    ),
  );
}

/** Reads one. */
export function load(cells: Cells, cell: number): number {
  return Number(Atomics.load(cells, cell));
}

/** Writes one, rounded. */
export function store(cells: Cells, cell: number, value: number): void {
  Atomics.store(cells, cell, BigInt(Math.round(value)));
}

/** Wakes the thread, to see what was written. */
export function ring(cells: Cells): void {
  Atomics.add(cells, CELL.bell, 1n);
  Atomics.notify(cells, CELL.bell);
}

/** What a thread is started with. */
export interface ThreadStart {
  /** What it shares with the event loop. */
  readonly cells: Cells;
  /** How long it may run at most, in milliseconds: its own watchdog. */
  readonly lifetime: number;
  /** Whether it can read its times from /proc/thread-self. */
  readonly threadTimes: boolean;
}

/** What a thread says, once. */
export interface ThreadEnd {
  /** Why it could not go on; undefined where it was told to end. */
  readonly failure: string | undefined;
}
