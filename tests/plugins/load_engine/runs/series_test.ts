import { deepEqual, equal } from "node:assert/strict";
import { MetricRegistry } from "../../../../core/observe/metric_registry.ts";
import type { Timing } from "../../../../core/plugin.ts";
import { VirtualClock } from "../../../../core/testing.ts";
import {
  loadMetrics,
  RunSeries,
} from "../../../../plugins/load_engine/runs/series.ts";
import { progress, times } from "./_fakes.ts";

/** Makes the metrics of runs, and a reader for them. */
function metrics() {
  const registry = new MetricRegistry();
  const seriesOf = loadMetrics(registry);
  const clock = new VirtualClock();
  const valueOf = (name: string) => {
    const metric = [...registry.all()].find(({ definition }) =>
      definition.name === `perfmock_load_${name}`
    );
    const [entry] = metric?.entries() ?? [];
    return entry === undefined ? undefined : entry[1];
  };
  return {
    clock,
    run: () => new RunSeries(seriesOf, clock),
    value: (name: string) => (valueOf(name) as { value: number }).value,
    outcomes: () => {
      const metric = [...registry.all()].find(({ definition }) =>
        definition.name === "perfmock_load_requests_ended_total"
      );
      return Object.fromEntries(
        [...metric?.entries() ?? []].map(([labels, series]) => [
          labels.at(-1),
          (series as unknown as { value: number }).value,
        ]),
      );
    },
    timing: (name: string) => valueOf(name) as Timing,
  };
}

Deno.test("RunSeries adds the differences since the last tick", () => {
  const { run, value } = metrics();
  const series = run();
  series.tick(progress(1000, { scheduled: 10, started: 8, dropped: 2 }), {});
  series.tick(progress(2000, { scheduled: 15, started: 12, dropped: 3 }), {});
  equal(value("arrivals_scheduled_total"), 15);
  equal(value("arrivals_started_total"), 12);
  equal(value("arrivals_dropped_total"), 3);
});

Deno.test("RunSeries counts requests by the way they ended", () => {
  const { run, outcomes } = metrics();
  const series = run();
  const ended = { completed: 4, failed: 3, refused: 2, cut: 0 };
  series.tick(progress(1000, ended), {});
  series.tick(progress(2000, { ...ended, completed: 9, cut: 5 }), {});
  deepEqual(outcomes(), { served: 9, refused: 2, failed: 1, cut: 5 });
});

Deno.test("RunSeries adds up scenarios of the same name, and removes its part at the end", () => {
  const { run, value } = metrics();
  const [one, other] = [run(), run()];
  one.tick(progress(1000, { scheduled: 5, targetRate: 100, users: 3 }), {});
  other.tick(progress(1000, { scheduled: 7, targetRate: 50, users: 4 }), {});
  one.tick(progress(2000, { scheduled: 6, targetRate: 120, users: 2 }), {});
  equal(value("arrivals_scheduled_total"), 13);
  equal(value("target_rate"), 170);
  equal(value("users"), 6);
  one.end();
  equal(value("target_rate"), 50);
  equal(value("users"), 4);
  other.end();
  equal(value("target_rate"), 0);
  equal(value("users"), 0);
});

Deno.test("RunSeries records each time as often as it was measured", () => {
  const { run, timing } = metrics();
  const series = run();
  series.tick(progress(1000), times(2, 3, 40, 1));
  for (const name of ["response_seconds", "service_seconds"]) {
    equal(timing(name).count, 4);
    equal(timing(name).sum, 46);
  }
  deepEqual(timing("start_lag_seconds").cumulative().slice(-4), [3, 3, 4, 4]);
});

Deno.test("RunSeries records many different times in slices with pauses", () => {
  const { run, timing, clock } = metrics();
  const series = run();
  const different = Array.from({ length: 800 }, (_, i) => [i + 1, 2]).flat();
  series.tick(progress(1000), times(...different));
  equal(timing("response_seconds").count, 1600);
  equal(timing("service_seconds").count, 400);
  series.tick(progress(2000), times(1, 1));
  clock.advance(1);
  equal(timing("service_seconds").count, 1600);
  clock.advance(20);
  equal(timing("response_seconds").count, 1601);
  equal(timing("start_lag_seconds").count, 1601);
});

Deno.test("RunSeries records the rest at once when the run ends", () => {
  const { run, timing } = metrics();
  const series = run();
  const different = Array.from({ length: 900 }, (_, i) => [i + 1, 1]).flat();
  series.tick(progress(1000), times(...different));
  series.end();
  equal(timing("start_lag_seconds").count, 900);
});
