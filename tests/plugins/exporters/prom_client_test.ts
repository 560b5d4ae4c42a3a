import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { OwnRegistry } from "../../../plugins/exporters/prom_client.ts";
import { Names, takenBy } from "../../../plugins/exporters/prometheus_names.ts";
import { parse, sampleKey } from "./_exposition.ts";

const help = "Test";

function registryBeside(metrics = new MetricRegistry()): OwnRegistry {
  return new OwnRegistry(() => {
    const names = new Names();
    names.addAll(metrics.all());
    return names;
  });
}

Deno.test("OwnRegistry takes prom-client's metrics, exemplars too, and tells them as prom-client's own registry does", async () => {
  const own = registryBeside();
  const theirs = new Registry<OpenMetricsContentType>();
  theirs.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const registry of [own, theirs]) {
    const registers = [registry];
    new Counter({ name: "c_total", help, labelNames: ["x"], registers })
      .inc({ x: 'a"b' }, 3);
    new Gauge({
      name: "g",
      help,
      registers,
      collect() {
        this.set(7);
      },
    });
    const histogram = new Histogram({
      name: "h",
      help,
      registers,
      enableExemplars: true,
    });
    histogram.observe({ value: 0.3, exemplarLabels: { trace_id: "abc" } });
  }
  const [mine, expected] = [await own.metrics(), await theirs.metrics()];
  deepEqual(parse(mine).samples, parse(expected).samples);
  ok(mine.includes('h_bucket{le="0.5"} 1 # {trace_id="abc"} 0.3 '));
  ok(parse(mine).complete);
  const json = (registry: OwnRegistry | typeof theirs) =>
    registry.getMetricsAsJSON().then((families) =>
      families.map(({ help, values }) => [
        help,
        values.map(({ labels, value }) => [labels, value]),
      ])
    );
  deepEqual(await json(own), await json(theirs));
});

Deno.test("OwnRegistry hands out, resets and removes metrics as prom-client's own registry does", async () => {
  const registry = registryBeside();
  const registers = [registry];
  const gauge = new Gauge({ name: "g", help, registers });
  gauge.set(4);
  registry.registerMetric(gauge);
  equal(registry.getSingleMetric("g"), gauge);
  deepEqual(registry.getMetricsAsArray(), [gauge]);
  equal(
    await registry.getSingleMetricAsString("g"),
    "# TYPE g gauge\n# HELP g Test\ng 4\n",
  );
  registry.resetMetrics();
  ok((await registry.getSingleMetricAsString("g")).endsWith("g 0\n"));
  registry.removeSingleMetric("g");
  equal(registry.getSingleMetric("g"), undefined);
  await rejects(registry.getSingleMetricAsString("g"), {
    message: 'Cannot write metric "g": there is none',
  });
  registry.registerMetric(gauge);
  registry.setDefaultLabels({ zone: 1 });
  registry.setContentType(registry.contentType);
  equal(
    parse(await registry.metrics()).samples.get(sampleKey("g", { zone: "1" })),
    0,
  );
  equal(
    (await registry.getMetricsAsJSON())[0].values[0].labels.zone,
    "1",
  );
  registry.clear();
  equal(await registry.metrics(), "# EOF\n");
  deepEqual(registry.defaultLabels, {});
});

Deno.test("OwnRegistry refuses a name that another plugin's metric or perfmock has, whichever sample it shows in", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "own_seconds", help });
  metrics.counter({ name: "own_total", help });
  const registry = registryBeside(metrics);
  const registers = [registry];
  new Counter({ name: "shop_total", help, registers });
  throws(() => new Counter({ name: "shop_total", help, registers }), {
    message:
      'Cannot register metric "shop_total": the name is taken by another plugin\'s metric, "Test"',
  });
  throws(() => new Gauge({ name: "own_total", help, registers }), {
    message:
      'Cannot register metric "own_total": the name is taken by a metric of the server itself',
  });
  for (
    const [name, owner] of [
      ["own_seconds_count", "own_seconds"],
      ["own", "own_total"],
      ["shop", "shop_total"],
    ]
  ) {
    throws(() => new Gauge({ name, help, registers }), {
      message:
        `Cannot register metric "${name}": its samples would be taken for those of "${owner}"`,
    });
  }
  equal(registry.getMetricsAsArray().length, 1);
});

Deno.test("OwnRegistry refuses labels that Prometheus keeps for itself", () => {
  const registry = registryBeside();
  throws(
    () =>
      new Gauge({
        name: "g",
        help,
        labelNames: ["__x"],
        registers: [registry],
      }),
    { message: /^Cannot register metric "g": "__x" is not a label/ },
  );
  throws(() => registry.setDefaultLabels({ "a-b": "1" }), {
    message: /^Cannot set default labels: "a-b" is not a label/,
  });
});

Deno.test("takenBy() knows the samples of each type, and the family of a counter", () => {
  deepEqual(takenBy("h", "histogram"), ["h", "h_bucket", "h_sum", "h_count"]);
  deepEqual(takenBy("s", "summary"), ["s", "s_sum", "s_count"]);
  deepEqual(takenBy("c_total", "counter"), ["c_total", "c"]);
  deepEqual(takenBy("g", "gauge"), ["g"]);
});
