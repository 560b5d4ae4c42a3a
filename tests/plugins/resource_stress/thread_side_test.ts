import { equal, ok } from "node:assert/strict";
import {
  CELL,
  createCells,
  store,
} from "../../../plugins/resource_stress/cells.ts";
import {
  DutyCycle,
  PAGE,
  Pages,
  SILENCE,
  SLICE,
  Watchdog,
} from "../../../plugins/resource_stress/thread_side.ts";

const MIB = 2 ** 20;

/** A watchdog in virtual time. */
function watch(lifetime: number) {
  const cells = createCells();
  const time = { now: 100 };
  const watchdog = new Watchdog({ cells, lifetime, now: () => time.now });
  return { cells, time, watchdog };
}

Deno.test("Watchdog lets a thread run while the event loop gives signs of life", () => {
  const { cells, time, watchdog } = watch(Infinity);
  for (let pulse = 1; pulse < 100; pulse++) {
    time.now += SILENCE;
    store(cells, CELL.pulse, pulse);
    equal(watchdog.ends(), false);
  }
});

Deno.test("Watchdog ends a thread that was told to end", () => {
  const { cells, watchdog } = watch(Infinity);
  equal(watchdog.ends(), false);
  store(cells, CELL.stop, 1);
  equal(watchdog.ends(), true);
});

Deno.test("Watchdog ends a thread whose time is over", () => {
  const { cells, time, watchdog } = watch(1000);
  time.now = 1099;
  store(cells, CELL.pulse, 1);
  equal(watchdog.ends(), false);
  time.now = 1100;
  equal(watchdog.ends(), true);
});

Deno.test("Watchdog ends a thread whose event loop is silent for longer than the longest block", () => {
  const { cells, time, watchdog } = watch(Infinity);
  store(cells, CELL.pulse, 1);
  equal(watchdog.ends(), false);
  time.now += SILENCE;
  equal(watchdog.ends(), false);
  time.now += 1;
  equal(watchdog.ends(), true);
});

/** A core in virtual time, as seen by a thread. */
interface Core {
  /** The present, in milliseconds. */
  now: number;
  /** The thread's CPU time, in milliseconds. */
  consumed: number;
}

/** Effect of a machine on a slice, in ms: time without the core, and lateness of the end of the sleep. */
type Machine = (slice: number) => { stolen: number; late: number };

/** Runs a thread for 20 s; returns the share of CPU time in each window of 5 s. */
function run(share: (now: number) => number, machine: Machine): number[] {
  const core: Core = { now: 0, consumed: 0 };
  const cycle = new DutyCycle(0);
  const windows: number[] = [];
  let before = 0;
  for (let slice = 0; core.now < 20_000; slice++) {
    const { burn, end } = cycle.slice(core.now, core.consumed, share(core.now));
    const { stolen, late } = machine(slice);
    const burnt = Math.min(burn, Math.max(0, SLICE - stolen));
    core.consumed += burnt;
    core.now = Math.max(core.now + burnt + stolen, end + late);
    if (core.now >= 5000 * (windows.length + 1)) {
      windows.push((core.consumed - before) / 5000);
      before = core.consumed;
    }
  }
  return windows;
}

for (const share of [0, 0.3, 0.6, 0.9, 1]) {
  Deno.test(`DutyCycle holds ${share} of a core to within half a point over 5 s on an idle machine`, () => {
    for (const window of run(() => share, () => ({ stolen: 0, late: 0 }))) {
      ok(Math.abs(window - share) < 0.005, `${window}`);
    }
  });
}

for (const share of [0.3, 0.6, 0.9]) {
  Deno.test(`DutyCycle holds ${share} of a core to within 2 points when sleeps end late and other threads take the core`, () => {
    // Every tenth slice loses 15 ms, and every sleep is 0.3 ms too long.
    const windows = run(() => share, (slice) => ({
      stolen: slice % 10 === 0 ? Math.min(15, 2 * (1 - share) * SLICE) : 0,
      late: 0.3,
    }));
    for (const window of windows) {
      ok(Math.abs(window - share) < 0.02, `${window}`);
    }
  });
}

Deno.test("DutyCycle follows a target that changes", () => {
  const windows = run(
    (now) => now < 10_000 ? 0.2 : 0.7,
    () => ({ stolen: 0, late: 0 }),
  );
  ok(Math.abs(windows[1] - 0.2) < 0.01);
  ok(Math.abs(windows[2] - 0.7) < 0.01);
});

Deno.test("DutyCycle makes up for a slice without the core", () => {
  const cycle = new DutyCycle(0);
  equal(cycle.slice(0, 0, 0.5).burn, SLICE / 2);
  equal(cycle.slice(SLICE, 0, 0.5).burn, SLICE);
});

Deno.test("DutyCycle burns less after a slice that burnt too much", () => {
  const cycle = new DutyCycle(0);
  cycle.slice(0, 0, 0.5);
  equal(cycle.slice(SLICE, SLICE, 0.5).burn, 0);
});

Deno.test("DutyCycle makes up for at most half a second of CPU time", () => {
  const cycle = new DutyCycle(0);
  let now = 0;
  // A minute without the core.
  for (; now < 60_000; now += SLICE) cycle.slice(now, 0, 0.5);
  let consumed = 0;
  const began = now;
  for (;; now += SLICE) {
    const { burn } = cycle.slice(now, consumed, 0.5);
    if (burn < SLICE) break;
    consumed += burn;
  }
  // Half a second of CPU time is owed, of which a full core pays back half of what it burns.
  ok(now - began <= 1000 + 2 * SLICE, `${now - began} ms`);
});

Deno.test("DutyCycle accounts for the time by which a slice was longer or shorter than planned", () => {
  const late = new DutyCycle(0);
  late.slice(0, 0, 0.5);
  equal(late.slice(SLICE + 4, SLICE / 2, 0.5).burn, SLICE / 2 + 2);
  const early = new DutyCycle(0);
  early.slice(0, 0, 0.5);
  equal(early.slice(SLICE - 4, SLICE / 2, 0.5).burn, SLICE / 2 - 2);
});

Deno.test("Pages grow and shrink to any whole number of pages", () => {
  const pages = new Pages();
  for (const size of [PAGE, 3 * PAGE, 65 * MIB, 64 * MIB, 130 * MIB, PAGE, 0]) {
    pages.approach(size, Infinity);
    equal(pages.held, size);
  }
});

Deno.test("Pages change by at most one step at a time", () => {
  const pages = new Pages();
  pages.approach(10 * MIB, 4 * MIB);
  equal(pages.held, 4 * MIB);
  pages.approach(10 * MIB, 4 * MIB);
  pages.approach(10 * MIB, 4 * MIB);
  equal(pages.held, 10 * MIB);
  pages.approach(0, 4 * MIB);
  equal(pages.held, 6 * MIB);
  pages.approach(0, Infinity);
  equal(pages.held, 0);
});

Deno.test("Pages round to whole pages, and stay there", () => {
  const pages = new Pages();
  pages.approach(1.4 * PAGE, Infinity);
  equal(pages.held, PAGE);
  pages.approach(1.4 * PAGE, Infinity);
  equal(pages.held, PAGE);
});
