import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { DeliveredCounts } from "../../../plugins/exporters/delivered_counts.ts";
import {
  datagrams,
  dogstatsdTags,
  LineWriter,
  plainName,
} from "../../../plugins/exporters/statsd_lines.ts";

const PLAIN = {
  format: "plain",
  prefix: "",
  unit: "ms",
  distributions: false,
} as const;
const DOG = { ...PLAIN, format: "dogstatsd" } as const;

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
    "t_milliseconds.count:4|c",
    "t_milliseconds.sum:650|c",
    "t_milliseconds.p50:150.5|g",
    "t_milliseconds.p90:300|g",
    "t_milliseconds.p95:300|g",
    "t_milliseconds.p99:300|g",
  ]);
  deepEqual(linesOf(metrics, { ...DOG, unit: "s" }).slice(2), [
    "t_seconds.count:4|c",
    "t_seconds.sum:0.65|c",
    "t_seconds.p50:0.1505|g",
    "t_seconds.p90:0.3|g",
    "t_seconds.p95:0.3|g",
    "t_seconds.p99:0.3|g",
  ]);
});

Deno.test("LineWriter writes labels into plain names, after the prefix", () => {
  const metrics = new MetricRegistry();
  metrics.counter({ name: "c_total", help: "T", labels: ["route", "why"] })
    .series("get-orders", "queue_full").add();
  metrics.timing({ name: "t_seconds", help: "T", labels: ["p"] }, [100])
    .series("/a/:id").record(25);
  deepEqual(linesOf(metrics, { ...PLAIN, prefix: "shop.eu" }), [
    "shop.eu.c_total.route.get-orders.why.queue__full:1|c",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.count:1|c",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.sum:25|c",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.p50:25|g",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.p90:25|g",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.p95:25|g",
    "shop.eu.t_milliseconds.p._2fa_2f_3aid.p99:25|g",
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
  const change = delivered.counter(counter);
  if (change !== undefined) delivered.mark(counter, change);
  deepEqual(linesOf(metrics, PLAIN, delivered), []);
});

/** Values that a line of a histogram has, by its suffix. */
function sent(lines: readonly string[], suffix: string): number {
  const line = lines.find((line) =>
    line.startsWith(`t_milliseconds.${suffix}:`)
  );
  return Number(line?.match(/:([\d.]+)\|g/)?.[1]);
}

Deno.test("LineWriter writes the recorder's quantiles of each interval, exact to 0.4 %, whatever the boundaries", () => {
  const duration = fc.double({ min: 0.001, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.array(duration, { minLength: 1, maxLength: 200 }), {
        minLength: 1,
        maxLength: 4,
      }),
      (intervals) => {
        const metrics = new MetricRegistry();
        const timing = metrics.timing({ name: "t_seconds", help: "T" }, [1000])
          .series();
        const delivered = new DeliveredCounts();
        for (const values of intervals) {
          for (const value of values) timing.record(value);
          const lines = linesOf(metrics, DOG, delivered);
          const sorted = values.toSorted((a, b) => a - b);
          for (
            const [name, p] of [
              ["p50", 0.5],
              ["p90", 0.9],
              ["p99", 0.99],
            ] as const
          ) {
            const rank = Math.ceil(p * values.length - 1e-9);
            const exact = sorted[rank - 1];
            ok(Math.abs(sent(lines, name) - exact) <= exact * 0.004 + 1e-6);
          }
          const change = delivered.timing(timing);
          if (change !== undefined) delivered.mark(timing, change);
        }
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("LineWriter writes a constant duration as it is, in each interval", () => {
  const metrics = new MetricRegistry();
  const timing = metrics.timing({ name: "t_seconds", help: "T" }).series();
  const delivered = new DeliveredCounts();
  for (let interval = 0; interval < 3; interval++) {
    for (let n = 0; n < 50; n++) timing.record(30);
    deepEqual(linesOf(metrics, PLAIN, delivered), [
      "t_milliseconds.count:50|c",
      "t_milliseconds.sum:1500|c",
      "t_milliseconds.p50:30|g",
      "t_milliseconds.p90:30|g",
      "t_milliseconds.p95:30|g",
      "t_milliseconds.p99:30|g",
    ]);
    const change = delivered.timing(timing);
    if (change !== undefined) delivered.mark(timing, change);
  }
});

Deno.test("LineWriter leaves out series that cannot be read, and writes all others", () => {
  const metrics = new MetricRegistry();
  const fail = () => {
    throw new Error("no");
  };
  metrics.gauge({ name: "broken", help: "T" }).series().follow(fail);
  metrics.counter({ name: "also_broken_total", help: "T" }).series().follow(
    fail,
  );
  metrics.gauge({ name: "whole", help: "T" }).series().set(1);
  deepEqual(linesOf(metrics, PLAIN), ["whole:1|g"]);
});

const LINE = /^t_milliseconds:([\d.:]+)\|d(?:\|@([\d.]+))?\|#route:a$/;

/** Values and their numbers of occurrence in lines of distributions, as a daemon reads them, in ascending order. */
function distribution(lines: readonly string[]): [number, number][] {
  const seen = new Map<number, number>();
  for (const line of lines) {
    const [, values, rate = "1"] = LINE.exec(line) ?? [];
    // Datadog's agent rounds down.
    const times = Math.floor(1 / Number(rate));
    for (const value of values.split(":").map(Number)) {
      seen.set(value, (seen.get(value) ?? 0) + times);
    }
  }
  return [...seen].toSorted(([a], [b]) => a - b);
}

function routeTiming(metrics: MetricRegistry) {
  return metrics.timing({ name: "t_seconds", help: "T", labels: ["route"] })
    .series("a");
}

Deno.test("LineWriter writes distributions whose values and counts are the recorder's, and that fit a datagram", () => {
  const duration = fc.oneof(
    fc.constant(30),
    fc.double({ min: 0.001, max: 1e5, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(duration, fc.integer({ min: 1, max: 1e6 })), {
        minLength: 1,
        maxLength: 300,
      }),
      (durations) => {
        const metrics = new MetricRegistry();
        const timing = routeTiming(metrics);
        for (const [value, count] of durations) timing.recordMany(value, count);
        const lines = linesOf(metrics, { ...DOG, distributions: true });
        ok(lines.join("\n").length <= 8000);
        const seen = distribution(lines);
        const total = durations.reduce((sum, [, count]) => sum + count, 0);
        equal(seen.reduce((sum, [, count]) => sum + count, 0), total);
        const mean = seen.reduce((sum, [v, count]) => sum + v * count, 0) /
          total;
        const exact = timing.sum / total;
        ok(Math.abs(mean - exact) <= exact * 0.005, `${mean}, ${exact}`);
      },
    ),
    { seed: 8, numRuns: 100 },
  );
});

Deno.test("LineWriter writes a constant duration as a distribution of one value", () => {
  const metrics = new MetricRegistry();
  routeTiming(metrics).recordMany(30, 5);
  deepEqual(linesOf(metrics, { ...DOG, distributions: true }), [
    "t_milliseconds:30|d|#route:a",
    "t_milliseconds:30|d|@0.25|#route:a",
  ]);
  deepEqual(
    linesOf(metrics, { ...DOG, unit: "s", distributions: true })[0],
    "t_seconds:0.03|d|#route:a",
  );
});

Deno.test("LineWriter joins neighbours of a distribution that is too wide for a datagram", () => {
  const metrics = new MetricRegistry();
  const timing = routeTiming(metrics);
  const values = Array.from({ length: 4000 }, (_, n) => 1.01 ** (n / 4));
  for (const value of values) timing.recordMany(value, 255);
  const lines = linesOf(metrics, { ...DOG, distributions: true });
  ok(lines.join("\n").length <= 8000);
  const seen = distribution(lines);
  equal(seen.reduce((sum, [, count]) => sum + count, 0), 255 * values.length);
  for (const p of [0.1, 0.5, 0.9]) {
    let below = 0;
    const rank = p * 255 * values.length;
    const found = seen.find(([, count]) => (below += count) >= rank);
    const exact = values[Math.ceil(p * values.length) - 1];
    ok(Math.abs((found?.[0] ?? NaN) - exact) <= exact * 0.1, `${found}`);
  }
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
