// Runs alone, without the profiler: measures time.
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { PreciseClock } from "../../../../core/lib/time/mod.ts";
import { assertOnTime, lateness, soon, startedClock } from "./_support.ts";

const MODES = [
  ["thread", {}],
  ["fallback", { worker: false }],
  ["slices", { slice: 0.02 }],
] as const;

/** Pseudo-random numbers from 0 to 1, the same in each run. */
function* fractions(): Generator<number, never> {
  for (let state = 1;;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

for (const [mode, options] of MODES) {
  Deno.test(`PreciseClock.at() is never early in 10 000 timers (${mode})`, async () => {
    await using clock = await startedClock(options);
    const late: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (deadline: number): void => {
      if (late.push(clock.now() - deadline) === 10_000) resolve();
    };
    const fraction = fractions();
    const start = clock.now();
    for (let i = 0; i < 10_000; i++) {
      const deadline = start + 500 * fraction.next().value;
      clock.at(deadline, wake, deadline);
    }
    await soon(promise);
    equal(clock.stats.pending, 0);
    assertOnTime(late);
  });

  Deno.test(`PreciseClock.at() fires timers in order of deadline, then of insertion (${mode})`, async () => {
    await using clock = await startedClock(options);
    const base = clock.now() + 5;
    const fired: [number, number][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (timer: [number, number]): void => {
      if (fired.push(timer) === 300) resolve();
    };
    for (let order = 0; order < 300; order++) {
      const offset = (order * 7) % 10 / 4;
      clock.at(base + offset, wake, [offset, order]);
    }
    await soon(promise);
    deepEqual(fired, fired.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
  });

  Deno.test(`PreciseClock.at() accepts timers from callbacks, 2000 in a chain for the current time (${mode})`, async () => {
    await using clock = await startedClock(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = 2000;
    let isInside = false;
    const again = (): void => {
      equal(isInside, false, "at() never calls");
      isInside = true;
      if (--left > 0) clock.at(clock.now(), again, undefined);
      else resolve();
      isInside = false;
    };
    clock.at(-Infinity, again, undefined);
    equal(left, 2000);
    await soon(promise);
  });

  Deno.test(`PreciseClock.at() lets I/O run between timers that are set without end (${mode})`, async () => {
    await using clock = await startedClock(options);
    let goesOn = true;
    const again = (): void => {
      if (goesOn) clock.at(clock.now(), again, undefined);
    };
    again();
    ok((await soon(Deno.stat(new URL(import.meta.url)))).isFile);
    goesOn = false;
  });

  Deno.test(`PreciseClock lets output of the first timers leave before it fires all that are due (${mode})`, async () => {
    await using clock = await startedClock(options);
    let fired = 0;
    const first = Promise.withResolvers<void>();
    const last = Promise.withResolvers<void>();
    const wake = (): void => {
      fired++;
      first.resolve();
      if (fired === 100) last.resolve();
      const end = clock.now() + 0.1;
      while (clock.now() < end);
    };
    const deadline = clock.now() + 3;
    for (let i = 0; i < 100; i++) clock.at(deadline, wake, undefined);
    await soon(first.promise);
    ok(fired <= 5, `${fired} have fired`);
    await soon(last.promise);
  });

  Deno.test(`PreciseClock continues after a callback throws, and reports each error (${mode})`, async () => {
    await using clock = await startedClock(options);
    const reported: unknown[] = [];
    const listen = (event: ErrorEvent): void => {
      event.preventDefault();
      reported.push(event.error.message);
    };
    globalThis.addEventListener("error", listen);
    try {
      const deadline = clock.now() + 3;
      for (const name of ["a", "b"]) {
        clock.at(deadline, (it) => {
          throw new Error(it);
        }, name);
      }
      ok(await lateness(clock, deadline) >= 0);
      ok(await lateness(clock, clock.now() + 3) >= 0);
    } finally {
      globalThis.removeEventListener("error", listen);
    }
    deepEqual(reported, ["a", "b"]);
  });

  Deno.test(`PreciseClock.cancel() cancels pending timers and nothing else (${mode})`, async () => {
    await using clock = await startedClock(options);
    let fired = 0;
    const deadline = clock.now() + 4;
    const timers = Array.from(
      { length: 100 },
      () => clock.at(deadline, () => fired++, undefined),
    );
    const taken = timers.filter((_, i) => i % 2 === 0);
    ok(taken.every((timer) => clock.cancel(timer)));
    ok(taken.every((timer) => !clock.cancel(timer)));
    ok(await lateness(clock, deadline) >= 0);
    equal(fired, 50);
    ok(timers.every((timer) => !clock.cancel(timer)), "all have fired");
    equal(clock.cancel(0), false);
  });

  Deno.test(`PreciseClock wakes again after each of 200 sleeps (${mode})`, async () => {
    await using clock = await startedClock(options);
    const late: number[] = [];
    const fraction = fractions();
    for (let i = 0; i < 200; i++) {
      late.push(await lateness(clock, clock.now() + 6 * fraction.next().value));
    }
    assertOnTime(late);
  });

  Deno.test(`PreciseClock drops 30 s timers on disposal, and they never fire (${mode})`, async () => {
    let fired = 0;
    const clock = await startedClock(options);
    for (let i = 0; i < 1000; i++) {
      clock.at(clock.now() + 30_000, () => fired++, undefined);
    }
    clock.at(clock.now(), () => fired++, undefined);
    const isGone = clock[Symbol.asyncDispose]();
    equal(clock.stats.pending, 0);
    await isGone;
    equal(clock.state, "disposed");
    equal(fired, 0);
  });

  Deno.test(`PreciseClock may be disposed of from a callback (${mode})`, async () => {
    const clock = await startedClock(options);
    let fired = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = clock.now() + 3;
    clock.at(deadline, () => resolve(clock[Symbol.asyncDispose]()), undefined);
    clock.at(deadline, () => fired++, undefined);
    await soon(promise);
    equal(fired, 0);
  });
}

Deno.test("PreciseClock.now() advances in steps below a millisecond", () => {
  using clock = new PreciseClock();
  const start = clock.now();
  let present = start;
  while (present === start) present = clock.now();
  ok(present > start && present - start < 1);
});

Deno.test("PreciseClock.at() throws a RangeError for NaN", () => {
  using clock = new PreciseClock();
  throws(() => clock.at(NaN, () => {}, undefined), RangeError);
});

Deno.test("PreciseClock.at() keeps a timer at Infinity, which never fires and starts nothing", () => {
  using clock = new PreciseClock();
  const timer = clock.at(Infinity, () => {}, undefined);
  equal(clock.stats.pending, 1);
  equal(clock.cancel(timer), true);
});

Deno.test("PreciseClock.at() wakes for an earlier deadline while it sleeps for one beyond 2^31 ms", async () => {
  for (const [, options] of MODES) {
    await using clock = await startedClock(options);
    const timer = clock.at(clock.now() + 2 ** 40, () => {}, undefined);
    for (const delay of [20, 3, 0.4]) {
      assertOnTime([await lateness(clock, clock.now() + delay)]);
    }
    equal(clock.cancel(timer), true);
  }
});
