import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PreciseClock, VirtualClock } from "../../../core/lib/time/mod.ts";
import { MemoryPart } from "../../../plugins/resource_stress/memory.ts";
import { CpuPart } from "../../../plugins/resource_stress/cpu.ts";
import type { PartContext } from "../../../plugins/resource_stress/part.ts";
import { StressThread } from "../../../plugins/resource_stress/stress_thread.ts";
import { until } from "../../support/wait.ts";
import { signal } from "./_signals.ts";

const MIB = 2 ** 20;

const SCRIPTS = new URL("../../../plugins/resource_stress/", import.meta.url);

/** What a part runs with, on a clock that nobody moves. */
function context(more: Partial<PartContext> = {}): PartContext {
  return {
    clock: new VirtualClock(),
    origin: 0,
    lifetime: 60_000,
    threadTimes: false,
    cap: Infinity,
    failed: (reason) => {
      throw new Error(reason);
    },
    ...more,
  };
}

/** A thread that runs a script, and what it failed of. */
function start(script: URL, lifetime = 60_000) {
  const failures: string[] = [];
  const thread = new StressThread({
    ...context(),
    script,
    lifetime,
    failed: (reason) => failures.push(reason),
  });
  return { thread, failures };
}

/** A script in a few words. */
function inline(text: string): URL {
  return new URL(
    `data:application/javascript,${encodeURIComponent(text)}`,
  );
}

Deno.test("A memory thread holds what it is told to, touched, and gives it back", async () => {
  const part = new MemoryPart({
    size: signal({
      steps: [{ at: 0, value: 32 * MIB }, { at: "1s", value: 8 * MIB }],
    }),
    growth: undefined,
    then: "hold",
  }, context());
  part.follow(0);
  await until(() => part.achieved === 32 * MIB);
  equal(part.target, 32 * MIB);
  part.follow(1000);
  await until(() => part.achieved === 8 * MIB);
  deepEqual(part.report(), {
    target: 8 * MIB,
    held: 8 * MIB,
    exhausted: false,
    restarts: 0,
  });
  await part.stop();
  equal(part.achieved, 0);
});

Deno.test("A leak grows to its limit, restarts from nothing, and grows again", async () => {
  const part = new MemoryPart({
    size: signal(8 * MIB),
    growth: signal(4 * MIB),
    then: "restart",
  }, context());
  part.follow(1000);
  await until(() => part.achieved === 4 * MIB);
  part.follow(3000);
  await until(() => part.achieved === 8 * MIB);
  part.follow(3050);
  equal(part.restarts, 1);
  await until(() => part.achieved === 0);
  part.follow(3100);
  part.follow(4100);
  await until(() => part.achieved === 4 * MIB);
  equal(part.exhausted, false);
  await part.stop();
});

Deno.test("CPU threads run until they are stopped, and say what they used", async () => {
  const part = new CpuPart({ load: signal(0.5), workers: 2 }, context());
  part.follow(0);
  equal(part.target, 1);
  await until(() => {
    part.follow(50);
    return part.achieved > 0;
  });
  const { workers, target, achieved, waiting, threads } = part.report();
  deepEqual([workers, target, waiting, threads], [2, 0.5, null, []]);
  ok(Number(achieved) > 0);
  await part.stop();
  await part.stop();
});

Deno.test("CPU threads never take more than was granted, whatever the signal says", async () => {
  const part = new CpuPart(
    { load: signal(7), workers: 1 },
    context({ cap: 0.25 }),
  );
  part.follow(0);
  equal(part.target, 0.25);
  await part.stop();
});

Deno.test("A thread tells its system id where it can be known", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const part = new CpuPart(
    { load: signal(0.1), workers: 1 },
    context({ threadTimes: true }),
  );
  part.follow(0);
  await until(() => (part.report().threads as number[]).length === 1);
  const [id] = part.report().threads as number[];
  const stat = await Deno.readTextFile(`/proc/${Deno.pid}/task/${id}/stat`);
  ok(stat.startsWith(`${id} `));
  await part.stop();
  await until(async () => {
    try {
      await Deno.stat(`/proc/${Deno.pid}/task/${id}`);
      return false;
    } catch (error) {
      return error instanceof Deno.errors.NotFound;
    }
  });
});

for (const name of ["cpu_worker.ts", "memory_worker.ts"]) {
  Deno.test(`${name} ends by itself once its time is over, and says so`, async () => {
    const { thread, failures } = start(new URL(name, SCRIPTS), 50);
    thread.aim(1000);
    await until(() => failures.length === 1);
    equal(failures[0], "its own watchdog has ended it");
    await thread.stop();
  });
}

Deno.test("A thread that cannot be started is a failure, told once", async () => {
  const { thread, failures } = start(inline("throw new Error('no luck')"));
  await until(() => failures.length > 0);
  match(failures[0], /no luck/);
  await thread.stop();
  equal(failures.length, 1);
});

Deno.test("A thread that does not end when it is told to is terminated", async () => {
  await using clock = new PreciseClock({ worker: false });
  const thread = new StressThread({
    ...context(),
    clock,
    script: inline("onmessage = () => { for (;;); }"),
  });
  const start = clock.now();
  await thread.stop();
  ok(clock.now() - start >= 2000);
});
