import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  register,
  Registry,
  Summary,
} from "prom-client";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import type { Host, Key, Plugin } from "../../../core/plugin.ts";
import { createPerfmock, type Perfmock } from "../../../mod.ts";
import {
  OPEN_METRICS_CONTENT_TYPE,
  PROMETHEUS_TEXT,
  SampleNames,
} from "../../../plugins/exporters/exposition.ts";
import { AuthorRegistry } from "../../../plugins/exporters/prom_client.ts";
import { parse, sampleKey } from "./_exposition.ts";

const help = "Test";

function authorRegistry(metrics = new MetricRegistry()): AuthorRegistry {
  return new AuthorRegistry(() => new SampleNames(metrics.all()));
}

const TEXT = PROMETHEUS_TEXT.contentType;
const OPEN_METRICS = OPEN_METRICS_CONTENT_TYPE;

/** Text of one scrape, and the reasons why metrics are left out. */
async function scrape(registry: AuthorRegistry, contentType = TEXT) {
  const omitted: string[] = [];
  let text = "";
  const slices = registry.scrape({
    contentType,
    names: new SampleNames([]),
    clock: new VirtualClock(),
    omit: (metric, reason) => omitted.push(`${metric}: ${reason}`),
  });
  for await (const slice of slices) text += slice;
  return { text, omitted };
}

/** Registers one metric of each type, and records events. */
function play(
  registers: Registry<OpenMetricsContentType>[],
  events: readonly Event[],
): void {
  const labelNames = ["a", "b"];
  const help = 'A "test"\nwith a \\';
  const counter = new Counter({ name: "c_total", help, labelNames, registers });
  const gauge = new Gauge({ name: "g", help, labelNames, registers });
  const histogram = new Histogram({ name: "h", help, labelNames, registers });
  const summary = new Summary({ name: "s", help, labelNames, registers });
  for (const { a, b, value } of events) {
    counter.inc({ a, b }, value);
    gauge.set({ a, b }, -value);
    histogram.observe({ a, b }, value);
    summary.observe({ a, b }, value);
  }
}

