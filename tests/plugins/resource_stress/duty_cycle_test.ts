import { equal, ok } from "node:assert/strict";
import {
  DutyCycle,
  SLICE,
} from "../../../plugins/resource_stress/duty_cycle.ts";

/** A core in virtual time, as a thread sees it. */
interface Core {
  /** The present, in milliseconds. */
  now: number;
  /** The thread's CPU time, in milliseconds. */
  consumed: number;
}

/** How a machine treats one slice: what of the burning was without the core, and how late the sleep ends, in milliseconds. */
type Machine = (slice: number) => { stolen: number; late: number };

/** Runs a thread for some time on a machine; returns the share of each window of 5 s. */
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
  Deno.test(`DutyCycle holds ${share} of a core to within half a point over 5 s on a machine at rest`, () => {
    for (const window of run(() => share, () => ({ stolen: 0, late: 0 }))) {
      ok(Math.abs(window - share) < 0.005, `${window}`);
    }
  });
}

for (const share of [0.3, 0.6, 0.9]) {
  Deno.test(`DutyCycle holds ${share} of a core to within 2 points where sleeps end late and others take the core`, () => {
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

Deno.test("DutyCycle makes up for a slice in which it had no core", () => {
  const cycle = new DutyCycle(0);
  equal(cycle.slice(0, 0, 0.5).burn, SLICE / 2);
  equal(cycle.slice(SLICE, 0, 0.5).burn, SLICE);
});

Deno.test("DutyCycle burns less after a slice in which it burnt too much", () => {
  const cycle = new DutyCycle(0);
  cycle.slice(0, 0, 0.5);
  equal(cycle.slice(SLICE, SLICE, 0.5).burn, 0);
});

Deno.test("DutyCycle does not burn without a pause for what it was starved of long ago", () => {
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
