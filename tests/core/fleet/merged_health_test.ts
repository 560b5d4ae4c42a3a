import { deepEqual, equal } from "node:assert/strict";
import type { Health } from "../../../core/control/builtin_endpoints.ts";
import { mergeHealth } from "../../../core/fleet/merged_health.ts";

function part(name: string, of: Partial<Health> = {}) {
  const health: Health = {
    status: "ok",
    live: true,
    ready: true,
    version: "1",
    uptimeMs: 1,
    revision: 1,
    segment: name,
    engine: "native",
    reasons: [],
    active: {},
    exporters: {},
    ...of,
  };
  return { name, health };
}

Deno.test("mergeHealth() of replicas that are well is well, without the segment of one of them", () => {
  const merged = mergeHealth(
    [part("0/2", { uptimeMs: 5 }), part("1/2")],
    [],
    [],
  );
  deepEqual(
    [merged.status, merged.ready, merged.uptimeMs, merged.segment],
    ["ok", true, 5, undefined],
  );
});

Deno.test("mergeHealth() names the replica of each reason, those that are missing, and revisions that differ", () => {
  const merged = mergeHealth(
    [
      part("0/3", { status: "degraded", reasons: ["It lags"], revision: 2 }),
      part("1/3"),
    ],
    ["2/3: it is being started"],
    ["Process 2/3 (pid 7) ended with SIGKILL"],
  );
  equal(merged.status, "degraded");
  deepEqual(merged.reasons, [
    "Replica 2/3: it is being started",
    "Process 2/3 (pid 7) ended with SIGKILL",
    "The replicas have different revisions of the configuration: 0/3 has 2, 1/3 has 1",
    "Replica 0/3: It lags",
  ]);
});

Deno.test("mergeHealth() takes requests as long as one replica does, and drains when all do", () => {
  const draining = { status: "draining", ready: false } as const;
  const some = mergeHealth([part("0/2", draining), part("1/2")], [], []);
  deepEqual([some.status, some.ready], ["ok", true]);
  const all = mergeHealth(
    [part("0/2", draining), part("1/2", draining)],
    [],
    [],
  );
  deepEqual([all.status, all.ready], ["draining", false]);
});

Deno.test("mergeHealth() lists activities once, and the states of exporters that differ", () => {
  const merged = mergeHealth(
    [
      part("0/2", {
        active: { stress: ["s1"] },
        exporters: { otlp: "ok", statsd: "ok" },
      }),
      part("1/2", {
        active: { stress: ["s1", "s2"] },
        exporters: { otlp: "ok", statsd: "failing" },
      }),
    ],
    [],
    [],
  );
  deepEqual(merged.active, { stress: ["s1", "s2"] });
  deepEqual(merged.exporters, {
    otlp: "ok",
    statsd: "0/2: ok, 1/2: failing",
  });
});

Deno.test("mergeHealth() tells of the connection to Redis that is lost, or else of the slowest", () => {
  const shared = (replica: string, of: object): Partial<Health> => ({
    shared: {
      replica,
      connected: true,
      forMs: 5,
      onLost: "divide",
      latencyMs: 1,
      ...of,
    },
  });
  const [fast, slow, lost] = [
    part("a", shared("a", {})),
    part("b", shared("b", { latencyMs: 2 })),
    part("c", shared("c", { connected: false, error: "it was refused" })),
  ];
  equal(mergeHealth([fast, slow], [], []).shared?.replica, "b");
  equal(mergeHealth([fast, lost, slow], [], []).shared?.replica, "c");
  equal("shared" in mergeHealth([part("d")], [], []), false);
});
