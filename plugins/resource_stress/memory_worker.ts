/**
 * Script of a thread that holds memory, so that writing to pages does not block the event loop. All communication is through shared
 * cells.
 *
 * @module
 */
import { CELL, load, store, type ThreadStart } from "./cells.ts";
import { Pages, serveThread, threadId, Watchdog } from "./thread_side.ts";

/** Bytes that are written to or released between two readings of the target. */
const STEP = 4 * 2 ** 20;

/** Longest sleep between two checks of the watchdog, in ms. */
const MAX_SLEEP = 1000;

function run(start: ThreadStart): void {
  const { cells } = start;
  const pages = new Pages();
  const watchdog = new Watchdog({ ...start, now: () => performance.now() });
  store(cells, CELL.thread, threadId(start.threadTimes));
  while (!watchdog.ends()) {
    const bell = Atomics.load(cells, CELL.bell);
    const before = pages.held;
    pages.approach(load(cells, CELL.target), STEP);
    store(cells, CELL.reached, pages.held);
    if (pages.held === before) Atomics.wait(cells, CELL.bell, bell, MAX_SLEEP);
  }
  pages.approach(0, Infinity);
  store(cells, CELL.reached, 0);
}

serveThread(run);
