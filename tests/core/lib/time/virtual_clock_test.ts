import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";

const SEED = 20_260_102;

Deno.test("VirtualClock.now() starts at the given time and stands still", () => {
  equal(new VirtualClock().now(), 0);
  equal(new VirtualClock(-12.5).now(), -12.5);
});

Deno.test("VirtualClock throws a RangeError for a start that is not finite", () => {
  for (const start of [NaN, Infinity, -Infinity]) {
    throws(() => new VirtualClock(start), RangeError);
  }
});

Deno.test("VirtualClock.at() fires timers with equal deadlines in order of insertion", () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  for (const name of ["a", "b", "c"]) clock.at(5, (it) => fired.push(it), name);
  clock.at(4, (it) => fired.push(it), "first");
  clock.advance(5);
  deepEqual(fired, ["first", "a", "b", "c"]);
});

Deno.test("VirtualClock.at() never calls before it has returned, however late the deadline is", () => {
  const clock = new VirtualClock(10);
  let fired = 0;
  for (const deadline of [-Infinity, 0, 10]) {
    clock.at(deadline, () => fired++, undefined);
  }
  equal(fired, 0);
  clock.advance(0);
  equal(fired, 3);
  equal(clock.now(), 10);
});

Deno.test("VirtualClock.at() throws a RangeError for NaN", () => {
  throws(() => new VirtualClock().at(NaN, () => {}, undefined), RangeError);
});

Deno.test("VirtualClock.now() is the deadline while a timer fires", () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  for (const deadline of [0.25, 1, 7.125]) {
    clock.at(deadline, () => seen.push(clock.now()), undefined);
  }
  clock.advanceTo(100);
  deepEqual(seen, [0.25, 1, 7.125]);
  equal(clock.now(), 100);
});

Deno.test("VirtualClock.advance() also fires timers set meanwhile, in order", () => {
  const clock = new VirtualClock();
  const fired: [string, number][] = [];
  const note = (name: string) => fired.push([name, clock.now()]);
  clock.at(10, () => {
    note("first");
    clock.at(3, note, "past");
    clock.at(15, note, "later");
    clock.at(10, note, "present");
    clock.at(21, note, "beyond");
  }, undefined);
  clock.at(10, note, "second");
  clock.advance(20);
  deepEqual(fired, [
    ["first", 10],
    ["past", 10],
    ["second", 10],
    ["present", 10],
    ["later", 15],
  ]);
  equal(clock.pending, 1);
});

Deno.test("VirtualClock.advance() keeps the other timers if a callback throws", () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.at(5, () => {
    throw new Error("No");
  }, undefined);
  clock.at(5, (it) => fired.push(it), "same time");
  clock.at(8, (it) => fired.push(it), "later");
  throws(() => clock.advance(10), /No/);
  equal(clock.now(), 5);
  equal(clock.pending, 2);
  clock.advanceTo(10);
  deepEqual(fired, ["same time", "later"]);
});

Deno.test("VirtualClock.advance() within a callback never turns the clock back", () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  clock.at(1, () => clock.advance(50), undefined);
  clock.at(20, () => fired.push(clock.now()), undefined);
  clock.advance(10);
  deepEqual(fired, [20]);
  equal(clock.now(), 51);
});

Deno.test("VirtualClock.advance() throws a RangeError for negative or infinite times", () => {
  const clock = new VirtualClock();
  for (const ms of [-1, NaN, Infinity]) {
    throws(() => clock.advance(ms), RangeError);
  }
});

Deno.test("VirtualClock.advanceTo() throws a RangeError for the past and for infinite times", () => {
  const clock = new VirtualClock(5);
  for (const time of [4.999, NaN, Infinity]) {
    throws(() => clock.advanceTo(time), RangeError);
  }
});

Deno.test("VirtualClock.cancel() cancels a pending timer once", () => {
  const clock = new VirtualClock();
  let fired = 0;
  const timer = clock.at(5, () => fired++, undefined);
  equal(clock.cancel(timer), true);
  equal(clock.cancel(timer), false);
  clock.advance(10);
  equal(fired, 0);
});

Deno.test("VirtualClock.cancel() ignores a timer that has fired", () => {
  const clock = new VirtualClock();
  const timer = clock.at(5, () => {}, undefined);
  clock.advance(5);
  equal(clock.cancel(timer), false);
});

Deno.test("VirtualClock.runNext() moves to the next deadline and fires one timer", () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  for (const name of ["a", "b"]) clock.at(7, (it) => fired.push(it), name);
  equal(clock.runNext(), true);
  deepEqual(fired, ["a"]);
  equal(clock.now(), 7);
  equal(clock.runNext(), true);
  equal(clock.runNext(), false);
});

Deno.test("VirtualClock.run() stops at the limit, or when only timers at Infinity are left", () => {
  const clock = new VirtualClock();
  clock.at(Infinity, () => {}, undefined);
  const again = (): number => clock.at(clock.now() + 1, again, undefined);
  again();
  equal(clock.run(1000), 1000);
  equal(clock.now(), 1000);
  equal(clock.pending, 2);
  const once = new VirtualClock();
  for (let i = 0; i < 5; i++) once.at(i, () => {}, undefined);
  once.at(Infinity, () => {}, undefined);
  equal(once.run(), 5);
  equal(once.pending, 1);
});

