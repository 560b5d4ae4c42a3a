import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { TimerHeap } from "../../../../core/lib/time/_timer_heap.ts";

const SEED = 20_260_101;

/** A simple heap for comparison: a list that is searched from end to end. */
class NaiveHeap {
  readonly timers: { deadline: number; name: number; handle: number }[] = [];

  get deadline(): number {
    return this.timers.reduce(
      (least, { deadline }) => Math.min(least, deadline),
      Infinity,
    );
  }

  /** Removes the first timer with the earliest deadline. */
  take(): number | undefined {
    const place = this.timers.findIndex(({ deadline }) =>
      deadline === this.deadline
    );
    return this.timers.splice(place, 1).at(0)?.name;
  }

  cancel(handle: number): boolean {
    const place = this.timers.findIndex((timer) => timer.handle === handle);
    if (place < 0) return false;
    this.timers.splice(place, 1);
    return true;
  }
}

type Step =
  | { do: "push"; deadline: number }
  | { do: "fire" }
  | { do: "cancel"; which: number }
  | { do: "clear" };

const deadlines = fc.oneof(
  fc.integer({ min: -3, max: 12 }),
  fc.double({ noNaN: true }),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      deadline: deadlines,
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: "fire" } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("cancel" as const),
      which: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "clear" } as const) },
);

Deno.test("TimerHeap behaves like a list searched from end to end, in any sequence of operations", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 400, size: "max" }), (script) => {
      const heap = new TimerHeap();
      const naive = new NaiveHeap();
      const handles: number[] = [];
      const fired: number[] = [];
      for (const step of script) {
        if (step.do === "push") {
          const name = handles.length;
          const handle = heap.push(step.deadline, (it) => fired.push(it), name);
          ok(Number.isSafeInteger(handle) && handle > 0);
          ok(!handles.includes(handle), "a handle is never given twice");
          handles.push(handle);
          naive.timers.push({ deadline: step.deadline, name, handle });
        } else if (step.do === "fire") {
          const expected = naive.timers.length > 0 ? naive.take() : undefined;
          heap.fire();
          equal(fired.pop(), expected);
        } else if (step.do === "cancel" && handles.length > 0) {
          const handle = handles[step.which % handles.length];
          equal(heap.cancel(handle), naive.cancel(handle));
        } else if (step.do === "clear") {
          heap.clear();
          naive.timers.length = 0;
        }
        equal(heap.size, naive.timers.length);
        equal(heap.deadline, naive.deadline);
      }
    }),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test("TimerHeap.fire() calls 20 000 timers in order of deadline, then of insertion", () => {
  const heap = new TimerHeap();
  const fired: [deadline: number, order: number][] = [];
  let state = 1;
  for (let order = 0; order < 20_000; order++) {
    state = (state * 48_271) % 2_147_483_647;
    const timer: [number, number] = [state % 500, order];
    heap.push(timer[0], (it) => fired.push(it), timer);
  }
  while (heap.size > 0) heap.fire();
  const sorted = fired.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  deepEqual(fired, sorted);
});

Deno.test("TimerHeap.fire() passes the argument, and removes the timer before the call", () => {
  const heap = new TimerHeap();
  const argument = {};
  let seen: unknown;
  const handle = heap.push(1, (it) => {
    seen = it;
    equal(heap.size, 0);
    equal(heap.cancel(handle), false);
  }, argument);
  heap.fire();
  equal(seen, argument);
});

Deno.test("TimerHeap.fire() does nothing if no timer is pending", () => {
  const heap = new TimerHeap();
  heap.fire();
  equal(heap.size, 0);
});

Deno.test("TimerHeap.fire() lets errors of a callback propagate and keeps the other timers", () => {
  const heap = new TimerHeap();
  let fired = 0;
  heap.push(1, () => {
    throw new Error("No");
  }, undefined);
  heap.push(2, () => fired++, undefined);
  let message = "";
  try {
    heap.fire();
  } catch (error) {
    message = (error as Error).message;
  }
  heap.fire();
  equal(message, "No");
  equal(fired, 1);
});

Deno.test("TimerHeap.cancel() with a stale handle does not cancel the timer that reuses the slot", () => {
  const heap = new TimerHeap();
  const stale = heap.push(1, () => {}, undefined);
  heap.cancel(stale);
  const current = heap.push(1, () => {}, undefined);
  ok(stale !== current);
  equal(heap.cancel(stale), false);
  equal(heap.size, 1);
  equal(heap.cancel(current), true);
});

Deno.test("TimerHeap.cancel() ignores numbers that are not handles", () => {
  const heap = new TimerHeap();
  const handle = heap.push(1, () => {}, undefined);
  const strangers = [
    0,
    -1,
    0.5,
    NaN,
    Infinity,
    -Infinity,
    handle + 0.5,
    handle + 1,
    -handle,
    2 ** 53,
  ];
  for (const stranger of strangers) equal(heap.cancel(stranger), false);
  equal(heap.size, 1);
});
