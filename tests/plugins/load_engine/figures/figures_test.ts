import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { LoadPart, LoadScenarioProgress } from "../../../../core/load.ts";
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
import type {
  Figure,
  Script,
  Traffic,
} from "../../../../plugins/load_engine/script/script.ts";
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

/** A script whose scenario `s` sends this many different requests. */
function requestsOf(length: number) {
  const requests = Array.from({ length }, (_, i) => ({ path: `/${i}` }));
  return {
    scenarios: {
      s: { executor: "arrival-rate", rate: "1/s", duration: "1s", requests },
    },
  };
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
  equal(s.responseTime.mean, (50 + 200 + 50) / 3);
  deepEqual([s.served.count, s.refused.count], [3, 1]);
  deepEqual([s.served.responseTime.max, s.refused.responseTime.max], [200, 50]);
  equal(s.requests["GET /c"].responseTime.p999, null);
  deepEqual(thresholds.filter(({ ok }) => !ok), []);
  equal(kept, true);
});

Deno.test("Response times include timeouts, but no other failures without a response", () => {
  const of = new ScenarioFigures(SCENARIO);
  for (const error of ["timeout", "reset", "connect"] as const) {
    const ended = order(0, { error, status: 0, firstByte: NaN, ended: 5000 });
    of.started(ended.request);
    of.ended(ended);
  }
  const total = of.total();
  equal(total.times("responseTime").count, 1);
  equal(total.times("responseTime").max, 4900);
  equal(total.times("firstByte").count, 0);
  equal(total.missed, 3);
  deepEqual(Object.fromEntries(total.failures), {
    timeout: 1,
    reset: 1,
    connect: 1,
  });
  equal(of.sending(5000), 0);
});

Deno.test("Every request ends in one way, and the times of each way are its own", () => {
  const of = new ScenarioFigures(SCENARIO);
  // Any sequence of endings, with a duration that tells it from all others.
  const endings = [
    ["served", { status: 200 }],
    ["served", { status: 399 }],
    ["refused", { status: 400 }],
    ["refused", { status: 503 }],
    ["timed out", { error: "timeout", status: 0, firstByte: NaN }],
    ["lost", { error: "reset", status: 0 }],
    ["cut", { error: "cut", status: 0, firstByte: NaN }],
  ] as const;
  const took: Record<string, number[]> = {};
  for (let i = 0; i < 300; i++) {
    const [way, more] = endings[(i * i + 3 * i) % 7];
    const time = 1 + i / 100;
    (took[way] ??= []).push(time);
    const ended = order(i % 3, { ...more, started: 100, ended: 100 + time });
    of.started(ended.request);
    of.ended(ended);
  }
  const { scenarios: { s } } = summarize(SCRIPT, [of], {
    duration: 1,
    aborted: undefined,
    now: 1,
  });
  const count = (way: string) => took[way]?.length ?? 0;
  const mean = (...ways: string[]) => {
    const all = ways.flatMap((way) => took[way] ?? []);
    return Math.round(all.reduce((a, b) => a + b, 0) / all.length * 1e6) / 1e6;
  };
  equal(s.served.count, count("served"));
  equal(s.completed, count("served"));
  equal(s.refused.count, count("refused"));
  equal(s.failed, count("refused") + count("timed out") + count("lost"));
  equal(s.cut, count("cut"));
  equal(s.started, s.completed + s.failed + s.cut);
  equal(s.served.responseTime.mean, mean("served"));
  equal(s.refused.responseTime.mean, mean("refused"));
  equal(s.responseTime.mean, mean("served", "timed out"));
  equal(s.serviceTime.mean, mean("served", "timed out"));
  equal(of.interval.responseTime.count, count("served") + count("timed out"));
  deepEqual(
    [of.completedCount, of.failedCount, of.refusedCount, of.cutCount],
    [s.completed, s.failed, s.refused.count, s.cut],
  );
  // The groups of a scenario add up to it, and so do its requests.
  const sum = (figure: (part: LoadPart) => number) =>
    Object.values(s.requests).reduce((total, part) => total + figure(part), 0);
  equal(sum(({ cut }) => cut), s.cut);
  equal(sum(({ refused }) => refused.count), s.refused.count);
});