/** An event to record. */
interface Event {
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

const label = fc.oneof(
  fc.constantFrom("", "\\", '"', "\n", "\\n", "}", "a,b=", "ü", "__overflow__"),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);

Deno.test("AuthorRegistry.scrape() writes the samples that prom-client's own registry writes, in both formats", async () => {
  const event = fc.record({
    a: label,
    b: fc.constantFrom("1", "2"),
    value: fc.double({ min: 0, max: 100, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const theirs = new Registry() as unknown as Registry<
        OpenMetricsContentType
      >;
      const ours = authorRegistry();
      play([ours, theirs], events);
      const expected = parse(await theirs.metrics());
      for (const contentType of [TEXT, OPEN_METRICS]) {
        const { text, omitted } = await scrape(ours, contentType);
        const { samples, help } = parse(text);
        deepEqual(omitted, []);
        deepEqual(samples, expected.samples);
        equal(help.get("g"), expected.help.get("g"));
      }
    }),
    { seed: 42, numRuns: 60 },
  );
});

Deno.test("AuthorRegistry.scrape() leaves every counter its name, in either order of formats", async () => {
  const registry = authorRegistry();
  const registers = [registry];
  new Counter({ name: "shop_total", help, registers }).inc();
  new Counter({ name: "plain", help, registers }).inc(2);
  const text = "# HELP shop_total Test\n# TYPE shop_total counter\n" +
    "shop_total 1\n# HELP plain Test\n# TYPE plain counter\nplain 2\n";
  const open = "# HELP shop Test\n# TYPE shop counter\n" +
    "shop_total 1\n# HELP plain Test\n# TYPE plain unknown\nplain 2\n";
  equal((await scrape(registry, OPEN_METRICS)).text, open);
  equal((await scrape(registry)).text, text);
  await registry.metrics();
  equal((await scrape(registry, OPEN_METRICS)).text, open);
});

Deno.test("AuthorRegistry.scrape() writes exemplars in OpenMetrics alone", async () => {
  const registry = authorRegistry();
  const histogram = new Histogram({
    name: "h",
    help,
    buckets: [1],
    registers: [registry],
    enableExemplars: true,
  });
  histogram.observe({ value: 0.5, exemplarLabels: { trace_id: 'x"' } });
  const open = await scrape(registry, OPEN_METRICS);
  ok(
    parse(open.text).exemplars.get(sampleKey("h_bucket", { le: "1" }))
      ?.startsWith('{trace_id="x\\""} 0.5 '),
  );
  equal(parse((await scrape(registry)).text).exemplars.size, 0);
});

Deno.test("AuthorRegistry.scrape() writes le and quantile in the notation of OpenMetrics, in both formats", async () => {
  const registry = authorRegistry();
  const registers = [registry];
  new Histogram({ name: "h", help, buckets: [1], registers }).observe(0.5);
  new Summary({ name: "s", help, percentiles: [1], registers }).observe(0.5);
  for (const contentType of [TEXT, OPEN_METRICS]) {
    const { text } = await scrape(registry, contentType);
    ok(text.includes('h_bucket{le="1.0"} 1\n'));
    ok(text.includes('s{quantile="1.0"} 0.5\n'));
  }
});

Deno.test("AuthorRegistry.scrape() adds default labels to series that have no such label of their own", async () => {
  const registry = authorRegistry();
  const gauge = new Gauge({
    name: "m",
    help,
    labelNames: ["a"],
    registers: [registry],
  });
  gauge.set({ a: "own" }, 1);
  gauge.set(2);
  registry.setDefaultLabels({ a: "d", b: 7 });
  const { samples } = parse((await scrape(registry)).text);
  deepEqual(
    samples,
    new Map([
      [sampleKey("m", { a: "own", b: "7" }), 1],
      [sampleKey("m", { a: "d", b: "7" }), 2],
    ]),
  );
});

Deno.test("AuthorRegistry.scrape() leaves out a metric with a series twice, also if only the UTF-8 is the same", async () => {
  const registry = authorRegistry();
  const labelNames = ["x"];
  const registers = [registry];
  const gauge = new Gauge({ name: "g", help, labelNames, registers });
  for (const x of ["\ud800", "\udfff"]) gauge.set({ x }, 1);
  const defaulted = new Gauge({ name: "d", help, labelNames, registers });
  defaulted.set({ x: "1" }, 1);
  defaulted.set(2);
  registry.setDefaultLabels({ x: 1 });
  new Gauge({ name: "good", help, registers }).set(3);
  const { text, omitted } = await scrape(registry);
  deepEqual(omitted, [
    'g: the series g{x="\ufffd"} is there twice',
    'd: the series d{x="1"} is there twice',
  ]);
  deepEqual([...parse(text).samples.values()], [3]);
});

Deno.test("AuthorRegistry takes metrics of prom-client, with exemplars, and answers like prom-client's own registry", async () => {
  const own = authorRegistry();
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
  const json = (registry: Registry<OpenMetricsContentType>) =>
    registry.getMetricsAsJSON().then((families) =>
      families.map(({ help, values }) => [
        help,
        values.map(({ labels, value }) => [labels, value]),
      ])
    );
  deepEqual(await json(own), await json(theirs));
});

Deno.test("AuthorRegistry returns, resets and removes metrics like prom-client's own registry", async () => {
  const registry = authorRegistry();
  const registers = [registry];
  const gauge = new Gauge({ name: "g", help, registers });
  gauge.set(4);
  registry.registerMetric(gauge);
  equal(registry.getSingleMetric("g"), gauge);
  deepEqual(registry.getMetricsAsArray(), [gauge]);
  equal(
    await registry.getSingleMetricAsString("g"),
    "# HELP g Test\n# TYPE g gauge\ng 4",
  );
  registry.resetMetrics();
  ok((await registry.getSingleMetricAsString("g")).endsWith("g 0"));
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
  ok(parse(await registry.metrics()).complete);
  equal(parse(await registry.metrics()).samples.size, 0);
  registry.registerMetric(gauge);
  ok(parse(await registry.metrics()).samples.has(sampleKey("g", {})));
});

Deno.test("AuthorRegistry refuses a name that another plugin's metric or perfmock uses for any of its samples", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "own_seconds", help });
  metrics.counter({ name: "own_total", help });
  const registry = authorRegistry(metrics);
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

Deno.test("AuthorRegistry refuses labels that Prometheus reserves", () => {
  const registry = authorRegistry();
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

const REGISTRY: Key<Registry> = { name: "exporters.promClient" };

/** An author's plugin that counts the exchanges it observes. */
const shop: Plugin = {
  name: "shop",
  version: "1.0.0",
  requires: ["exporters"],
  setup(host) {
    const orders = host.keep(
      "orders",
      () => new Counter({ name: "shop_total", help: "Orders", registers: [] }),
    );
    host.find(REGISTRY)?.registerMetric(orders);
    return { route: () => ({ observe: () => orders.inc() }) };
  },
};

/** A plugin that only registers something. */
function other(setup: (host: Host) => void): Plugin {
  return {
    name: "other",
    version: "1.0.0",
    requires: ["exporters", "shop"],
    setup(host) {
      setup(host);
      return {};
    },
  };
}

function shopServer(more: readonly Plugin[] = []): Promise<Perfmock> {
  return createPerfmock(
    { routes: [{ path: "/orders" }] },
    { listen: false, plugins: [shop, ...more], log: () => {} },
  );
}

async function call(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await server.fetch(new Request(new URL(path, server.url), init));
}

async function shopLines(server: Perfmock): Promise<string[]> {
  const text = await (await call(server, "/metrics")).text();
  return text.split("\n").filter((line) => line.startsWith("shop_total"));
}

Deno.test("A plugin's prom-client metric is part of /metrics, and continues when the configuration changes", async () => {
  await using server = await shopServer();
  await call(server, "/orders");
  deepEqual(await shopLines(server), ["shop_total 1"]);
  const changed = await call(server, "/_perfmock/config", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ plugins: { shop: {}, limiter: {} } }),
  });
  equal(changed.status, 200);
  await changed.body?.cancel();
  await call(server, "/orders");
  deepEqual(await shopLines(server), ["shop_total 2"]);
});

