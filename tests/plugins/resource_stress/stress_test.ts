import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type { Host } from "../../../core/plugin.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import {
  DEFAULTS,
  scenarioSchema,
} from "../../../plugins/resource_stress/settings.ts";
import { NO_PRESSURE } from "../../../plugins/resource_stress/pressure.ts";
import { Stress } from "../../../plugins/resource_stress/stress.ts";
import { until } from "../../support/wait.ts";
import { KIT } from "./_signals.ts";

const MIB = 2 ** 20;

/** The scenarios of a server that is not there. */
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
    /** Moves the clock until something holds: threads need real time. */
    reach: (holds: () => boolean) =>
      until(() => {
        clock.advance(50);
        return holds();
      }),
    [Symbol.asyncDispose]: () => stress[Symbol.asyncDispose](),
  };
}

/** Runs with a Worker of our own in place of the runtime's. */
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

Deno.test("Pressure is nothing where nothing runs, and in what has no stress of its own", async () => {
  await using server = alone();
  for (const source of [server.stress, NO_PRESSURE]) {
    deepEqual(
      [
        source.cpu(),
        source.memory(),
        source.heldBytes(),
        source.eventLoop(),
        source.exhausted(),
        source.restarts(),
      ],
      [0, 0, 0, 0, false, 0],
    );
  }
});

Deno.test("Pressure adds up what all scenarios aim at and hold", async () => {
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

Deno.test("Pressure tells of a leak that has reached its limit, and of those that began again", async () => {
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

Deno.test("A scenario whose thread fails ends as a whole, and the log says why", async () => {
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

Deno.test("A scenario whose thread cannot be started is refused, and nothing of it runs", async () => {
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

Deno.test("What exceeds the cap is refused by the last gate too", async () => {
  await using server = alone();
  throws(() => server.start({ memory: { size: "1000TiB" } }), {
    name: "PerfmockError",
    message: "Cannot start scenario",
  });
});

Deno.test("What the machine has no memory for is refused though the cap would allow it", async () => {
  await using server = alone();
  const own = Deno.systemMemoryInfo;
  Deno.systemMemoryInfo = () => ({ ...own(), available: 16 * MIB });
  try {
    const [{ path, message, allowed }] = server.stress.judge({
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

Deno.test("Once disposed, nothing can be started", async () => {
  const server = alone();
  await server[Symbol.asyncDispose]();
  throws(() => server.start({ eventLoop: { block: 1, every: 100 } }), {
    message: "Cannot start scenario: the server has ended",
  });
});
