import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { DeliveredCounts } from "../../../plugins/exporters/push.ts";
import {
  datagrams,
  dogstatsdTags,
  LineWriter,
  plainName,
} from "../../../plugins/exporters/statsd_lines.ts";

const PLAIN = { format: "plain", prefix: "" } as const;
const DOG = { format: "dogstatsd", prefix: "" } as const;

/** All lines except those of the registry's own two metrics. */
function linesOf(
  metrics: MetricRegistry,
  options: ConstructorParameters<typeof LineWriter>[0],
  delivered = new DeliveredCounts(),
): string[] {
  const decoder = new TextDecoder();
  return [...datagrams(metrics.all(), new LineWriter(options), delivered)]
    .flatMap((datagram) => decoder.decode(datagram?.bytes).split("\n"))
    .filter((line) => line !== "" && !line.includes("perfmock_series"));
}

Deno.test("LineWriter writes gauges, counters and histograms with tags", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "g", help: "T", labels: ["a", "b"] }).series("x", "y:z")
    .set(1.5);
  metrics.counter({ name: "c_total", help: "T" }).series().add(7);
  const timing = metrics.timing({ name: "t_seconds", help: "T" }, [100, 200])
    .series();
  for (const ms of [50, 150, 150, 300]) timing.record(ms);
  deepEqual(linesOf(metrics, DOG), [
    "g:1.5|g|#a:x,b:y:z",
    "c_total:7|c",
    "t_seconds.count:4|c",
    "t_seconds.sum:0.65|c",
    "t_seconds.p50:0.15|g",
    "t_seconds.p90:0.2|g",
    "t_seconds.p95:0.2|g",
    "t_seconds.p99:0.2|g",
  ]);
});

Deno.test("LineWriter writes labels into plain names, after the prefix", () => {
  const metrics = new MetricRegistry();
  metrics.counter({ name: "c_total", help: "T", labels: ["route", "why"] })
    .series("get-orders", "queue_full").add();
  metrics.timing({ name: "t_seconds", help: "T", labels: ["p"] }, [100])
    .series("/a/:id").record(25);
  deepEqual(linesOf(metrics, { format: "plain", prefix: "shop.eu" }), [
    "shop.eu.c_total.route.get-orders.why.queue__full:1|c",
    "shop.eu.t_seconds.p._2fa_2f_3aid.count:1|c",
    "shop.eu.t_seconds.p._2fa_2f_3aid.sum:0.025|c",
    "shop.eu.t_seconds.p._2fa_2f_3aid.p50:0.05|g",
    "shop.eu.t_seconds.p._2fa_2f_3aid.p90:0.09|g",
    "shop.eu.t_seconds.p._2fa_2f_3aid.p95:0.095|g",
    "shop.eu.t_seconds.p._2fa_2f_3aid.p99:0.099|g",
  ]);
});

Deno.test("LineWriter sets a negative gauge to 0 first for plain daemons, which read a sign as a change", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "g", help: "T" }).series().set(-2);
  deepEqual(linesOf(metrics, PLAIN), ["g:0|g", "g:-2|g"]);
  deepEqual(linesOf(metrics, DOG), ["g:-2|g"]);
});

Deno.test("LineWriter leaves out gauges with values that are not finite", () => {
  const metrics = new MetricRegistry();
  const gauge = metrics.gauge({ name: "g", help: "T", labels: ["n"] });
  for (const value of [NaN, Infinity, -Infinity]) {
    gauge.series(String(value)).set(value);
  }
  deepEqual(linesOf(metrics, PLAIN), []);
});

Deno.test("LineWriter writes a count that did not change only once", () => {
  const metrics = new MetricRegistry();
  const counter = metrics.counter({ name: "c_total", help: "T" }).series();
  const delivered = new DeliveredCounts();
  deepEqual(linesOf(metrics, PLAIN, delivered), []);
  counter.add(2);
  deepEqual(linesOf(metrics, PLAIN, delivered), ["c_total:2|c"]);
  const change = delivered.change(counter);
  if (change !== undefined) delivered.mark(counter, change);
  deepEqual(linesOf(metrics, PLAIN, delivered), []);
});

Deno.test("LineWriter writes quantiles that lie within their bucket", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1500, noNaN: true }), {
        minLength: 1,
        maxLength: 200,
      }),
      (values) => {
        const metrics = new MetricRegistry();
        const boundaries = [1, 10, 100, 1000];
        const timing = metrics.timing({ name: "t", help: "T" }, boundaries)
          .series();
        for (const value of values) timing.record(value);
        const lines = linesOf(metrics, DOG);
        const sorted = values.toSorted((a, b) => a - b);
        for (const [name, p] of [["p50", 0.5], ["p90", 0.9], ["p99", 0.99]]) {
          const line = lines.find((line) => line.startsWith(`t.${name}:`));
          const sent = Number(line?.match(/:([\d.e-]+)\|g/)?.[1]) * 1000;
          const exact = sorted[Math.ceil(Number(p) * values.length - 1e-9) - 1];
          const upper = boundaries.findIndex((end) => exact <= end);
          // Beyond the last boundary, the quantile is that boundary.
          const lower = upper === -1 ? 1000 : boundaries[upper - 1] ?? 0;
          const end = upper === -1 ? 1000 : boundaries[upper];
          equal(sent >= lower - 1e-6 && sent <= end + 1e-6, true);
        }
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("plainName() never returns the same name for two sets of labels", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.stringMatching(/^[_.\-\/2f]{0,6}$/),
  );
  const values = fc.tuple(value, value);
  fc.assert(
    fc.property(values, values, (one, other) => {
      const name = plainName("m", ["a", "b"], one);
      equal(/^[\w.-]+$/.test(name), true);
      equal(name.split(".").length, 5);
      equal(name.split(".").includes(""), false);
      equal(
        name === plainName("m", ["a", "b"], other),
        one[0] === other[0] && one[1] === other[1],
      );
    }),
    { seed: 8, numRuns: 500 },
  );
});

Deno.test("dogstatsdTags() escapes characters that would end the tag, the line or the packet", () => {
  equal(dogstatsdTags([], []), "");
  equal(
    dogstatsdTags(["a", "b"], ['1,2|3#4%\n\r"é', ""]),
    '|#a:1%2c2%7c3%234%25%0a%0d"é,b:',
  );
  const value = fc.string({ unit: "binary", maxLength: 8 });
  fc.assert(
    fc.property(value, value, (one, other) => {
      const tags = dogstatsdTags(["a"], [one]);
      equal(/[\n,]|\|./.test(tags.slice(2)), false);
      equal(tags === dogstatsdTags(["a"], [other]), one === other);
    }),
    { seed: 8, numRuns: 1000 },
  );
});
