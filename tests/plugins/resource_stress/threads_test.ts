// Runs alone, without the profiler: measures threads and the processor.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { CELL } from "../../../plugins/resource_stress/cells.ts";
import { MemoryStress } from "../../../plugins/resource_stress/memory.ts";
import { CpuStress } from "../../../plugins/resource_stress/cpu.ts";
import type { ResourceContext } from "../../../plugins/resource_stress/resource.ts";
import { StressThread } from "../../../plugins/resource_stress/stress_thread.ts";
import { until } from "../../support/wait.ts";
import { signal } from "./_signals.ts";

const MIB = 2 ** 20;

const SCRIPTS = new URL("../../../plugins/resource_stress/", import.meta.url);

/** Context of a stress, on a clock that does not move. */
function context(more: Partial<ResourceContext> = {}): ResourceContext {
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

/** A thread that runs a script, and its failures. */
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

/** A script as a data URL. */
function inline(text: string): URL {
  return new URL(
    `data:application/javascript,${encodeURIComponent(text)}`,
  );
}

Deno.test("A memory thread holds its target, and releases it", async () => {
  const stress = new MemoryStress({
    size: signal({
      steps: [{ at: 0, value: 32 * MIB }, { at: "1s", value: 8 * MIB }],
    }),
    growth: undefined,
    then: "hold",
  }, context());
  stress.follow(0);
  await until(() => stress.achieved === 32 * MIB);
  equal(stress.target, 32 * MIB);
  stress.follow(1000);
  await until(() => stress.achieved === 8 * MIB);
  deepEqual(stress.report(), {
    target: 8 * MIB,
    held: 8 * MIB,
    exhausted: false,
    restarts: 0,
  });
  await stress.stop();
  equal(stress.achieved, 0);
});

Deno.test("Growing memory restarts from 0 at its limit, and grows again", async () => {
  const stress = new MemoryStress({
    size: signal(8 * MIB),
    growth: signal(4 * MIB),
    then: "restart",
  }, context());
  stress.follow(1000);
  await until(() => stress.achieved === 4 * MIB);
  stress.follow(3000);
  await until(() => stress.achieved === 8 * MIB);
  stress.follow(3050);
  equal(stress.restarts, 1);
  await until(() => stress.achieved === 0);
  stress.follow(3100);
  stress.follow(4100);
  await until(() => stress.achieved === 4 * MIB);
  equal(stress.exhausted, false);
  await stress.stop();
});

Deno.test("CPU threads run until they are stopped, and report their CPU time", async () => {
  const stress = new CpuStress({ load: signal(0.5), workers: 2 }, context());
  stress.follow(0);
  equal(stress.target, 1);
  await until(() => {
    stress.follow(50);
    return stress.achieved > 0;
  });
  const { workers, target, achieved, waiting, threads } = stress.report();
  deepEqual([workers, target, waiting, threads], [2, 0.5, null, []]);
  ok(Number(achieved) > 0);
  await stress.stop();
  await stress.stop();
});

Deno.test("CPU threads never exceed the granted cores", async () => {
  const stress = new CpuStress(
    { load: signal(7), workers: 1 },
    context({ cap: 0.25 }),
  );
  stress.follow(0);
  equal(stress.target, 0.25);
  await stress.stop();
});

Deno.test("A thread reports its system id if /proc can be read", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const stress = new CpuStress(
    { load: signal(0.1), workers: 1 },
    context({ threadTimes: true }),
  );
  stress.follow(0);
  await until(() => (stress.report().threads as number[]).length === 1);
  const [id] = stress.report().threads as number[];
  const stat = await Deno.readTextFile(`/proc/${Deno.pid}/task/${id}/stat`);
  ok(stat.startsWith(`${id} `));
  await stress.stop();
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
  Deno.test(`${name} ends by itself after its lifetime, and reports it`, async () => {
    const { thread, failures } = start(new URL(name, SCRIPTS), 50);
    thread.aim(1000);
    await until(() => failures.length === 1);
    equal(failures[0], "its own watchdog has ended it");
    await thread.stop();
  });
}

Deno.test("A thread that cannot be started is reported as a failure, once", async () => {
  const { thread, failures } = start(inline("throw new Error('no luck')"));
  await until(() => failures.length > 0);
  match(failures[0], /no luck/);
  await thread.stop();
  equal(failures.length, 1);
});

Deno.test("A thread that does not end when told to is terminated after 2 s", async () => {
  const clock = new VirtualClock();
  const thread = new StressThread({
    ...context(),
    clock,
    script: inline(
      // It hears nothing for some seconds. Deno does not end a thread that never returns, and it would disturb other tests.
      `onmessage = ({ data }) => {
        data.cells[${CELL.reached}] = 1n;
        for (const end = performance.now() + 3000; performance.now() < end;);
      }`,
    ),
  });
  await until(() => thread.reached === 1);
  let stopped = false;
  const end = thread.stop().then(() => {
    stopped = true;
  });
  clock.advance(1999);
  await new Promise((resolve) => setImmediate(resolve));
  equal(stopped, false);
  clock.advance(1);
  await end;
});
