// Runs without the profiler: computes much.
import { deepEqual, equal, ok } from "node:assert/strict";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { Histogram } from "../../../core/lib/histogram.ts";
import { figures } from "../../../core/observe/figures.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { methodLabel, Recorder } from "../../../core/observe/recorder.ts";
import { exchange, testPlan } from "../../support/plan.ts";

/** An ended exchange with the given members. */
function ended(times: Partial<LiveExchange>): LiveExchange {
  return Object.assign(exchange(testPlan()), {
    arrival: 100,
    start: 100,
    status: 200,
  }, times);
}

/** Values of a metric by its labels; count and sum of a histogram. */
function valuesOf(metrics: MetricRegistry, name: string) {
  const metric = [...metrics.all()].find(({ definition }) =>
    definition.name === name
  );
  ok(metric !== undefined, name);
  return Object.fromEntries(
    [...metric.entries()].map(([labels, series]) => [
      labels.join(" "),
      "sum" in series ? [series.count, series.sum] : series.value,
    ]),
  );
}

function recorder() {
  const metrics = new MetricRegistry();
  const all = new Recorder(metrics, 0);
  return { metrics, all, route: all.route("r", "/r/:id", "GET") };
}

Deno.test("figures() of an empty histogram are null, others are rounded to 0.1 µs", () => {
  const histogram = new Histogram();
  const empty = figures(histogram);
  deepEqual([empty.count, empty.min, empty.mean, empty.p99, empty.max], [
    0,
    null,
    null,
    null,
    null,
  ]);
  histogram.record(1.00004);
  histogram.record(3);
  const { count, min, mean, max } = figures(histogram);
  deepEqual([count, min, mean, max], [2, 1, 2, 3]);
});

Deno.test("methodLabel() returns HTTP's methods as they are, and _OTHER for all others", () => {
  equal(methodLabel("DELETE"), "DELETE");
  equal(methodLabel("BREW"), "_OTHER");
  equal(methodLabel("get"), "_OTHER");
});

Deno.test("Recorder records response time, intended delay and lateness of an answer", () => {
  const { metrics, all, route } = recorder();
  route.arrived(100);
  equal(all.snapshot(200).r.inFlight, 1);
  route.observe(ended({
    outcome: "answered",
    start: 110,
    due: 135,
    end: 135.5,
    service: 20,
    degradation: 5,
  }));
  deepEqual(
    valuesOf(metrics, "http_server_request_duration_seconds"),
    { "r GET /r/:id 200": [1, 35.5] },
  );
  deepEqual(valuesOf(metrics, "perfmock_service_seconds"), { r: [1, 20.5] });
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_target_seconds"), {
    r: [1, 25],
  });
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_lateness_seconds"), {
    r: [1, 0.5],
  });
  const {
    arrivals,
    inFlight,
    answered,
    early,
    responseTime,
    target,
    lateness,
  } = all.snapshot(200).r;
  deepEqual([arrivals, inFlight, answered, early], [1, 0, 1, 0]);
  deepEqual([responseTime.max, target.max, lateness.max], [35.5, 25, 0.5]);
  equal(all.lateness.count(135.5), 1);
});

Deno.test("Recorder records no lateness of an answer that was not delayed", () => {
  const { metrics, all, route } = recorder();
  route.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_lateness_seconds"), {
    r: [0, 0],
  });
  equal(all.snapshot(200).r.lateness.count, 0);
});

Deno.test("Recorder counts an answer that left too early", () => {
  const { metrics, all, route } = recorder();
  route.observe(ended({ outcome: "answered", due: 120, end: 119 }));
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_early_total"), {
    "": 1,
  });
  deepEqual([all.snapshot(200).r.early, all.snapshot(200).r.lateness.max], [
    1,
    0,
  ]);
});

Deno.test("Recorder counts rejections, failures and clients that left separately", () => {
  const { metrics, all, route } = recorder();
  const observe = (times: Partial<LiveExchange>) => {
    route.arrived(100);
    route.observe(ended({ end: 105, ...times }));
  };
  observe({ outcome: "rejected", status: 503 });
  observe({ outcome: "failed", status: 500 });
  observe({ outcome: "gone", phase: "queue" });
  observe({ outcome: "gone", phase: "service", due: 130 });
  observe({ outcome: "gone", phase: "service", due: 130 });
  observe({ outcome: "cut", phase: "service", due: 130 });
  const { arrivals, inFlight, answered, rejected, failed, gone } =
    all.snapshot(200).r;
  deepEqual([arrivals, inFlight, answered, rejected, failed, gone], [
    6,
    0,
    0,
    1,
    1,
    3,
  ]);
  // Requests with the outcome gone or cut have no response.
  deepEqual(valuesOf(metrics, "http_server_request_duration_seconds"), {
    "r GET /r/:id 503": [1, 5],
    "r GET /r/:id 500": [1, 5],
  });
  const disconnects = valuesOf(metrics, "perfmock_client_disconnects_total");
  deepEqual([disconnects["r queue"], disconnects["r service"]], [1, 2]);
});

