import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Histogram } from "../../../../core/plugin.ts";
import {
  hgrm,
  progressLine,
  summaryTable,
  timeSeriesCsv,
} from "../../../../plugins/load_engine/figures/formats.ts";
import { ScenarioFigures } from "../../../../plugins/load_engine/figures/scenario_figures.ts";
import {
  judge,
  summarize,
} from "../../../../plugins/load_engine/figures/summary.ts";
import {
  type Point,
  TimeSeries,
  valueCounts,
} from "../../../../plugins/load_engine/figures/time_series.ts";
import { Order } from "../../../../plugins/load_engine/order.ts";
import type { Traffic } from "../../../../plugins/load_engine/script/script.ts";
import { parse } from "../_scripts.ts";

const TURN = { user: 0, iteration: 0, number: 0, place: 0 };

const SCRIPT = await parse({
  name: "figures",
  scenarios: {
    s: {
      executor: "arrival-rate",
      rate: "1/s",
      duration: "10s",
      requests: [
        { path: "/a", group: "g", check: { status: 200, body: "x" } },
        { path: "/b", name: "b", group: "g" },
        { path: "/c" },
      ],
    },
  },
  thresholds: {
    "s.responseTime": ["p(50)<100ms", "max<1s", "count>0"],
    "s.g.responseTime": ["avg<1s", "min>0", "med<1s"],
    "s.b.failed": ["rate==0.5", "count==1"],
    dropped: ["rate==0.2"],
    scheduled: ["count>=5", "rate==1"],
    started: ["rate<=0.8"],
    completed: ["count!=0"],
    checks: ["rate==0.5"],
  },
});
const [SCENARIO] = SCRIPT.scenarios as readonly Traffic[];

/** Makes an order that has ended. */
function order(index: number, more: Partial<Order> = {}): Order {
  const ended = new Order(
    SCENARIO.requests[index],
    { ended: () => {} },
    100,
    TURN,
  );
  return Object.assign(ended, {
    started: 110,
    firstByte: 140,
    ended: 150,
    status: 200,
    ...more,
  });
}

/** Makes the figures of four requests and a dropped one, within ten seconds. */
function figures(): ScenarioFigures {
  const of = new ScenarioFigures(SCENARIO);
  of.opened(0);
  for (
    const ended of [
      order(0),
      order(0, { bodyHeld: false, started: 100, ended: 300 }),
      order(1),
      order(1, { status: 503 }),
    ]
  ) {
    of.started(ended.request);
    of.ended(ended);
  }
  of.dropped();
  of.closed(10_000);
  return of;
}

Deno.test("A summary counts every request once, in its scenario, its request and its group", () => {
  const { scenarios: { s }, thresholds, ok: kept } = summarize(
    SCRIPT,
    [figures()],
    { duration: 10_000, aborted: undefined, now: 10_000 },
  );
  deepEqual(
    [s.scheduled, s.started, s.dropped, s.completed, s.failed, s.rate],
    [5, 4, 1, 3, 1, 0.4],
  );
  deepEqual(s.failures, { 503: 1 });
  deepEqual(s.checks, { passed: 1, failed: 1 });
  deepEqual(Object.keys(s.requests), ["GET /a", "b", "GET /c"]);
  deepEqual([s.requests.b.failed, s.groups.g.started], [1, 4]);
  deepEqual(
    [s.responseTime.min, s.serviceTime.min, s.firstByte.min, s.startLag.max],
    [50, 40, 30, 10],
  );
  equal(s.responseTime.mean, (50 + 200 + 50 + 50) / 4);
  equal(s.requests["GET /c"].responseTime.p999, null);
  deepEqual(thresholds.filter(({ ok }) => !ok), []);
  equal(kept, true);
});

Deno.test("Response times include timeouts, but no other failures without a response", () => {
  const of = new ScenarioFigures(SCENARIO);
  for (const error of ["timeout", "reset", "connect", "cut"] as const) {
    const ended = order(0, { error, status: 0, firstByte: NaN, ended: 5000 });
    of.started(ended.request);
    of.ended(ended);
  }
  const total = of.total();
  equal(total.responseTime.count, 1);
  equal(total.responseTime.max, 4900);
  equal(total.firstByte.count, 0);
  equal(total.missed, 4);
  deepEqual(Object.fromEntries(total.failures), {
    timeout: 1,
    reset: 1,
    connect: 1,
    cut: 1,
  });
  equal(of.sending(5000), 0);
});

Deno.test("A start before its scheduled time is not a negative lag", () => {
  const of = new ScenarioFigures(SCENARIO);
  of.ended(order(0, { started: 99.9 }));
  equal(of.total().startLag.max, 0);
  equal(of.interval.startLag.max, 0);
});

Deno.test("A threshold on a figure without values fails", () => {
  const of = new ScenarioFigures(SCENARIO);
  const results = SCRIPT.thresholds.map((threshold) => judge(threshold, [of]));
  const kept = results.filter(({ ok }) => ok).map(({ expression }) =>
    expression
  );
  deepEqual(kept, []);
  equal(results[0].actual, null);
});

Deno.test("Requests of a trace beyond 200 names share one part", async () => {
  const script = await parse({
    scenarios: {
      s: {
        executor: "arrival-rate",
        rate: "1/s",
        duration: "1s",
        requests: Array.from({ length: 300 }, (_, i) => ({ path: `/${i}` })),
      },
    },
  });
  const [scenario] = script.scenarios as readonly Traffic[];
  const of = new ScenarioFigures(scenario);
  for (const request of scenario.requests) of.started(request);
  equal(of.parts.size, 201);
  equal(of.parts.get("others")?.started, 100);
  equal(of.total().started, 300);
});

