import { deepEqual, ok } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { LATENESS_BOUNDARIES } from "../../../core/observe/timing.ts";
import { LatenessWatch } from "../../../plugins/resource_stress/lateness.ts";

/** Metrics, with the lateness of two routes. */
function late() {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "perfmock_other", help: "Another" });
  const timing = metrics.timing({
    name: "perfmock_injected_delay_lateness_seconds",
    help: "Lateness",
    labels: ["route"],
  }, LATENESS_BOUNDARIES);
  const series = [timing.series("a"), timing.series("b")];
  return {
    metrics,
    /** Records the same lateness some times, for both routes in turn. */
    record(milliseconds: number, times: number) {
      for (let i = 0; i < times; i++) series[i % 2].record(milliseconds);
    },
  };
}

Deno.test("LatenessWatch reports null without the metric, or with too few records", () => {
  const unknown = { beforeP99Ms: null, duringP99Ms: null };
  deepEqual(new LatenessWatch(new MetricRegistry()).figures, unknown);
  const { metrics, record } = late();
  const watch = new LatenessWatch(metrics);
  deepEqual(watch.figures, unknown);
  record(1, 19);
  deepEqual(watch.figures, unknown);
});

Deno.test("LatenessWatch separates lateness before and during the scenario", () => {
  const { metrics, record } = late();
  record(0.04, 1000);
  const watch = new LatenessWatch(metrics);
  record(4, 100);
  const { beforeP99Ms, duringP99Ms } = watch.figures;
  // Each within the bucket that holds the 99th percentile.
  ok(Number(beforeP99Ms) > 0.025 && Number(beforeP99Ms) <= 0.05);
  ok(Number(duringP99Ms) > 2.5 && Number(duringP99Ms) <= 5);
});

Deno.test("LatenessWatch interpolates within the first bucket from 0, and ends at the last boundary", () => {
  const { metrics, record } = late();
  record(0.001, 100);
  const watch = new LatenessWatch(metrics);
  record(400, 100);
  deepEqual(watch.figures, { beforeP99Ms: 0.0099, duringP99Ms: 50 });
});
