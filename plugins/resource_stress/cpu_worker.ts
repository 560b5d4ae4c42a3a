/**
 * The thread that burns CPU. It never returns to its event loop before its end: what it is told and what it tells lies in shared
 * cells.
 *
 * @module
 */
import { CELL, load, store, type ThreadStart } from "./cells.ts";
import { DutyCycle } from "./duty_cycle.ts";
import { serveThread } from "./serve_thread.ts";
import { threadId, threadTimes } from "./thread_times.ts";
import { Watchdog } from "./watchdog.ts";

/** A longer step between two looks at the clock, in milliseconds, was no burning: others had the core. */
const GAP = 0.5;

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

/** Burns some CPU time, in milliseconds, but not beyond a time. */
function burnFor(wanted: number, end: number): void {
  let now = performance.now();
  for (let burnt = 0; burnt < wanted && now < end;) {
    const next = performance.now();
    if (next - now < GAP) burnt += next - now;
    now = next;
  }
}

/** Sleeps until a time, or until it is told to end: a bell for anything else does not cut the slice short. */
function sleepUntil(end: number, { cells }: ThreadStart): void {
  for (;;) {
    const bell = Atomics.load(cells, CELL.bell);
    const left = end - performance.now();
    if (left <= 0 || load(cells, CELL.stop) !== 0) return;
    Atomics.wait(cells, CELL.bell, bell, left);
  }
}

serveThread(run);