/** Makes a histogram of values. */
function histogram(...values: number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

Deno.test("hgrm() writes HdrHistogram's text with rising percentiles up to the maximum", () => {
  const values = Array.from({ length: 1000 }, (_, index) => index + 1);
  const lines = hgrm(histogram(...values)).split("\n");
  match(lines[0], /^ +Value +Percentile TotalCount 1\/\(1-Percentile\)$/);
  const rows = lines.filter((line) => /^ +[\d.]+ [01]\./.test(line))
    .map((line) => line.trim().split(/\s+/).map(Number));
  rows.forEach(([value, p, count], index) => {
    ok(count >= p * 1000 - 1e-6, `${count} at ${p}`);
    ok(Math.abs(value - count) / count < 0.01, `${value} at ${count}`);
    if (index > 0) ok(p > rows[index - 1][1] && value >= rows[index - 1][0]);
  });
  deepEqual(rows.at(-1), [1000, 1, 1000]);
  match(
    lines.at(-4) ?? "",
    /^#\[Mean {4}= +500\.500, StdDeviation {3}= +288\.\d+\]$/,
  );
  match(
    lines.at(-3) ?? "",
    /^#\[Max {5}= +1000\.000, Total count {4}= +1000\]$/,
  );
});

Deno.test("hgrm() of an empty histogram has no rows", () => {
  match(hgrm(histogram()), /Mean {4}= +0\.000.*\n.*Total count {4}= +0\]/);
  match(hgrm(histogram(3)), / {7}3\.000 1\.000000000000 {10}1\n/);
});

function point(at: number, more: Partial<Point> = {}): Point {
  return {
    at,
    span: 1000,
    scenario: "s",
    scheduled: 2,
    started: 2,
    dropped: 0,
    completed: 1,
    failed: 1,
    inFlight: 3,
    p50: 1,
    p95: NaN,
    p99: 3,
    max: 4,
    ...more,
  };
}

Deno.test("A time series stays bounded: two intervals are merged with the greater quantiles", () => {
  const series = new TimeSeries();
  for (let i = 1; i <= 4001; i++) {
    series.add([point(i * 1000, { p95: i % 2 === 0 ? NaN : i, p50: i })]);
  }
  const points = series.points();
  ok(points.length <= 3600, `${points.length}`);
  equal(points.reduce((sum, { started }) => sum + started, 0), 8002);
  equal(points.reduce((sum, { span }) => sum + span, 0), 4_001_000);
  deepEqual([points[0].at, points[0].p50, points[0].p95], [2000, 2, 1]);
});

Deno.test("A time series as CSV has seconds, rates, and empty cells if no request ended", () => {
  equal(
    timeSeriesCsv([point(1500, { span: 500 }), point(2500, { span: 0 })]),
    "time,scenario,scheduled,started,dropped,completed,failed,inFlight,rate,p50,p95,p99,max\n" +
      "1.5,s,2,2,0,1,1,3,4,1,,3,4\n2.5,s,2,2,0,1,1,3,0,1,,3,4\n",
  );
});

Deno.test("valueCounts() returns all recorded values within the range of the histogram", () => {
  const pairs = valueCounts(histogram(0, 5, 5, 1000));
  let count = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    ok(pairs[i] >= 0 && pairs[i] <= 1000);
    count += pairs[i + 1];
  }
  equal(count, 4);
  equal(valueCounts(histogram()).length, 0);
});

Deno.test("summaryTable() shows scenarios, times, failures and thresholds", () => {
  const summary = summarize(SCRIPT, [figures()], {
    duration: 10_000,
    aborted: "it was stopped",
    now: 10_000,
  });
  equal(summary.ok, false);
  const table = summaryTable(summary);
  match(
    table,
    /^figures, seed 42: 10\.0 s, ended early: it was stopped\n/,
  );
  match(table, /\ns +4 +1 +1 \(25\.00 %\) +0\.4\/s\n/);
  match(table, /\ns: response time +87\.50 ms +50\.\d+ ms /);
  match(table, /\n {2}g +87\.50 ms/);
  match(table, /\ns: 1 × status 503\n/);
  match(table, /✓ s\.responseTime p\(50\)<100ms\n/);
  const failed = summaryTable(
    summarize(SCRIPT, [new ScenarioFigures(SCENARIO)], {
      duration: 0,
      aborted: undefined,
      now: 0,
    }),
  );
  match(failed, /✗ s\.responseTime p\(50\)<100ms, was not measured\n/);
  match(failed, /\ns +0 +0 +0 \(0 %\) +0\.0\/s\n/);
});

Deno.test("progressLine() shows rate, p95 and errors", () => {
  const scenario = {
    name: "s",
    state: "open",
    scheduled: 12,
    started: 10,
    dropped: 2,
    completed: 6,
    failed: 2,
    inFlight: 2,
    targetRate: null,
    users: null,
    rate: 123.4,
    p50: 1,
    p95: 0.25,
    p99: 3,
  } as const;
  equal(
    progressLine({
      elapsed: 61_500,
      scenarios: [scenario, { ...scenario, p95: 1500 }],
    }),
    "  61.5 s  247/s  p95 1500 ms  4 in flight  4 failed (25.00 %)  4 dropped",
  );
  equal(
    progressLine({ elapsed: 0, scenarios: [] }),
    "   0.0 s  0/s  p95 -  0 in flight  0 failed (0 %)",
  );
});
