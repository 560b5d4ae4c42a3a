/**
 * What runs on the waker's thread. It is shipped as source text, since a module of a published package cannot be loaded
 * by a worker everywhere: hence it uses nothing but its parameters and globals.
 *
 * @module
 */

/** Where each number lies in the memory the two threads share. */
export const CELL = {
  /** Counts the times the alarm was set; the waker sleeps on it. */
  armed: 0,
  /** The main thread's time when it set the alarm, in microseconds modulo 2^32. */
  sentAt: 1,
  /** When to ring, by the main thread's clock, in microseconds modulo 2^32. */
  wakeAt: 2,
  /** The count of the alarm that rang last; the main thread waits on it. */
  rang: 3,
  /** 1 once the thread is to end. */
  stop: 4,
} as const;

/**
 * Sleeps until the time it is given, rings, and waits for the next, until it is told to stop.
 *
 * The two threads' clocks have the same rate, as both are monotonic, but not the same origin. The difference is not
 * taken from `performance.timeOrigin`, which a step of the wall clock falsifies: each alarm carries the time at which it
 * was sent, and received minus sent is the difference plus the message's way, so the least seen so far is the
 * difference but for the fastest message (10 to 50 µs). That rest shows up in the measured wake-up delay, and so in the
 * lead.
 *
 * @param cells the shared memory
 * @param cell the places in it
 */
export function sleepAndRing(cells: Int32Array, cell: typeof CELL): void {
  let served = 0;
  let offset = 0;
  while (Atomics.load(cells, cell.stop) === 0) {
    const armed = Atomics.load(cells, cell.armed);
    if (armed === served) {
      Atomics.wait(cells, cell.armed, armed);
      continue;
    }
    const sentAt = Atomics.load(cells, cell.sentAt);
    const now = (performance.now() * 1000) | 0;
    // `| 0` keeps differences right where the microseconds wrap round, every 71 minutes.
    const difference = (now - sentAt) | 0;
    if (served === 0 || ((difference - offset) | 0) < 0) offset = difference;
    const wakeAt = Atomics.load(cells, cell.wakeAt);
    const left = (wakeAt + offset - now) | 0;
    // Woken before its time, it was set anew or told to stop. Slept out, it rings without another look at the clock:
    // a process that was halted for half an hour would misread the microseconds.
    if (
      left > 0 &&
      Atomics.wait(cells, cell.armed, armed, left / 1000) !== "timed-out"
    ) continue;
    served = armed;
    Atomics.store(cells, cell.rang, armed);
    Atomics.notify(cells, cell.rang);
  }
}
