import { deepEqual, equal, ok } from "node:assert/strict";
import { CELL, sleepAndRing } from "../../../../core/lib/time/_thread_waker.ts";

/** Runs the thread's function in this thread, with its two operations on the other thread replaced. */
function runHere(
  alarm: { sentAt: number; wakeAt: number },
  ways: {
    notify(cells: Int32Array): void;
    wait?(cells: Int32Array): "not-equal" | "timed-out";
  },
): void {
  const { notify, wait } = Atomics;
  const cells = new Int32Array(new SharedArrayBuffer(20));
  cells[CELL.armed] = 1;
  cells[CELL.sentAt] = (alarm.sentAt * 1000) | 0;
  cells[CELL.wakeAt] = (alarm.wakeAt * 1000) | 0;
  Object.assign(Atomics, {
    notify: () => ways.notify(cells),
    ...ways.wait && { wait: () => ways.wait?.(cells) },
  });
  try {
    sleepAndRing(cells, CELL);
  } finally {
    Object.assign(Atomics, { notify, wait });
  }
}

Deno.test("sleepAndRing() rings once for each alarm, and ends on stop", () => {
  const rang: number[] = [];
  let waits = 0;
  const now = performance.now();
  runHere({ sentAt: now, wakeAt: now }, {
    notify: (cells) => rang.push(cells[CELL.rang]),
    wait: (cells) => {
      if (++waits === 3) cells[CELL.stop] = 1;
      else cells[CELL.armed]++;
      return "not-equal";
    },
  });
  deepEqual(rang, [1, 2, 3]);
});

Deno.test("sleepAndRing() reads the alarm again if it was set during its sleep", () => {
  const rang: number[] = [];
  const now = performance.now();
  runHere({ sentAt: now, wakeAt: now + 60_000 }, {
    notify: (cells) => {
      rang.push(cells[CELL.rang]);
      cells[CELL.stop] = 1;
    },
    wait: (cells) => {
      cells[CELL.armed]++;
      cells[CELL.wakeAt] = cells[CELL.sentAt];
      return "not-equal";
    },
  });
  deepEqual(rang, [2]);
});

Deno.test("sleepAndRing() rings after its full sleep, whatever the clock shows then", () => {
  const now = performance.now();
  let rings = 0;
  runHere({ sentAt: now, wakeAt: now + 60_000 }, {
    notify: (cells) => cells[CELL.stop] = ++rings,
    wait: () => "timed-out",
  });
  equal(rings, 1);
});

Deno.test("sleepAndRing() sleeps for the right time if the clocks have different origins", () => {
  for (const origin of [0, 1234.5, -98_765.25, 2 ** 31 / 1000 - 2]) {
    const start = performance.now();
    runHere({ sentAt: start + origin, wakeAt: start + origin + 4 }, {
      notify: (cells) => cells[CELL.stop] = 1,
    });
    const slept = performance.now() - start;
    ok(slept > 3.9 && slept < 1000, `slept ${slept} ms with origin ${origin}`);
  }
});