Deno.test("A refusal at once does not make the response time of the rest look better", () => {
  const of = new ScenarioFigures(SCENARIO);
  for (let i = 0; i < 100; i++) {
    const refused = i < 38;
    of.ended(
      order(0, refused ? { status: 503, ended: 111 } : { ended: 300 + i }),
    );
  }
  const judged = (metric: string, expression: string) =>
    judge(
      {
        metric: {
          text: metric,
          scenario: undefined,
          part: undefined,
          figure: metric as Figure,
        },
        expression,
        statistic: expression.startsWith("rate")
          ? { kind: "rate" }
          : { kind: "med" },
        operator: "<",
        bound: Infinity,
        abortOnFail: false,
        after: 0,
      },
      [of],
    );
  ok((judged("responseTime", "med").actual ?? 0) > 230);
  ok((judged("served", "med").actual ?? 0) > 230);
  equal(judged("refused", "med").actual, 11);
  deepEqual(
    ["refused", "served", "failed"].map((metric) =>
      judged(metric, "rate").actual
    ),
    [0.38, 0.62, 0.38],
  );
  equal(judged("refused", "rate").unit, "share");
  equal(judged("refused", "med").unit, "ms");
});

Deno.test("A check of a request that was cut off is neither passed nor failed", () => {
  const of = new ScenarioFigures(SCENARIO);
  of.ended(order(0, { error: "cut", status: 0 }));
  const { passed, missed } = of.total();
  deepEqual([passed, missed], [0, 0]);
});