Deno.test("A plugin that takes another's metric name cannot be set up: plugin and metric are named", async () => {
  await rejects(
    shopServer([
      other((host) =>
        new Gauge({
          name: "shop_total",
          help: "Mine",
          registers: [host.use(REGISTRY)],
        })
      ),
    ]),
    {
      code: "PLUGIN_SETUP_FAILED",
      message:
        'Cannot set up plugin "other": Cannot register metric "shop_total": the name is taken by another plugin\'s metric, "Orders"',
    },
  );
});

Deno.test("A metric of host.metrics takes precedence over one of prom-client with the same name, and health says so", async () => {
  await using server = await shopServer([
    other((host) => {
      host.metrics.counter({ name: "shop_total", help: "Late" }).series();
    }),
  ]);
  deepEqual(await shopLines(server), ["shop_total 0"]);
  ok(
    server.health().reasons.some((reason) =>
      reason.startsWith("Metric shop_total is left out of scrapes: ")
    ),
  );
});

Deno.test("prom-client's default registry stays empty", async () => {
  await using server = await shopServer();
  await call(server, "/orders");
  deepEqual(await shopLines(server), ["shop_total 1"]);
  deepEqual(register.getMetricsAsArray(), []);
  equal(register.contentType, Registry.PROMETHEUS_CONTENT_TYPE);
});

Deno.test("prom-client is loaded only when a scrape finds an author's metric", async () => {
  // In a process of its own: this one has loaded prom-client already.
  const script = `
    import { createRequire } from "node:module";
    const loaded = () => Object.keys(createRequire(import.meta.url).cache)
      .some((path) => path.includes("prom-client"));
    const { createPerfmock } = await import(${
    JSON.stringify(import.meta.resolve("../../../mod.ts"))
  });
    const fake = { name: "g", help: "Test", type: "gauge",
      get: () => Promise.resolve({ ...fake, values: [{ value: 1, labels: {} }] }) };
    for (const author of [false, true]) {
      const plugin = { name: "author", version: "1.0.0", requires: ["exporters"],
        setup: (host) => {
          const registry = host.use({ name: "exporters.promClient" });
          if (author) registry.registerMetric(fake);
          return {};
        } };
      await using server = await createPerfmock({},
        { listen: false, plugins: [plugin], log: () => {} });
      const before = loaded();
      const text = await (await server.fetch(
        new Request(new URL("/metrics", server.url)))).text();
      console.log(before, loaded(), text.includes("\\ng 1\\n"));
    }`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  equal(
    new TextDecoder().decode(stdout),
    "false false false\nfalse true true\n",
  );
});
