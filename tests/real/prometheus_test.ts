import { deepEqual, equal, ok } from "node:assert/strict";
import { Gauge, type Registry } from "prom-client";
import type { Key, Plugin } from "../../core/plugin.ts";
import { createPerfmock } from "../../mod.ts";
import { RealPrometheus, type Sample } from "./_prometheus.ts";
import { required, until } from "./_software.ts";

const REGISTRY: Key<Registry> = { name: "exporters.promClient" };
const DURATION = "http_server_request_duration_seconds";

/** A server with a pool that rejects requests, faults, several statuses, and requests to an unknown path. */
function busyServer() {
  return createPerfmock({
    seed: 7,
    plugins: {
      limiter: { pools: { db: { concurrency: 2, queue: 3 } } },
    },
    routes: [
      {
        id: "orders",
        path: "/api/orders/:id",
        serviceTime: { exponential: { mean: "20ms" } },
      },
      { id: "cart", path: "/api/cart", response: { status: 404 } },
      {
        id: "checkout",
        method: "POST",
        path: "/api/checkout",
        serviceTime: "30ms",
        limiter: "db",
      },
      {
        id: "faulty",
        path: "/faulty",
        faults: [{ share: 0.5, status: 500 }],
      },
    ],
  });
}

/** Outcome of one request. */
interface Seen {
  readonly key: string;
  /** Duration that the server reported, in milliseconds. */
  readonly total: number;
  readonly trace: string;
}

async function send(
  base: URL,
  method: string,
  path: string,
  pattern: string,
): Promise<Seen> {
  const response = await fetch(new URL(path, base), { method });
  await response.body?.cancel();
  const timing = response.headers.get("server-timing") ?? "";
  return {
    key: [method, pattern, response.status].join(" "),
    total: Number(/total;dur=([\d.]+)/.exec(timing)?.[1]),
    trace: /desc="00-([0-9a-f]{32})-/.exec(timing)?.[1] ?? "",
  };
}

/** Sends 10 rounds of 32 requests side by side. */
async function sendAll(base: URL): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let round = 0; round < 10; round++) {
    const sent = Array.from({ length: 8 }, (_, n) => [
      send(base, "GET", `/api/orders/${n}`, "/api/orders/:id"),
      send(base, "POST", "/api/checkout", "/api/checkout"),
      send(base, "GET", "/faulty", "/faulty"),
      n % 2 === 0
        ? send(base, "GET", "/api/cart", "/api/cart")
        : send(base, "GET", `/nowhere/${n}`, "__unmatched__"),
    ]);
    seen.push(...await Promise.all(sent.flat()));
  }
  return seen;
}

function tally(seen: readonly Seen[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { key } of seen) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

function scraped(samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    samples.map(({ metric, value }) => [
      [
        metric.http_request_method,
        metric.http_route,
        metric.http_response_status_code,
      ].join(" "),
      Number(value[1]),
    ]),
  );
}

Deno.test(
  "A Prometheus counts exactly what the client sent, and its quantiles lie in the right bucket",
  {
    ignore: !required,
  },
  async () => {
    await using server = await busyServer();
    await using prometheus = await RealPrometheus.start(server.url);
    const seen = await sendAll(server.url);
    equal(seen.length, 320);
    await prometheus.first(
      `sum(${DURATION}_count)`,
      (count) => count === seen.length,
    );
    deepEqual(
      scraped(await prometheus.query(`${DURATION}_count`)),
      tally(seen),
    );
    equal((await prometheus.query("up"))[0].value[1], "1");
    const rejected =
      seen.filter(({ key }) => key === "POST /api/checkout 503").length;
    ok(rejected > 0);
    equal(
      (await prometheus.query("sum(perfmock_rejections_total)"))[0].value[1],
      String(rejected),
    );
    const totals = seen.filter(({ key }) => key.startsWith("GET /api/orders"))
      .map(({ total }) => total / 1000).sort((a, b) => a - b);
    const of = '{http_route="/api/orders/:id"}';
    const bounds = (await prometheus.query(`${DURATION}_bucket${of}`))
      .map(({ metric }) => Number(metric.le.replace("+Inf", "Infinity")))
      .sort((a, b) => a - b);
    for (const p of [0.1, 0.5, 0.9, 0.95, 0.99]) {
      const exact = totals[Math.ceil(p * totals.length) - 1];
      const above = bounds.findIndex((bound) => exact <= bound);
      const [{ value }] = await prometheus.query(
        `histogram_quantile(${p}, ${DURATION}_bucket${of})`,
      );
      const estimate = Number(value[1]);
      ok(estimate >= (bounds[above - 1] ?? 0), `p${p}: ${estimate}, ${exact}`);
      ok(estimate <= bounds[above], `p${p}: ${estimate}, ${exact}`);
    }
  },
);