Deno.test("A start before its scheduled time is not a negative lag", () => {
  const of = new ScenarioFigures(SCENARIO);
  of.ended(order(0, { started: 99.9 }));
  equal(of.total().times("startLag").max, 0);
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
  const script = await parse(requestsOf(300));
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
    refused: 1,
    cut: 0,
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
    "time,scenario,scheduled,started,dropped,completed,failed,refused,cut,inFlight,rate,p50,p95,p99,max\n" +
      "1.5,s,2,2,0,1,1,1,0,3,4,1,,3,4\n2.5,s,2,2,0,1,1,1,0,3,0,1,,3,4\n",
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

/** Text of the figures of a script as a table. */
function tableOf(script: Script, endings: readonly Order[]): string {
  const of = new ScenarioFigures(script.scenarios[0] as Traffic);
  of.opened(0);
  for (const ended of endings) {
    of.started(ended.request);
    of.ended(ended);
  }
  of.closed(10_000);
  return summaryTable(
    summarize(script, [of], {
      duration: 10_000,
      aborted: undefined,
      now: 10_000,
    }),
  );
}

Deno.test("summaryTable() shows scenarios, times, failures and thresholds", () => {
  const summary = summarize(SCRIPT, [figures()], {
    duration: 10_000,
    aborted: "it was stopped",
    now: 10_000,
  });
  equal(summary.ok, false);
  const [head, counts] = summaryTable(summary).split("\n\n");
  equal(head, "figures, seed 42: 10.0 s, ended early: it was stopped");
  equal(
    counts,
    `
           sent  dropped  served  refused  unanswered  cut   failed   rate
s             4        1       3        1           0    0  25.00 %  0.4/s
  group g     4                3        1           0    0  25.00 %  0.4/s
  GET /a      2                2        0           0    0      0 %  0.2/s
  b           2                1        1           0    0  50.00 %  0.2/s
  GET /c      0                0        0           0    0      0 %    0/s`
      .slice(1),
  );
  const table = summaryTable(summary);
  match(table, /\ns: served +3 +100\.0 ms +50\.\d+ ms /);
  match(table, /\n {2}group g +3 +100\.0 ms/);
  match(table, /\n {2}refused +1 +50\.00 ms/);
  match(table, /\n {2}uncorrected \(from the send\) +93\.33 ms/);
  match(table, /\ns: 1 × status 503\n/);
  match(table, /✓ s\.responseTime p\(50\)<100ms: 50\.\d+ ms\n/);
  match(table, /✓ s\.b\.failed rate==0\.5: 0\.5 \(50 %\)\n/);
  match(table, /✓ s\.b\.failed count==1: 1\n/);
  const failed = summaryTable(
    summarize(SCRIPT, [new ScenarioFigures(SCENARIO)], {
      duration: 0,
      aborted: undefined,
      now: 0,
    }),
  );
  match(failed, /✗ s\.responseTime p\(50\)<100ms: not measured\n/);
  match(failed, /\ns( +0){6} +0 % +0\/s\n/);
});

Deno.test("summaryTable() shows a measured value next to a round limit with the digits that decide", async () => {
  const last = async (limit: string, took: number) => {
    const script = await parse({
      scenarios: {
        s: {
          executor: "arrival-rate",
          rate: "1/s",
          duration: "1s",
          requests: [{ path: "/" }],
        },
      },
      thresholds: { responseTime: [limit] },
    });
    const [request] = (script.scenarios[0] as Traffic).requests;
    const ended = Object.assign(
      new Order(request, { ended: () => {} }, 0, TURN),
      { ended: took, status: 200 },
    );
    return tableOf(script, [ended]).trim().split("\n").at(-1);
  };
  equal(
    await last("max<=20ms", 20.0000049),
    "✗ responseTime max<=20ms: 20.000005 ms",
  );
  equal(await last("max<=20ms", 20), "✓ responseTime max<=20ms: 20 ms");
  equal(
    await last("max<1s", 1234.5678),
    "✗ responseTime max<1s: 1234.57 ms",
  );
});

Deno.test("summaryTable() lists the requests that were sent most often, and says how many more there are", async () => {
  const script = await parse(requestsOf(23));
  const { requests } = script.scenarios[0] as Traffic;
  const table = tableOf(
    script,
    requests.slice(3).map((request) =>
      Object.assign(new Order(request, { ended: () => {} }, 100, TURN), {
        ended: 120,
        started: 100,
        status: 200,
      })
    ),
  );
  match(table, /\ns: 3 further requests: see --out FILE\.json\n/);
  deepEqual(
    [...table.matchAll(/^ {2}GET \/(\d+) +1 /gm)].map(([, path]) => path),
    // Once among the counts, once among the times.
    [0, 1].flatMap(() => Array.from({ length: 20 }, (_, i) => `${i + 3}`)),
  );
});

Deno.test("summaryTable() shows notes above the figures", () => {
  const summary = summarize(
    { ...SCRIPT, notes: ["s: 2 of 3 lines left out"] },
    [],
    { duration: 0, aborted: undefined, now: 0 },
  );
  match(
    summaryTable(summary),
    /^figures, seed 42: 0\.0 s\n\nNote: s: 2 of 3 lines left out\n/,
  );
});

const PROGRESS: LoadScenarioProgress = {
  name: "s",
  state: "open",
  scheduled: 12,
  started: 10,
  dropped: 0,
  completed: 6,
  failed: 0,
  refused: 0,
  cut: 0,
  inFlight: 2,
  targetRate: null,
  users: null,
  rate: 123.4,
  p50: 1,
  p95: 0.25,
  p99: 3,
};

for (
  const [line, progress, scenarios] of [
    [
      "5 s of 15 s, 53/s of 60/s, target http://127.0.0.1:80, p95 12.30 ms, 3 in flight, 0 failed",
      { elapsed: 5003, duration: 15_000 },
      [{ rate: 53.2, targetRate: 60, p95: 12.3, inFlight: 3 }],
    ],
    [
      "62 s, 247/s, target http://127.0.0.1:80, p95 1500 ms, 4 in flight, 4 failed (25.00 %, 2 refused), 6 cut, 4 dropped",
      { elapsed: 61_501, duration: null },
      [
        { dropped: 2, failed: 2, refused: 1, cut: 3 },
        { p95: 1500, dropped: 2, failed: 2, refused: 1, cut: 3 },
      ],
    ],
    [
      "1.5 s of 1.5 s, target http://127.0.0.1:80, waiting for 1 answer, 0 failed",
      { elapsed: 3000, duration: 1500 },
      [{ state: "closing", inFlight: 1 }, { state: "ended", inFlight: 0 }],
    ],
    [
      "1 s, 4.5/s, target http://127.0.0.1:80, 7 users, 2 in flight, 0 failed",
      { elapsed: 1000, duration: null },
      [{ rate: 4.5, users: 7, p95: null }],
    ],
    [
      "1 s, 123/s, target http://127.0.0.1:80, 1 user, p95 0.250 ms, 2 in flight, 0 failed",
      { elapsed: 1000, duration: null },
      [
        { rate: 100, targetRate: 100, inFlight: 1 },
        { rate: 23, users: 1, inFlight: 1 },
      ],
    ],
    [
      "5 s, 0.017/s of 0.033/s, target http://127.0.0.1:80, p95 0.250 ms, 2 in flight, 0 failed",
      { elapsed: 5000, duration: null },
      [{ rate: 1 / 60, targetRate: 2 / 60 }],
    ],
    ["4 s of 4 s", { elapsed: 4000, duration: 4000 }, []],
  ] as const
) {
  Deno.test(`progressLine() may be "${line}"`, () => {
    const all = scenarios.map((more) => ({ ...PROGRESS, ...more }));
    equal(
      progressLine({ ...progress, scenarios: all }, {
        target: "http://127.0.0.1:80",
      }),
      line,
    );
  });
}
