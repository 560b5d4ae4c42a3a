import { deepEqual, equal, ok } from "node:assert/strict";
import type { LiveExchange } from "../../../core/exchange.ts";
import {
  Histogram,
  MetricRegistry,
  Recorder,
} from "../../../core/metrics/mod.ts";
import { figures, methodLabel } from "../../../core/metrics/recorder.ts";
import { exchange, testPlan } from "../../support/plan.ts";

/** An exchange that went as it is told. */
function ended(times: Partial<LiveExchange>): LiveExchange {
  return Object.assign(exchange(testPlan()), {
    arrival: 100,
    start: 100,
    status: 200,
  }, times);
}

/** The values of a metric by its labels; of a histogram its count and its sum. */
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
  const all = new Recorder(metrics);
  return { metrics, all, route: all.route("r", "/r/:id", "GET") };
}

Deno.test("figures() of nothing are null, of something are numbers to a tenth of a microsecond", () => {
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

Deno.test("methodLabel() knows HTTP's methods, and folds all others", () => {
  equal(methodLabel("DELETE"), "DELETE");
  equal(methodLabel("BREW"), "_OTHER");
  equal(methodLabel("get"), "_OTHER");
});

Deno.test("Recorder tells of an answer what it took, what it should have taken, and how late it left", () => {
  const { metrics, all, route } = recorder();
  route.arrived();
  equal(all.snapshot().r.inFlight, 1);
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
    { "GET /r/:id 200": [1, 35.5] },
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
  } = all.snapshot().r;
  deepEqual([arrivals, inFlight, answered, early], [1, 0, 1, 0]);
  deepEqual([responseTime.max, target.max, lateness.max], [35.5, 25, 0.5]);
  equal(all.lateness.count(135.5), 1);
});

Deno.test("Recorder counts no lateness of what was not held", () => {
  const { metrics, all, route } = recorder();
  route.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_lateness_seconds"), {
    r: [0, 0],
  });
  equal(all.snapshot().r.lateness.count, 0);
});

Deno.test("Recorder counts an early answer for what it is: perfmock's own fault", () => {
  const { metrics, all, route } = recorder();
  route.observe(ended({ outcome: "answered", due: 120, end: 119 }));
  deepEqual(valuesOf(metrics, "perfmock_injected_delay_early_total"), {
    "": 1,
  });
  deepEqual([all.snapshot().r.early, all.snapshot().r.lateness.max], [1, 0]);
});

Deno.test("Recorder counts rejections, failures and clients that left, each where it belongs", () => {
  const { metrics, all, route } = recorder();
  const observe = (times: Partial<LiveExchange>) => {
    route.arrived();
    route.observe(ended({ end: 105, ...times }));
  };
  observe({ outcome: "rejected", status: 503 });
  observe({ outcome: "failed", status: 500 });
  observe({ outcome: "gone", phase: "queue" });
  observe({ outcome: "gone", phase: "service", due: 130 });
  observe({ outcome: "gone", phase: "service", due: 130 });
  observe({ outcome: "cut", phase: "service", due: 130 });
  const { arrivals, inFlight, answered, rejected, failed, gone } =
    all.snapshot().r;
  deepEqual([arrivals, inFlight, answered, rejected, failed, gone], [
    6,
    0,
    0,
    1,
    1,
    3,
  ]);
  // Neither who left nor what was cut got a response.
  deepEqual(valuesOf(metrics, "http_server_request_duration_seconds"), {
    "GET /r/:id 503": [1, 5],
    "GET /r/:id 500": [1, 5],
  });
  const disconnects = valuesOf(metrics, "perfmock_client_disconnects_total");
  deepEqual([disconnects["r queue"], disconnects["r service"]], [1, 2]);
});

Deno.test("Recorder.unmatched() records what no route took, under one name and few methods", () => {
  const { metrics, all } = recorder();
  all.unmatched("GET", 404);
  all.unmatched("BREW", 404);
  all.unmatched("WHEN", 404);
  deepEqual(valuesOf(metrics, "http_server_request_duration_seconds"), {
    "GET __unmatched__ 404": [1, 0],
    "_OTHER __unmatched__ 404": [2, 0],
  });
});

Deno.test("Recorder.reset() starts the figures afresh and lets metrics go on", () => {
  const { metrics, all, route } = recorder();
  route.arrived();
  route.arrived();
  route.observe(ended({ outcome: "answered", due: 120, end: 121 }));
  all.reset();
  const { arrivals, inFlight, answered, responseTime } = all.snapshot().r;
  deepEqual([arrivals, inFlight, answered, responseTime.count], [0, 1, 0, 0]);
  equal(all.lateness.count(121), 0);
  deepEqual(valuesOf(metrics, "perfmock_arrivals_total"), { r: 2 });
});

Deno.test("Recorder.route() shares the figures of a route among its methods", () => {
  const { metrics, all, route } = recorder();
  const other = all.route("r", "/r/:id", "POST");
  route.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  other.observe(ended({ outcome: "answered", due: 100, end: 100 }));
  equal(all.snapshot().r.answered, 2);
  deepEqual(
    Object.keys(valuesOf(metrics, "http_server_request_duration_seconds")),
    ["GET /r/:id 200", "POST /r/:id 200"],
  );
});
