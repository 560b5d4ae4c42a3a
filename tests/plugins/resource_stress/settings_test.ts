import { deepEqual, equal, ok } from "node:assert/strict";
import { type Issue, validate } from "../../../core/plugin.ts";
import type { Amounts } from "../../../plugins/resource_stress/caps.ts";
import {
  amountsOf,
  scenarioSchema,
} from "../../../plugins/resource_stress/settings.ts";
import { KIT } from "./_signals.ts";

const MIB = 2 ** 20;

/** Issues with a scenario, a line each. */
function issuesOf(
  value: unknown,
  checkCaps: (asked: Amounts) => readonly Issue[] = () => [],
): string[] {
  return (validate(scenarioSchema(KIT, checkCaps), value).issues ?? [])
    .map(({ path, message }) => `${path}: ${message}`);
}

const read = (value: unknown) => scenarioSchema(KIT, () => []).parse(value);

Deno.test("The default duration is one minute, and infinite with a lease", () => {
  const cpu = { load: 0.5 };
  equal(read({ cpu }).duration, 60_000);
  equal(read({ cpu, duration: "5s" }).duration, 5000);
  equal(read({ cpu, lease: "5s" }).duration, Infinity);
  equal(read({ cpu, lease: "5s", duration: "1m" }).duration, 60_000);
  equal(read({ cpu, lease: "5s" }).lease, 5000);
});

Deno.test("Optional settings have their defaults", () => {
  const { cpu, memory, eventLoop, allocation } = read({
    cpu: { load: 0.5 },
    memory: { size: "64MiB", growth: "16MiB/s" },
    eventLoop: { block: "20ms", perRequest: true },
  });
  equal(cpu?.workers, 1);
  equal(cpu?.load.at(0), 0.5);
  equal(memory?.then, "hold");
  equal(memory?.growth?.at(0), 16 * MIB);
  equal(eventLoop?.every, undefined);
  equal(allocation, undefined);
});

Deno.test("Targets can be signals", () => {
  const ramp = (from: unknown, to: unknown) => ({
    ramp: { from, to, over: "10s" },
  });
  const { cpu, memory, eventLoop, allocation } = read({
    cpu: { load: ramp(0, 1) },
    memory: { size: ramp(0, "100MiB"), growth: ramp("1MiB/s", "3MiB/s") },
    eventLoop: { block: ramp("10ms", "30ms"), every: ramp("1s", "2s") },
    allocation: { rate: ramp(0, "50MiB/s") },
  });
  equal(cpu?.load.at(5000), 0.5);
  equal(memory?.size.at(5000), 50 * MIB);
  equal(memory?.growth?.at(5000), 2 * MIB);
  equal(eventLoop?.block.at(5000), 20);
  equal(eventLoop?.every?.at(5000), 1500);
  equal(allocation?.rate.at(5000), 25 * MIB);
});

Deno.test("All issues with a scenario are found at once", () => {
  deepEqual(
    issuesOf({
      cpu: { load: 1.5, workers: 0 },
      memory: { size: "lots", growth: "16MiB/minute", then: "explode" },
      eventLoop: { block: "-5ms", every: 0 },
      allocation: { rate: -1 },
      duration: "-1s",
      lease: "1ms",
      gpu: {},
    }).map((line) => line.split(": ")[0]).toSorted(),
    [
      "/allocation/rate",
      "/cpu/load",
      "/cpu/workers",
      "/duration",
      "/eventLoop/block",
      "/eventLoop/every",
      "/gpu",
      "/lease",
      "/memory/growth",
      "/memory/size",
      "/memory/then",
    ],
  );
});

Deno.test("An issue within a signal has the full path", () => {
  deepEqual(
    issuesOf({
      cpu: { load: { steps: [{ at: 0, value: 0.2 }, { at: "1s", value: 2 }] } },
    }),
    ["/cpu/load/steps/1/value: Must be from 0 to 1, received 2"],
  );
});

const WRONG: readonly [what: string, value: unknown, issue: string][] = [
  [
    "no resource",
    { duration: "5s" },
    ": A scenario without a resource stresses nothing",
  ],
  [
    "then without growth",
    { memory: { size: 1, then: "restart" } },
    "/memory/then: Without growth, the size is no limit that is reached",
  ],
  [
    "neither every nor perRequest",
    { eventLoop: { block: "5ms" } },
    "/eventLoop: Nothing says when the event loop is blocked",
  ],
  [
    "both every and perRequest",
    { eventLoop: { block: "5ms", every: "1s", perRequest: true } },
    "/eventLoop: The event loop cannot be blocked both by the clock and by requests",
  ],
  [
    "an invalid rate of bytes",
    { allocation: { rate: "400/s" } },
    '/allocation/rate: Cannot read "400/s" as a rate of bytes',
  ],
];

for (const [what, value, issue] of WRONG) {
  Deno.test(`A scenario with ${what} is refused`, () => {
    deepEqual(issuesOf(value), [issue]);
  });
}

for (const value of [undefined, null, "cpu", 5, []]) {
  Deno.test(`A scenario that is ${JSON.stringify(value)} is refused`, () => {
    ok(issuesOf(value).length > 0);
  });
}

Deno.test("Caps are checked even if other settings are wrong", () => {
  const asked: Amounts[] = [];
  const issues = issuesOf(
    { cpu: { load: 7, workers: 3 }, memory: { size: "1TiB" } },
    (amounts) => {
      asked.push(amounts);
      return [{ path: "/memory/size", message: "Too much" }];
    },
  );
  equal(asked[0].memory, 2 ** 40);
  equal(asked[0].threads, 3);
  deepEqual(issues.map((line) => line.split(": ")[0]), [
    "/cpu/load",
    "/memory/size",
  ]);
});

Deno.test("amountsOf() finds the peak of a signal, wherever it lies", () => {
  const settings = read({
    cpu: {
      load: {
        spike: {
          base: 0.1,
          peak: 0.8,
          at: "20s",
          rise: "5s",
          hold: "5s",
          fall: "5s",
        },
      },
      workers: 2,
    },
    eventLoop: {
      block: { sine: { mean: "20ms", amplitude: "10ms", period: "10s" } },
      every: { ramp: { from: "200ms", to: "100ms", over: "30s" } },
    },
  });
  const { cores, threads, blocked, memory } = amountsOf(settings);
  equal(cores, 1.6);
  equal(threads, 2);
  equal(memory, 0);
  // The longest block over the shortest interval, though they may not meet.
  ok(Math.abs(blocked - 0.3) < 1e-3, `${blocked}`);
});

Deno.test("amountsOf() considers no time after the scenario's end", () => {
  const load = { ramp: { from: 0, to: 1, over: "100s" } };
  equal(amountsOf(read({ cpu: { load }, duration: "50s" })).cores, 0.5);
  equal(amountsOf(read({ cpu: { load } })).cores, 0.6);
  equal(amountsOf(read({ cpu: { load }, lease: "5s" })).cores, 1);
});
