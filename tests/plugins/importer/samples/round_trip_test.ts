/** Known distributions through each format and back. */
import { ok } from "node:assert/strict";
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { fitDurations } from "../../../../plugins/importer/statistics/fit.ts";
import { compile, evenly, KNOWN, tools } from "../_tools.ts";
import { reading } from "./_read.ts";

/** Number of durations: equal shares of the distribution, so that no difference is chance. */
const COUNT = 20_000;

/** Boundaries of perfmock's own histograms, in s. */
const BOUNDARIES = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  ...[0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
];

/** Number of values up to a boundary. */
function upTo(values: Float64Array, boundary: number): number {
  const index = values.findIndex((value) => value > boundary);
  return index < 0 ? values.length : index;
}

/** Percentiles of values in ascending order, by nearest rank. */
function percentile(values: Float64Array, p: number): number {
  return values[Math.ceil(p / 100 * values.length) - 1];
}

function hdr(values: Float64Array) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 1e9,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of values) histogram.recordValue(Math.round(1000 * value));
  return histogram;
}

/** Writes durations as a tool does, with the largest error of p25 to p99 of the family, as a share. */
const FORMATS: Readonly<
  Record<
    string,
    readonly [write: (values: Float64Array) => string, error: number]
  >
> = {
  "plain numbers": [(values) => values.join("\n"), 0.002],
  "CSV in whole us": [
    (values) =>
      `elapsed_us\n${
        Array.from(values, (x) => Math.round(1000 * x)).join("\n")
      }`,
    0.002,
  ],
  "JMeter's whole ms": [
    (values) =>
      `timeStamp,elapsed,label,success\n${
        Array.from(
          values,
          (x, i) => `${1700000000000 + i},${Math.round(x)},a,true`,
        ).join("\n")
      }`,
    0.005,
  ],
  "a table of percentiles": [
    (values) =>
      [25, 50, 75, 90, 95, 99, 99.9].map((p) =>
        `p${p} ${percentile(values, p)}ms`
      ).join("\n"),
    0.002,
  ],
  "k6's summary": [
    (values) =>
      JSON.stringify({
        metrics: {
          http_req_duration: {
            ...{ avg: 1, min: values[0], max: values[COUNT - 1] },
            med: percentile(values, 50),
            "p(90)": percentile(values, 90),
            "p(95)": percentile(values, 95),
          },
        },
      }),
    0.005,
  ],
  "Prometheus text": [
    (values) =>
      [
        "# TYPE a_seconds histogram",
        ...[...BOUNDARIES, Infinity].map((le) =>
          `a_seconds_bucket{le="${le === Infinity ? "+Inf" : le}"} ${
            upTo(values, 1000 * le)
          }`
        ),
      ].join("\n"),
    0.005,
  ],
  "Prometheus's API, rates": [
    (values) =>
      JSON.stringify({
        status: "success",
        data: {
          resultType: "vector",
          result: [...BOUNDARIES, Infinity].map((le) => ({
            metric: { le: le === Infinity ? "+Inf" : `${le}` },
            value: [1, `${upTo(values, 1000 * le) / 3600}`],
          })),
        },
      }),
    0.005,
  ],
  "Prometheus's API, native histogram": [
    (values) => {
      const bound = (i: number) => 2 ** (i / 8) / 1024;
      return JSON.stringify({
        status: "success",
        data: {
          resultType: "vector",
          result: [{
            metric: { __name__: "a_seconds" },
            histogram: [1, {
              buckets: Array.from({ length: 200 }, (_, i) => [
                0,
                `${i === 0 ? 0 : bound(i - 40)}`,
                `${bound(i - 39)}`,
                `${
                  upTo(values, 1000 * bound(i - 39)) -
                  (i === 0 ? 0 : upTo(values, 1000 * bound(i - 40)))
                }`,
              ]),
            }],
          }],
        },
      });
    },
    0.003,
  ],
  "hgrm": [
    (values) => hdr(values).outputPercentileDistribution(5, 1000),
    0.003,
  ],
  "a log of HdrHistogram": [
    (values) => {
      const histogram = hdr(values);
      return `#[Histogram log format version 1.3]\n0,1,${
        histogram.maxValue / 1000
      },${encodeIntoCompressedBase64(histogram)}`;
    },
    0.003,
  ],
};

for (const [format, [write, error]] of Object.entries(FORMATS)) {
  for (const family of ["lognormal", "exponential", "gamma", "weibull"]) {
    Deno.test(`${family} through ${format} and back: p25 to p99 within ${100 * error} %`, async () => {
      const { durations } = await reading(write(evenly(KNOWN[family], COUNT)));
      const { best, parametric } = fitDurations(durations, tools);
      const found = parametric.find((one) => one.family === family);
      ok(found, "the family is estimated");
      const truth = compile(KNOWN[family]);
      const errorOf = (written: unknown) => {
        const { quantile } = compile(written);
        let most = 0;
        for (let p = 25; p <= 99; p++) {
          const u = p / 100;
          most = Math.max(most, Math.abs(quantile(u) / truth.quantile(u) - 1));
        }
        return most;
      };
      const off = errorOf(found.distribution);
      ok(off < error, `the family is off by ${off}`);
      const recommended = errorOf(best.distribution);
      ok(recommended < 0.02, `${best.family} is off by ${recommended}`);
    });
  }
}