Deno.test("Recorder.unmatched() records requests without a route under one route name and a few methods", () => {
  const { metrics, all } = recorder();
  all.unmatched("GET", "/pot", 404);
  all.unmatched("BREW", "/pot", 404);
  all.unmatched("WHEN", "/pot", 404);
  deepEqual(valuesOf(metrics, "http_server_request_duration_seconds"), {
    "__unmatched__ GET __unmatched__ 404": [1, 0],
    "__unmatched__ _OTHER __unmatched__ 404": [2, 0],
  });
});

Deno.test("Recorder.reset() starts the figures again, and metrics continue", () => {
  const { metrics, all, route } = recorder();
  route.arrived(100);
  route.arrived(100);
  route.observe(ended({ outcome: "answered", due: 120, end: 121 }));
  all.reset(121);
  const { arrivals, inFlight, answered, responseTime } = all.snapshot(200).r;
  deepEqual([arrivals, inFlight, answered, responseTime.count], [0, 1, 0, 0]);
  equal(all.lateness.count(121), 0);
  deepEqual(valuesOf(metrics, "perfmock_arrivals_total"), { r: 2 });
});

Deno.test("Recorder.route() shares the figures of a route among its methods", () => {
  const { metrics, all, route } = recorder();
  const other = all.route("r", "/r/:id", "POST");
  route.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  other.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  equal(all.snapshot(200).r.answered, 2);
  deepEqual(
    Object.keys(valuesOf(metrics, "http_server_request_duration_seconds")),
    ["r GET /r/:id 200", "r POST /r/:id 200"],
  );
});

Deno.test("Recorder gives figures of the last 10 s, of the last minute and since the reset", () => {
  const metrics = new MetricRegistry();
  const all = new Recorder(metrics, 0);
  const route = all.route("r", "/r", "GET");
  for (let at = 0; at < 70_000; at += 100) {
    route.arrived(at);
    route.observe(ended({
      outcome: at % 1000 === 0 ? "rejected" : "answered",
      arrival: at,
      start: at,
      due: at + 20,
      end: at + 20 + at / 1000,
    }));
  }
  const { arrivals, answered, rejected, responseTime, last10s, last1m } =
    all.snapshot(70_000).r;
  deepEqual([arrivals, answered, rejected], [700, 630, 70]);
  deepEqual(
    [last10s.seconds, last10s.arrivals, last10s.rates.arrivals],
    [8, 80, 10],
  );
  deepEqual([last1m.seconds, last1m.rates.rejected], [50, 1]);
  // Response times grow all the time: the later the window, the greater its minimum.
  deepEqual(
    [responseTime.min, last1m.responseTime.min, last10s.responseTime.min],
    [20.1, 40.1, 82.1],
  );
});

Deno.test("Recorder accounts for each arrival: it is in flight or has one of the outcomes", () => {
  const { all, route } = recorder();
  const ends = ["answered", "rejected", "failed", "gone", "cut", "reset"];
  for (const [i, outcome] of ends.entries()) {
    for (let n = 0; n <= i; n++) {
      route.arrived(100);
      route.observe(ended({
        outcome: outcome as LiveExchange["outcome"],
        status: outcome === "reset" ? 0 : 200,
        end: 101,
      }));
    }
  }
  route.arrived(100);
  const r = all.snapshot(102).r;
  deepEqual(
    [r.answered, r.rejected, r.failed, r.gone, r.cut, r.reset, r.inFlight],
    [1, 2, 3, 4, 5, 6, 1],
  );
  equal(r.arrivals, 22);
});

Deno.test("Recorder keeps the trace of an answer as the exemplar of its response time and of its lateness", () => {
  const { metrics, route } = recorder();
  const trace = "0af7651916cd43dd8448eb211c80319c";
  route.observe(ended({ outcome: "answered", due: 120, end: 121, trace }));
  for (
    const [name, value] of [
      ["http_server_request_duration_seconds", 21],
      ["perfmock_injected_delay_lateness_seconds", 1],
    ] as const
  ) {
    const metric = [...metrics.all()].find(({ definition }) =>
      definition.name === name
    );
    ok(metric?.boundaries !== undefined);
    const [[, series]] = [...metric.entries()];
    ok("exemplar" in series);
    const bucket = metric.boundaries.findIndex((end) => value <= end);
    deepEqual(series.exemplar(bucket), { trace, value, at: 121 });
  }
});

Deno.test("Recorder.fault() adds to the metric and to the figures, and a reset clears the figures alone", () => {
  const metrics = new MetricRegistry();
  const all = new Recorder(metrics, 0);
  const fault = all.fault("r", "503");
  all.fault("refused", "503");
  deepEqual([all.snapshot(0), valuesOf(metrics, "perfmock_faults_total")], [
    {},
    {},
  ], "not before the route is in force");
  all.keep(["r"]);
  all.prepare("r");
  deepEqual(all.snapshot(0).r.faults, { "503": 0 });
  deepEqual(valuesOf(metrics, "perfmock_faults_total"), { "r 503": 0 });
  fault.add();
  deepEqual(all.snapshot(0).r.faults, { "503": 1 });
  all.reset(10);
  all.fault("r", "503").add(2);
  deepEqual(all.snapshot(20).r.faults, { "503": 2 });
  deepEqual(valuesOf(metrics, "perfmock_faults_total"), { "r 503": 3 });
});