Deno.test("VirtualClock.run() fires 100 000 timers that each set the next for the current time", () => {
  const clock = new VirtualClock();
  let left = 100_000;
  const again = (): void => {
    if (--left > 0) clock.at(clock.now(), again, undefined);
  };
  clock.at(0, again, undefined);
  equal(clock.run(), 100_000);
  equal(clock.now(), 0);
});

/** A simple clock for comparison: a list that is sorted at each step. */
class NaiveClock {
  present = 0;
  order = 0;
  timers: { deadline: number; order: number; wake: () => void }[] = [];

  at(deadline: number, wake: () => void): number {
    this.timers.push({ deadline, order: ++this.order, wake });
    return this.order;
  }

  cancel(order: number): boolean {
    const before = this.timers.length;
    this.timers = this.timers.filter((timer) => timer.order !== order);
    return this.timers.length < before;
  }

  advanceTo(time: number): void {
    while (this.fireNext(time)) { /* fireNext does it */ }
    this.present = time;
  }

  fireNext(limit: number): boolean {
    const [next, ...others] = this.timers.toSorted((a, b) =>
      a.deadline === b.deadline ? a.order - b.order : a.deadline - b.deadline
    );
    if (
      next === undefined || next.deadline > limit || next.deadline === Infinity
    ) return false;
    this.timers = others;
    this.present = Math.max(this.present, next.deadline);
    next.wake();
    return true;
  }
}

type Step =
  | { do: "at"; offset: number; children: number[] }
  | { do: "cancel"; which: number }
  | { do: "advance"; ms: number }
  | { do: "runNext" };

const offsets = fc.oneof(
  fc.integer({ min: -2, max: 10 }),
  fc.double({ min: -2, max: 10, noNaN: true }),
  fc.constant(Infinity),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("at" as const),
    offset: offsets,
    children: fc.array(offsets, { maxLength: 3 }),
  }),
  fc.record({ do: fc.constant("cancel" as const), which: fc.nat() }),
  fc.record({
    do: fc.constant("advance" as const),
    ms: fc.double({ min: 0, max: 5, noNaN: true }),
  }),
  fc.constant({ do: "runNext" } as const),
);

Deno.test("VirtualClock behaves like a sorted list, in any sequence of operations and of timers set by timers", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 100, size: "max" }), (script) => {
      const clock = new VirtualClock();
      const naive = new NaiveClock();
      const fired: [name: string, at: number][] = [];
      const expected: [name: string, at: number][] = [];
      const timers: [handle: number, order: number][] = [];
      script.forEach((step, index) => {
        if (step.do === "at") {
          const handle = clock.at(clock.now() + step.offset, (name) => {
            fired.push([name, clock.now()]);
            step.children.forEach((offset, child) =>
              clock.at(
                clock.now() + offset,
                (it) => fired.push([it, clock.now()]),
                `${name}/${child}`,
              )
            );
          }, `${index}`);
          const order = naive.at(naive.present + step.offset, () => {
            expected.push([`${index}`, naive.present]);
            step.children.forEach((offset, child) =>
              naive.at(
                naive.present + offset,
                () => expected.push([`${index}/${child}`, naive.present]),
              )
            );
          });
          timers.push([handle, order]);
        } else if (step.do === "cancel" && timers.length > 0) {
          const [handle, order] = timers[step.which % timers.length];
          equal(clock.cancel(handle), naive.cancel(order));
        } else if (step.do === "advance") {
          clock.advance(step.ms);
          naive.advanceTo(naive.present + step.ms);
        } else if (step.do === "runNext") {
          equal(clock.runNext(), naive.fireNext(Infinity));
        }
        equal(clock.now(), naive.present);
        equal(clock.pending, naive.timers.length);
      });
      deepEqual(fired, expected);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("VirtualClock.runUntil() ends at the given time, or at the last timer if it reaches the limit", () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const fire = () => void fired.push(clock.now());
  for (const time of [5, 5, 10, 20, Infinity]) clock.at(time, fire, undefined);
  equal(clock.runUntil(10, 2), 2);
  equal(clock.now(), 5);
  equal(clock.runUntil(12, 100), 1);
  equal(clock.now(), 12);
  equal(clock.runUntil(12, 100), 0);
  equal(clock.runUntil(Infinity, 100), 1);
  equal(clock.now(), 20);
  equal(clock.runUntil(1, 100), 0);
  equal(clock.now(), 20);
  deepEqual(fired, [5, 5, 10, 20]);
});

Deno.test("VirtualClock.yield() waits for a turn of the event loop, and lets no virtual time pass", async () => {
  const clock = new VirtualClock(5);
  let turns = 0;
  setImmediate(() => turns++);
  const yielding = clock.yield();
  equal(clock.yielding, 1);
  equal(clock.pending, 0);
  await yielding;
  deepEqual([turns, clock.yielding, clock.now()], [1, 0, 5]);
});
