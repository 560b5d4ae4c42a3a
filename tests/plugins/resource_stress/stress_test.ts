import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type { Host } from "../../../core/plugin.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { DEFAULTS } from "../../../plugins/resource_stress/caps.ts";
import { scenarioSchema } from "../../../plugins/resource_stress/settings.ts";
import { Stress } from "../../../plugins/resource_stress/stress.ts";
import { until } from "../../support/wait.ts";
import { KIT } from "./_signals.ts";

const MIB = 2 ** 20;

/** The scenarios of a server, without the server. */
function alone() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const host = {
    clock,
    metrics: new MetricRegistry(),
    log: (level: string, message: string) => log.push(`${level}: ${message}`),
  } as unknown as Host;
  const stress = new Stress(host, { ...DEFAULTS, spareCore: false });
  return {
    clock,
    log,
    stress,
    start: (written: unknown) =>
      stress.start(scenarioSchema(KIT, () => []).parse(written), "a test"),
    /** Moves the clock until a condition holds: threads need real time. */
    reach: (holds: () => boolean) =>
      until(() => {
        clock.advance(50);
        return holds();
      }),
    [Symbol.asyncDispose]: () => stress[Symbol.asyncDispose](),
  };
}

/** Runs with a replacement of the runtime's Worker. */
async function withWorker(
  replacement: unknown,
  run: () => Promise<void> | void,
): Promise<void> {
  const own = globalThis.Worker;
  Object.assign(globalThis, { Worker: replacement });
  try {
    await run();
  } finally {
    Object.assign(globalThis, { Worker: own });
  }
}

Deno.test("Pressure is 0 while nothing runs", async () => {
  await using server = alone();
  const { stress } = server;
  deepEqual(
    [
      stress.cpu(),
      stress.memory(),
      stress.heldBytes(),
      stress.eventLoop(),
      stress.exhausted(),
      stress.restarts(),
    ],
    [0, 0, 0, 0, false, 0],
  );
});

Deno.test("Pressure is the sum of all scenarios", async () => {
  await using server = alone();
  const { stress, start, reach } = server;
  const { cores, memory } = stress.caps;
  start({
    cpu: { load: 0.25 },
    eventLoop: { block: "10ms", every: "100ms" },
  });
  start({
    memory: { size: 8 * MIB },
    eventLoop: { block: "10ms", every: "50ms" },
  });
  await reach(() => stress.heldBytes() === 8 * MIB);
  equal(stress.cpu(), 0.25 / cores);
  equal(stress.memory(), 8 * MIB / memory);
  ok(Math.abs(stress.eventLoop() - 0.3) < 1e-9);
  equal(stress.exhausted(), false);
});

Deno.test("Pressure reports memory at its limit, and counts restarts of growth", async () => {
  await using server = alone();
  const { stress, start, reach } = server;
  const growth = "64MiB/s";
  const full = start({ memory: { size: "4MiB", growth } });
  await reach(() => stress.exhausted());
  await full.stop("enough");
  equal(stress.exhausted(), false);
  const leaking = start({
    memory: { size: "4MiB", growth, then: "restart" },
    lease: "10m",
  });
  await reach(() => stress.restarts() >= 2);
  await leaking.stop("enough");
  // It never falls.
  ok(stress.restarts() >= 2);
});

Deno.test("A scenario ends as a whole when one of its threads fails, and the log gives the reason", async () => {
  class Failing {
    onerror: ((event: unknown) => void) | undefined;
    postMessage() {
      queueMicrotask(() =>
        this.onerror?.({ preventDefault() {}, message: "out of luck" })
      );
    }
    terminate() {}
  }
  await using server = alone();
  const { stress, start, log } = server;
  await withWorker(Failing, async () => {
    start({ cpu: { load: 0.5 }, eventLoop: { block: 1, every: 100 } });
    await until(() => stress.ended.length === 1);
  });
  equal(stress.ended[0].reason, "a thread failed: out of luck");
  equal([...stress.running].length, 0);
  match(log[1], /^error: Stress stress-1 ended: a thread failed: out of luck/);
});

Deno.test("A scenario is refused as a whole when one of its threads cannot be started", async () => {
  class Impossible {
    constructor() {
      throw new Error("no threads here");
    }
  }
  await using server = alone();
  const { stress, start, clock } = server;
  await withWorker(Impossible, () => {
    throws(() => start({ memory: { size: 1 } }), {
      name: "PerfmockError",
      message: "Cannot start scenario: no threads here",
    });
  });
  deepEqual([[...stress.running].length, stress.ended.length], [0, 0]);
  equal(clock.runNext(), false);
});

Deno.test("start() refuses a scenario that exceeds the caps", async () => {
  await using server = alone();
  throws(() => server.start({ memory: { size: "1000TiB" } }), {
    name: "PerfmockError",
    message: "Cannot start scenario",
  });
});

Deno.test("Memory that is not available on the machine is refused even below the cap", async () => {
  await using server = alone();
  const own = Deno.systemMemoryInfo;
  Deno.systemMemoryInfo = () => ({ ...own(), available: 16 * MIB });
  try {
    const [{ path, message, allowed }] = server.stress.checkCaps({
      threads: 0,
      cores: 0,
      memory: 32 * MIB,
      blocked: 0,
      garbage: 0,
    });
    deepEqual([path, message, allowed], [
      "/memory/size",
      "Cannot take 32 MiB: the machine has less than that to give",
      "at most 16 MiB now",
    ]);
  } finally {
    Deno.systemMemoryInfo = own;
  }
});

Deno.test("start() refuses every scenario after disposal", async () => {
  const server = alone();
  await server[Symbol.asyncDispose]();
  throws(() => server.start({ eventLoop: { block: 1, every: 100 } }), {
    message: "Cannot start scenario: the server has ended",
  });
});