Deno.test("Recorder.begin() forgets the faults of routes that were never in force, and keeps those of routes in force", () => {
  const metrics = new MetricRegistry();
  const all = new Recorder(metrics, 0);
  all.fault("r", "503");
  all.keep(["r"]);
  all.fault("rejected", "503");
  all.begin();
  all.prepare("rejected");
  deepEqual(valuesOf(metrics, "perfmock_faults_total"), {});
  all.prepare("r");
  deepEqual(valuesOf(metrics, "perfmock_faults_total"), { "r 503": 0 });
});

Deno.test("Recorder.keep() gives figures of all current routes, unused ones included, and drops removed ones", () => {
  const { metrics, all, route } = recorder();
  route.arrived(1);
  all.keep(["b", "r"]);
  deepEqual(Object.keys(all.snapshot(2)), ["b", "r"]);
  deepEqual([all.snapshot(2).b.arrivals, all.snapshot(2).r.arrivals], [0, 1]);
  deepEqual(valuesOf(metrics, "perfmock_arrivals_total"), { r: 1, b: 0 });
  all.keep(["b"]);
  deepEqual(Object.keys(all.snapshot(3)), ["b"]);
  all.keep(["b", "r"]);
  equal(all.snapshot(4).r.arrivals, 0);
  deepEqual(valuesOf(metrics, "perfmock_arrivals_total"), { r: 1, b: 0 });
});

Deno.test("Recorder makes no series for events that have not occurred: a hundred routes stay far below the limit", () => {
  const overflowing: string[] = [];
  const metrics = new MetricRegistry({
    onOverflow: (metric) => overflowing.push(metric),
  });
  const all = new Recorder(metrics, 0);
  for (let i = 0; i < 150; i++) all.route(`r${i}`, `/${i}`, "GET");
  deepEqual(overflowing, []);
  deepEqual(valuesOf(metrics, "perfmock_client_disconnects_total"), {});
});

Deno.test("Recorder keeps 10 000 methods and statuses of 3000 routes in bounded series with exact totals, and each route's own figures", () => {
  const overflowing: string[] = [];
  const metrics = new MetricRegistry({
    onOverflow: (metric) => overflowing.push(metric),
  });
  const all = new Recorder(metrics, 0);
  for (let i = 0; i < 10_000; i++) {
    const id = `r${i % 3000}`;
    const route = all.route(id, `/${id}`, methodLabel(`M${i}`));
    route.arrived(i);
    route.observe(ended({
      outcome: "answered",
      arrival: i,
      start: i,
      due: i + 1,
      end: i + 1,
      status: 200 + i % 300,
    }));
    all.unmatched(`M${i}`, `/n${i}`, 404);
    all.fault(id, `${200 + i % 300}`).add();
  }
  const sum = (name: string) =>
    Object.values(valuesOf(metrics, name)).reduce<number>(
      (total, value) => total + (Array.isArray(value) ? value[0] : value),
      0,
    );
  equal(sum("perfmock_arrivals_total"), 10_000);
  equal(sum("perfmock_faults_total"), 10_000);
  equal(sum("perfmock_service_seconds"), 10_000);
  equal(sum("http_server_request_duration_seconds"), 20_000);
  equal(all.unmatchedCount, 10_000);
  for (const metric of metrics.all()) {
    const size = [...metric.entries()].length;
    ok(size <= 201, `${metric.definition.name} has ${size} series`);
  }
  equal(new Set(overflowing).size, overflowing.length);
  ok(overflowing.includes("perfmock_arrivals_total"));
  const { r0, r2999 } = all.snapshot(10_001);
  deepEqual([r0.arrivals, r2999.arrivals, r2999.inFlight], [4, 3, 0]);
  deepEqual(Object.values(r2999.faults).reduce((a, b) => a + b), 3);
});

Deno.test("Recorder's metrics have the names, kinds and labels that monitoring relies on", () => {
  const { metrics } = recorder();
  deepEqual(
    Array.from(
      metrics.all(),
      ({ type, definition: { name, labels = [] } }) =>
        `${name} ${type} {${labels.join(", ")}}`,
    ),
    [
      "perfmock_series gauge {metric}",
      "perfmock_series_overflow_total counter {metric}",
      "http_server_request_duration_seconds histogram {route, http_request_method, http_route, http_response_status_code}",
      "perfmock_arrivals_total counter {route}",
      "perfmock_requests_in_flight gauge {route}",
      "perfmock_service_seconds histogram {route}",
      "perfmock_injected_delay_target_seconds histogram {route}",
      "perfmock_injected_delay_lateness_seconds histogram {route}",
      "perfmock_response_body_bytes_total counter {route}",
      "perfmock_client_disconnects_total counter {route, phase}",
      "perfmock_injected_delay_early_total counter {}",
      "perfmock_faults_total counter {route, fault}",
      "perfmock_unread_bodies_total counter {reason}",
      "perfmock_eventloop_lag_seconds histogram {}",
    ],
  );
});
