import { equal } from "node:assert/strict";
import {
  CELL,
  createCells,
  store,
} from "../../../plugins/resource_stress/cells.ts";
import {
  SILENCE,
  Watchdog,
} from "../../../plugins/resource_stress/watchdog.ts";

/** A watchdog in virtual time. */
function watch(lifetime: number) {
  const cells = createCells();
  const time = { now: 100 };
  const watchdog = new Watchdog({ cells, lifetime, now: () => time.now });
  return { cells, time, watchdog };
}

Deno.test("Watchdog lets a thread go on that is told that the event loop lives", () => {
  const { cells, time, watchdog } = watch(Infinity);
  for (let pulse = 1; pulse < 100; pulse++) {
    time.now += SILENCE;
    store(cells, CELL.pulse, pulse);
    equal(watchdog.ends(), false);
  }
});

Deno.test("Watchdog ends a thread that is told to", () => {
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

Deno.test("Watchdog ends a thread whose event loop is silent for longer than any block may be", () => {
  const { cells, time, watchdog } = watch(Infinity);
  store(cells, CELL.pulse, 1);
  equal(watchdog.ends(), false);
  time.now += SILENCE;
  equal(watchdog.ends(), false);
  time.now += 1;
  equal(watchdog.ends(), true);
});
