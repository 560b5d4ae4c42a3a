// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { PerfmockError } from "../../../../core/errors.ts";
import { PreciseClock } from "../../../../core/lib/time/mod.ts";
import {
  assertOnTime,
  breakThread,
  lateness,
  soon,
  startedClock,
} from "./_support.ts";

Deno.test("PreciseClock starts its thread automatically if no timer is due for a while", async () => {
  await using clock = new PreciseClock();
  await lateness(clock, clock.now() + 10);
  equal(clock.state, "idle");
  clock.at(clock.now() + 30_000, () => {}, undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (clock.state === "waker") resolve();
    else setTimeout(look, 5);
  };
  look();
  await soon(promise);
  equal(clock.reason, undefined);
});

Deno.test("PreciseClock is on time while its thread starts", async () => {
  await using clock = new PreciseClock();
  const isUp = clock.start();
  const late = await Promise.all(
    Array.from({ length: 100 }, (_, i) => lateness(clock, clock.now() + i)),
  );
  await soon(isUp);
  assertOnTime(late);
});

Deno.test("PreciseClock.start() may be called again at any time", async () => {
  const clock = new PreciseClock();
  await soon(Promise.all([clock.start(), clock.start()]));
  equal(clock.state, "waker");
  await clock.start();
  await clock[Symbol.asyncDispose]();
  await clock.start();
  equal(clock.state, "disposed");
});

Deno.test("PreciseClock.stats contains lead and state", async () => {
  await using clock = await startedClock();
  await lateness(clock, clock.now() + 5);
  const { lead, state, reason, pending } = clock.stats;
  ok(lead >= 0.05 && lead <= 2);
  deepEqual({ state, reason, pending }, {
    state: "waker",
    reason: undefined,
    pending: 0,
  });
});

Deno.test("PreciseClock.reason says why there is no thread", async () => {
  await using clock = await startedClock({ worker: false });
  equal(clock.state, "fallback");
  equal(clock.reason, "Cannot use the waker thread: it is turned off");
});

Deno.test("PreciseClock may be disposed of before its first use", async () => {
  await new PreciseClock()[Symbol.asyncDispose]();
});

Deno.test("PreciseClock may be disposed of while its thread starts", async () => {
  const clock = new PreciseClock();
  const isUp = clock.start();
  clock.at(clock.now() + 30_000, () => {}, undefined);
  await clock[Symbol.asyncDispose]();
  await soon(isUp);
  equal(clock.state, "disposed");
});

Deno.test("PreciseClock may be disposed of twice, with or without waiting", async () => {
  const clock = await startedClock();
  clock[Symbol.dispose]();
  const isGone = clock[Symbol.asyncDispose]();
  equal(clock[Symbol.asyncDispose](), isGone);
  await soon(isGone);
});

Deno.test("PreciseClock.at() throws after disposal, and the other methods do nothing", async () => {
  const clock = await startedClock();
  const timer = clock.at(clock.now() + 30_000, () => {}, undefined);
  await clock[Symbol.asyncDispose]();
  throws(
    () => clock.at(0, () => {}, undefined),
    (error: unknown) =>
      error instanceof PerfmockError && error.code === "CLOCK_DISPOSED",
  );
  equal(clock.cancel(timer), false);
  ok(clock.now() > 0);
});

Deno.test("PreciseClock keeps the process alive for pending timers, but not for its thread", async () => {
  const door = new URL("../../../../core/lib/time/mod.ts", import.meta.url);
  const script = `
    import { PreciseClock } from ${JSON.stringify(door.href)};
    const clock = new PreciseClock();
    await clock.start();
    clock.at(Infinity, () => {}, undefined);
    clock.cancel(clock.at(clock.now() + 60_000, () => {}, undefined));
    clock.at(clock.now() + 30, () => Deno.stdout.writeSync(new TextEncoder().encode("fired")), undefined);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      `data:text/typescript,${encodeURIComponent(script)}`,
    ],
  });
  const { code, stdout } = await soon(child.output());
  equal(new TextDecoder().decode(stdout), "fired");
  equal(code, 0);
});

Deno.test("PreciseClock falls back to setTimeout if the thread cannot start", async () => {
  const { SharedArrayBuffer } = globalThis;
  Object.assign(globalThis, { SharedArrayBuffer: undefined });
  try {
    await using clock = await startedClock();
    equal(clock.state, "fallback");
    match(clock.reason ?? "", /^Cannot start the waker thread: /);
    assertOnTime([await lateness(clock, clock.now() + 5)]);
  } finally {
    Object.assign(globalThis, { SharedArrayBuffer });
  }
});

Deno.test("PreciseClock falls back to setTimeout if the thread fails at once", async () => {
  using _broken = breakThread(() => {
    throw new Error("No thread today");
  });
  await using clock = await startedClock();
  equal(clock.state, "fallback");
  equal(clock.reason, "Cannot run the waker thread: No thread today");
  assertOnTime([await lateness(clock, clock.now() + 5)]);
});

Deno.test("PreciseClock fires pending timers if the thread ends later", async () => {
  using _broken = breakThread((cells, cell) => {
    Atomics.wait(cells, cell.armed, 0);
    Atomics.store(cells, cell.rang, 1);
    Atomics.notify(cells, cell.rang);
    Atomics.wait(cells, cell.armed, 1);
    throw new Error("Enough");
  });
  await using clock = await startedClock();
  equal(clock.state, "waker");
  assertOnTime([await lateness(clock, clock.now() + 30)]);
  equal(clock.state, "fallback");
  equal(clock.reason, "Cannot run the waker thread: Enough");
});
