import { deepEqual, equal } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { SessionMetrics } from "../../../core/server/session_metrics.ts";

Deno.test("SessionMetrics adds counts to the server's metrics and keeps set values to itself", () => {
  const all = new MetricRegistry();
  const session = new SessionMetrics(all);
  const counted = { name: "x_total", help: "X" };
  session.counter(counted).series().add(2);
  session.counter(counted).series().add();
  equal(all.counter(counted).series().value, 3);
  const measured = { name: "x_now", help: "X", labels: ["route"] };
  const gauge = session.gauge(measured).series("r");
  gauge.add(1);
  equal(all.gauge(measured).series("r").value, 1);
  gauge.set(7);
  equal(gauge.value, 7);
  gauge.follow(() => 9);
  equal(gauge.value, 9);
  equal(all.gauge(measured).series("r").value, 1);
  session.counter(counted).series().follow(() => 100);
  equal(all.counter(counted).series().value, 3);
  const timing = { name: "x_seconds", help: "X" };
  session.timing(timing).series().record(5);
  equal(all.timing(timing).series().count, 1);
  deepEqual([...session.all()].length, [...all.all()].length);
});

Deno.test("SessionMetrics lists a session's own series by their labels", () => {
  const session = new SessionMetrics(new MetricRegistry());
  const metric = session.gauge({ name: "x_now", help: "X", labels: ["route"] });
  metric.series("a").set(1);
  equal(metric.series("a"), metric.series("a"));
  deepEqual(
    [...metric.entries()].map(([labels, { value }]) => [labels, value]),
    [[["a"], 1]],
  );
});

Deno.test("SessionMetrics has no more series than the server's limit allows", () => {
  const session = new SessionMetrics(new MetricRegistry({ seriesLimit: 2 }));
  const metric = session.counter({ name: "x_total", help: "X", labels: ["a"] });
  for (let n = 0; n < 1000; n++) metric.series(`${n}`).add();
  deepEqual(
    [...metric.entries()].map(([[label], { value }]) => [label, value]),
    [["0", 1], ["1", 1], ["__overflow__", 998]],
  );
});
