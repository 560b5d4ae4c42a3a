/**
 * Script of a thread that burns CPU. It does not return to its event loop until it ends: all communication is through shared cells.
 *
 * @module
 */
import { CELL, load, store, type ThreadStart } from "./cells.ts";
import {
  DutyCycle,
  serveThread,
  threadId,
  threadTimes,
  Watchdog,
} from "./thread_side.ts";

/** Longest step between two readings of the clock that counts as burning, in ms: in a longer one other threads had the core. */
const MAX_STEP = 0.5;

function run(start: ThreadStart): void {
  const { cells } = start;
  const watchdog = new Watchdog({ ...start, now: () => performance.now() });
  const began = performance.now();
  const before = threadTimes(start.threadTimes);
  const cycle = new DutyCycle(began);
  store(cells, CELL.thread, threadId(start.threadTimes));
  while (!watchdog.ends()) {
    const times = threadTimes(start.threadTimes);
    const now = performance.now();
    const consumed = times.ran - before.ran;
    store(cells, CELL.reached, 1000 * consumed);
    store(cells, CELL.waited, 1000 * (times.waited - before.waited));
    store(cells, CELL.elapsed, 1000 * (now - began));
    const share = load(cells, CELL.target) / 1e6;
    const { burn, end } = cycle.slice(now, consumed, share);
    burnFor(burn, end);
    sleepUntil(end, start);
  }
}

/** Burns CPU time, in ms, but not beyond a time. */
function burnFor(wanted: number, end: number): void {
  let now = performance.now();
  for (let burnt = 0; burnt < wanted && now < end;) {
    const next = performance.now();
    if (next - now < MAX_STEP) burnt += next - now;
    now = next;
  }
}

/** Sleeps until a time, or until the thread has to end. Other rings of the bell do not cut the slice short. */
function sleepUntil(end: number, { cells }: ThreadStart): void {
  for (;;) {
    const bell = Atomics.load(cells, CELL.bell);
    const left = end - performance.now();
    if (left <= 0 || load(cells, CELL.stop) !== 0) return;
    Atomics.wait(cells, CELL.bell, bell, left);
  }
}

serveThread(run);
