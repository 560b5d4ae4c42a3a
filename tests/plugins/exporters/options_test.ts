import { deepEqual, equal, ok } from "node:assert/strict";
import { createKit } from "../../../core/config/mod.ts";
import type { KitType } from "../../../core/plugin.ts";
import {
  metricsOptions,
  otlpSchema,
  type OtlpSettings,
  tracesOptions,
} from "../../../plugins/exporters/otlp.ts";
import { statsdSchema } from "../../../plugins/exporters/statsd.ts";

const kit = createKit({ folder: "/", distribution: () => ({ issues: [] }) });

/** The parsed value, or the paths of all issues. */
function read(schema: KitType<unknown>, written: unknown): unknown {
  const result = schema["~standard"].validate(written);
  ok(!(result instanceof Promise));
  return result.issues === undefined
    ? result.value
    : result.issues.map(({ path }) => path?.join("/"));
}

const statsd = (written: unknown) => read(statsdSchema(kit), written);
const otlp = (written: unknown) => read(otlpSchema(kit), written);

Deno.test("statsd needs a host and a port, and sends DogStatsD lines every 10 s by default", () => {
  const standard = {
    format: "dogstatsd",
    interval: 10_000,
    prefix: "",
    unit: "ms",
    distributions: false,
  };
  for (
    const [address, host, port] of [
      ["127.0.0.1:8125", "127.0.0.1", 8125],
      ["statsd.example:1", "statsd.example", 1],
      ["[::1]:65535", "::1", 65_535],
    ]
  ) {
    deepEqual(statsd({ address }), { address: { host, port }, ...standard });
  }
  deepEqual(
    statsd({
      address: "a:1",
      format: "plain",
      interval: "1s",
      prefix: "shop.eu-1.a_b",
    }),
    {
      address: { host: "a", port: 1 },
      format: "plain",
      interval: 1000,
      prefix: "shop.eu-1.a_b",
      unit: "ms",
      distributions: false,
    },
  );
});

Deno.test("statsd refuses invalid addresses, and reports every error", () => {
  for (
    const address of [
      "",
      "a",
      ":1",
      "a:",
      "a:0",
      "a:65536",
      "a:1.5",
      "a b:1",
      "::1:8125",
      "udp://a:1",
      "user@a:1",
      8125,
      null,
    ]
  ) deepEqual(statsd({ address }), ["address"]);
  deepEqual(
    statsd({
      address: "a",
      format: "graphite",
      interval: "99ms",
      prefix: ".a",
    }),
    ["address", "format", "interval", "prefix"],
  );
  deepEqual(statsd({}), ["address"]);
  deepEqual(statsd({ address: "a:1", timeout: 1 }), [""]);
});

Deno.test("otlp needs a URL, and posts cumulative figures every 10 s by default", () => {
  const endpoint = "https://collector.example:4318/v1/metrics?tenant=1";
  deepEqual(otlp({ endpoint }), {
    endpoint,
    traces: false,
    interval: 10_000,
    timeout: 10_000,
    headers: {},
    temporality: "cumulative",
  });
  deepEqual(
    otlp({
      endpoint,
      interval: "2m",
      timeout: "500ms",
      headers: { "X-Api-Key": "ü" },
      temporality: "cumulative",
    }),
    {
      endpoint,
      traces: false,
      interval: 120_000,
      timeout: 500,
      headers: { "X-Api-Key": "ü" },
      temporality: "cumulative",
    },
  );
});

Deno.test("otlp refuses invalid endpoints, and reports every error", () => {
  for (
    const endpoint of [
      "",
      "localhost:4318",
      "/v1/metrics",
      "ftp://a/b",
      "http://user:secret@a/b",
      1,
    ]
  ) deepEqual(otlp({ endpoint }), ["endpoint"]);
  deepEqual(
    otlp({
      endpoint: "a",
      interval: "2h",
      timeout: 0,
      headers: { "a b": "x", c: "1\n2", d: "\u20ac" },
      temporality: "delta",
    }),
    [
      "endpoint",
      "interval",
      "timeout",
      "headers/a b",
      "headers/c",
      "headers/d",
      "temporality",
    ],
  );
});

Deno.test("otlp sends traces beside metrics, elsewhere, or alone", () => {
  const metrics = "http://a:4318/v1/metrics";
  const cases: [
    Record<string, unknown>,
    string | undefined,
    string | undefined,
  ][] = [
    [{ endpoint: metrics }, metrics, undefined],
    [{ endpoint: metrics, traces: false }, metrics, undefined],
    [{ endpoint: metrics, traces: true }, metrics, "http://a:4318/v1/traces"],
    [
      { endpoint: "http://a/m", traces: { endpoint: "http://b/t" } },
      "http://a/m",
      "http://b/t",
    ],
    [{ traces: { endpoint: "http://b/t" } }, undefined, "http://b/t"],
  ];
  for (const [written, ofMetrics, ofTraces] of cases) {
    const settings = otlp(written) as OtlpSettings;
    equal(metricsOptions(settings)?.endpoint, ofMetrics);
    deepEqual(
      tracesOptions(settings),
      ofTraces === undefined ? undefined : {
        endpoint: ofTraces,
        interval: 10_000,
        timeout: 10_000,
        headers: {},
      },
    );
  }
});

Deno.test("otlp refuses traces without an endpoint", () => {
  deepEqual(otlp({}), ["endpoint"]);
  deepEqual(otlp({ traces: true }), ["endpoint"]);
  deepEqual(otlp({ traces: false }), ["endpoint"]);
  deepEqual(otlp({ endpoint: "http://a/metrics", traces: true }), ["traces"]);
  deepEqual(otlp({ traces: { endpoint: "a" } }), ["traces/endpoint"]);
});
