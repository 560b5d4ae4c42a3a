import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  mergeFigures,
  mergeStats,
  type StatsPart,
} from "../../../core/fleet/merged_stats.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { figures, figuresPart } from "../../../core/observe/figures.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { Recorder } from "../../../core/observe/recorder.ts";
import { type Stats, StatsSource } from "../../../core/observe/stats.ts";
import { Histogram } from "../../../core/lib/histogram.ts";
import { exchange, testPlan } from "../../support/plan.ts";

const OUTCOMES = [
  "answered",
  "rejected",
  "failed",
  "gone",
  "reset",
  "cut",
] as const;

/** Multiples of 1/1024 ms, whose sums are exact, so that figures can be compared to the last digit. */
const duration = fc.integer({ min: 0, max: 1 << 22 }).map((n) => n / 1024);

const request = fc.record({
  replica: fc.nat({ max: 2 }),
  route: fc.constantFrom("a", "b"),
  outcome: fc.constantFrom(...OUTCOMES),
  at: fc.integer({ min: 0, max: 7_999 }),
  total: duration,
  late: fc.integer({ min: 0, max: 4096 }).map((n) => n / 1024),
  sent: fc.nat({ max: 1000 }),
});

/** A server's figures, without its process. */
class Side {
  readonly clock = new VirtualClock();
  readonly recorder = new Recorder(new MetricRegistry(), 0);
  readonly routes = {
    a: this.recorder.route("a", "/a", "GET"),
    b: this.recorder.route("b", "/b", "GET"),
  };
  readonly source: StatsSource;

  constructor(plugins: Readonly<Record<string, unknown>> = {}) {
    this.recorder.keep(["a", "b"]);
    this.source = new StatsSource({
      clock: this.clock,
      recorder: this.recorder,
      started: 0,
      eventLoopLag: (describe) => describe(new Histogram()),
      revision: () => 3,
      inFlight: () => 0,
      plugins: () =>
        Object.entries(plugins).map(([name, report]) => ({
          name,
          report: () => report,
          failed() {},
        })),
    });
  }

  record(
    { at, late, outcome, route, sent, total }: {
      readonly at: number;
      readonly late: number;
      readonly outcome: typeof OUTCOMES[number];
      readonly route: "a" | "b";
      readonly sent: number;
      readonly total: number;
    },
  ): void {
    const arrival = at - total;
    this.routes[route].arrived(at);
    this.routes[route].observe(Object.assign(exchange(testPlan()), {
      arrival,
      start: arrival,
      end: at,
      due: at - Math.min(late, total),
      status: 200,
      outcome,
      sent,
    }));
  }

  part(name: string): StatsPart {
    const text = [...this.source.part()].join("");
    return { name, stats: JSON.parse(text) as Stats };
  }
}

Deno.test("mergeStats() equals the figures of one server that answered all requests", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { maxLength: 120 }),
      async (requests) => {
        const one = new Side();
        const replicas = [new Side(), new Side(), new Side()];
        const ordered = requests.toSorted((a, b) => a.at - b.at);
        for (const each of ordered) {
          one.record(each);
          replicas[each.replica].record(each);
        }
        for (const { clock } of [one, ...replicas]) await clock.advance(8000);
        const merged = mergeStats(
          replicas.map((replica, index) => replica.part(`${index}/3`)),
          () => undefined,
        );
        const { process: _, ...expected } = one.source.stats();
        const { process: __, ...found } = merged;
        deepEqual(JSON.parse(JSON.stringify(found)), {
          ...JSON.parse(JSON.stringify(expected)),
        });
      },
    ),
    { seed: 42, numRuns: 60 },
  );
});

Deno.test("mergeFigures() computes percentiles of the merged histogram and averages none", () => {
  const fast = new Histogram();
  const slow = new Histogram();
  for (let i = 0; i < 990; i++) fast.record(1);
  for (let i = 0; i < 10; i++) slow.record(1000);
  const all = fast.copy();
  all.merge(slow);
  const merged = mergeFigures([figuresPart(fast), figuresPart(slow)]);
  deepEqual(merged, figures(all));
  // The mean of the medians would be 500.
  ok((merged.p50 ?? 0) < 1.005 && merged.p99 === merged.p50);
});