/** One series of an answer of the API of exemplars. */
interface ExemplarSeries {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: { readonly trace_id: string };
    readonly value: string;
    readonly timestamp: number;
  }[];
}

Deno.test(
  "A Prometheus returns the exemplars: trace ids from the client's Server-Timing headers, with their durations",
  {
    ignore: !required,
  },
  async () => {
    await using server = await busyServer();
    await using prometheus = await RealPrometheus.start(server.url);
    const began = Date.now() / 1000;
    const seen = await sendAll(server.url);
    const byTrace = new Map(seen.map((one) => [one.trace, one]));
    await prometheus.first(
      `sum(${DURATION}_count)`,
      (count) => count === seen.length,
    );
    const found = await until(async () => {
      const data = await prometheus.ask("query_exemplars", {
        query: `${DURATION}_bucket`,
        start: String(began - 60),
        end: String(began + 60),
      }) as ExemplarSeries[] | undefined;
      return data !== undefined && data.length > 0 ? data : undefined;
    });
    let checked = 0;
    for (const { seriesLabels, exemplars } of found) {
      for (const { labels, value, timestamp } of exemplars) {
        const one = byTrace.get(labels.trace_id);
        if (one === undefined) continue;
        checked++;
        ok(Math.abs(Number(value) * 1000 - one.total) < 0.5, one.key);
        ok(Math.abs(timestamp - began) < 30);
        equal(seriesLabels.http_route, one.key.split(" ")[1]);
        ok(
          Number(value) <= Number(seriesLabels.le.replace("+Inf", "Infinity")),
        );
      }
    }
    ok(
      checked >= 3,
      `Of ${found.length} series, ${checked} exemplars are known`,
    );
  },
);

Deno.test(
  "The shipped alert on rejections fires in a Prometheus while a pool rejects requests",
  {
    ignore: !required,
  },
  async () => {
    await using server = await busyServer();
    await using prometheus = await RealPrometheus.start(server.url);
    let loading = true;
    const load = (async () => {
      while (loading) {
        await Promise.all(
          Array.from(
            { length: 12 },
            () => send(server.url, "POST", "/api/checkout", "/api/checkout"),
          ),
        );
      }
    })();
    try {
      const { metric } = await prometheus.first(
        'ALERTS{alertname="PerfmockRejections", alertstate="firing"}',
      );
      deepEqual(
        [metric.pool, metric.about, metric.severity, metric.instance],
        ["db", "backend", "warning", server.url.host],
      );
    } finally {
      loading = false;
      await load;
    }
  },
);

/** Durations of a distribution that spreads over three decades, in milliseconds, by rank. */
function spreadDurations(): number[] {
  return Array.from({ length: 1000 }, (_, n) => 1.5 * 1.0078 ** n);
}

