/**
 * The thread that holds memory: touching pages is its work and not the event loop's. What it is told and what it tells lies in
 * shared cells.
 *
 * @module
 */
import { CELL, load, store, type ThreadStart } from "./cells.ts";
import { Pages } from "./pages.ts";
import { serveThread } from "./serve_thread.ts";
import { threadId } from "./thread_times.ts";
import { Watchdog } from "./watchdog.ts";

/** How much is touched or given back between two looks at what is wanted, in bytes. */
const STEP = 4 * 2 ** 20;

/** How long it sleeps at most before it looks around, in milliseconds. */
const NAP = 1000;

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
    if (pages.held === before) Atomics.wait(cells, CELL.bell, bell, NAP);
  }
  pages.approach(0, Infinity);
  store(cells, CELL.reached, 0);
}

serveThread(run);