Deno.test("mergeFigures() refuses figures that come without their histogram", () => {
  throws(() => mergeFigures([figures(new Histogram())]), TypeError);
});

Deno.test("mergeStats() keeps the reports of a plugin that cannot merge them under the replicas' names, and merges those of others", () => {
  const parts = [
    new Side({ pools: { busy: 1 }, other: { x: 1 } }).part("0/2"),
    new Side({ pools: { busy: 2 } }).part("1/2"),
  ];
  const { plugins } = mergeStats(
    parts,
    (plugin) => plugin === "pools" ? (reports) => reports.length : undefined,
  );
  deepEqual(plugins, { pools: 2, other: { "0/2": { x: 1 } } });
});

Deno.test("mergeStats() adds what processes use, and leaves out a figure that one of them cannot read", () => {
  const part = new Side().part("0/2");
  const withProcess = (process: Stats["process"]) => ({
    ...part,
    stats: { ...part.stats, process },
  });
  const { process } = mergeStats([
    withProcess({ heapBytes: 5, openFds: 2 }),
    withProcess({ heapBytes: 7 }),
  ], () => undefined);
  deepEqual(process, { heapBytes: 12 });
});

Deno.test("mergeStats() lists requests without a route once, with the sum of their counts", () => {
  const sides = [new Side(), new Side()];
  for (const { recorder } of sides) {
    recorder.unmatched("GET", "http://localhost/typo?x=1", 404);
  }
  sides[1].recorder.unmatched("POST", "http://localhost/typo", 404);
  const { unmatched, unmatchedRequests } = mergeStats(
    sides.map((side, index) => side.part(`${index}/2`)),
    () => undefined,
  );
  equal(unmatched, 3);
  deepEqual(unmatchedRequests, [
    { method: "GET", path: "/typo", count: 2 },
    { method: "POST", path: "/typo", count: 1 },
  ]);
});

Deno.test("mergeStats() counts from the reset of the replica that has counted longest", async () => {
  const sides = [new Side(), new Side()];
  await sides[0].clock.advance(5000);
  await sides[1].clock.advance(2000);
  sides[0].recorder.reset(4000);
  const { sinceMs, uptimeMs } = mergeStats(
    sides.map((side, index) => side.part(`${index}/2`)),
    () => undefined,
  );
  deepEqual([uptimeMs, sinceMs], [5000, 3000]);
});

Deno.test("mergeStats() adds the WebSockets of a route over the replicas that opened some, and has none where none did", () => {
  const sides = ["0/3", "1/3", "2/3"].map((name) => new Side().part(name));
  const withSockets = (
    { name, stats }: StatsPart,
    webSockets: Stats["routes"][string]["webSockets"],
  ): StatsPart => ({
    name,
    stats: {
      ...stats,
      routes: {
        ...stats.routes,
        a: { ...stats.routes.a, ...webSockets && { webSockets } },
      },
    },
  });
  const sockets = {
    open: 1,
    messagesSent: 2,
    messagesReceived: 3,
    bytesSent: 20,
    bytesReceived: 30,
    closes: { 1000: 4, 1006: 1 },
  };
  const { routes } = mergeStats([
    withSockets(sides[0], sockets),
    sides[1],
    withSockets(sides[2], {
      ...sockets,
      open: 10,
      bytesReceived: 5,
      closes: { 1000: 1, 1011: 2 },
    }),
  ], () => undefined);
  deepEqual(routes.a.webSockets, {
    open: 11,
    messagesSent: 4,
    messagesReceived: 6,
    bytesSent: 40,
    bytesReceived: 35,
    closes: { 1000: 5, 1006: 1, 1011: 2 },
  });
  equal(routes.b.webSockets, undefined);
});