/** A plugin that has these durations in a metric of its own, and none in another, when its route is first asked for. */
const spread: Plugin = {
  name: "spread",
  version: "1.0.0",
  setup(host) {
    const timing = host.metrics.timing({ name: "spread_seconds", help: "T" })
      .series();
    const empty = host.metrics.timing({ name: "empty_seconds", help: "T" });
    empty.series();
    let recorded = false;
    return {
      route: () => ({
        observe() {
          if (recorded) return;
          recorded = true;
          for (const duration of spreadDurations()) timing.record(duration);
        },
      }),
    };
  },
};

for (
  const { kind, query, error, more } of [
    {
      kind: "classic buckets",
      query: (p: number) =>
        `histogram_quantile(${p}, sum by (le) (increase(spread_seconds_bucket[1m])))`,
      error: 0.12,
      more: [],
    },
    {
      kind: "native histograms",
      query: (p: number) =>
        `histogram_quantile(${p}, sum(increase(spread_seconds[1m])))`,
      error: 0.025,
      more: ["--enable-feature=native-histograms"],
    },
  ]
) {
  Deno.test(
    `A Prometheus with ${kind} computes percentiles to within ${error * 100} %`,
    {
      ignore: !required,
    },
    async () => {
      await using server = await createPerfmock({
        routes: [{ id: "go", path: "/go" }],
      }, { plugins: [spread] });
      await using prometheus = await RealPrometheus.start(server.url, ...more);
      await prometheus.first('perfmock_arrivals_total{route="go"}');
      await (await fetch(new URL("/go", server.url))).body?.cancel();
      await prometheus.first(query(0.5), (value) => value > 0);
      const durations = spreadDurations();
      for (const p of [0.05, 0.5, 0.9, 0.95, 0.99]) {
        const exact = durations[Math.ceil(p * durations.length) - 1] / 1000;
        const [{ value }] = await prometheus.query(query(p));
        const estimate = Number(value[1]);
        ok(
          Math.abs(estimate / exact - 1) < error,
          `p${p}: ${estimate}, ${exact}`,
        );
      }
      const isNative = more.length > 0;
      const [count] = await prometheus.query(
        isNative ? "histogram_count(spread_seconds)" : "spread_seconds_count",
      );
      equal(count.value[1], String(durations.length));
      equal(
        (await prometheus.query("spread_seconds_bucket")).length > 0,
        !isNative,
      );
      // A histogram without values is native, too.
      equal((await prometheus.query("empty_seconds")).length > 0, isNative);
    },
  );
}

const ODD = 'Käse "und"\nBrot \\ {le="1"} 🧀';

/** Writes the same label value with special characters in perfmock's own metrics and in prom-client. */
const odd: Plugin = {
  name: "odd",
  version: "1.0.0",
  requires: ["exporters"],
  setup(host) {
    const help = 'Odd "help"\nin two lines \\';
    host.metrics.gauge({ name: "odd_own", help, labels: ["x"] }).series(ODD)
      .set(1);
    host.metrics.timing({ name: "odd_own_seconds", help, labels: ["x"] })
      .series(ODD).record(3);
    const registers = [host.use(REGISTRY)];
    new Gauge({ name: "odd_theirs", help, labelNames: ["x"], registers })
      .set({ x: ODD }, 2);
    return {};
  },
};

Deno.test(
  "A Prometheus reads labels with quotes, newlines and non-ASCII characters correctly",
  {
    ignore: !required,
  },
  async () => {
    await using server = await createPerfmock({}, { plugins: [odd] });
    await using prometheus = await RealPrometheus.start(server.url);
    await prometheus.first("odd_theirs");
    const samples = await prometheus.query(
      '{__name__=~"odd_own|odd_theirs|odd_own_seconds_count"}',
    );
    deepEqual(
      samples.map(({ metric, value }) => [
        metric.__name__,
        metric.x,
        value[1],
      ]).sort(),
      [
        ["odd_own", ODD, "1"],
        ["odd_own_seconds_count", ODD, "1"],
        ["odd_theirs", ODD, "2"],
      ],
    );
  },
);
