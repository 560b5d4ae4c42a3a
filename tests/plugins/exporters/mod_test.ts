import { deepEqual, equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../../core/app.ts";
import { createKit } from "../../../core/config/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type { Call, Endpoint, Host } from "../../../core/plugin.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import plugin, {
  type ExportersOptions,
} from "../../../plugins/exporters/mod.ts";
import { parse, sampleKey } from "./_exposition.ts";

const call: Call = {
  request: new Request("http://localhost/metrics"),
  parameters: {},
  body: undefined,
  query: undefined,
};

const kit = createKit({
  folder: "/",
  distribution: () => ({ issues: [] }),
});

function optionsOf(written: unknown) {
  const schema = plugin.options?.(kit);
  const result = schema?.["~standard"].validate(written);
  ok(result !== undefined && !(result instanceof Promise));
  return result;
}

async function endpointOf(
  parts: Pick<Host, "clock" | "metrics">,
  options: ExportersOptions = { prometheus: { path: "/metrics" } },
): Promise<Endpoint | undefined> {
  const host = {
    ...parts,
    provide: () => {},
    log: () => {},
    keep: <T>(_: string, create: () => T) => create(),
  };
  const instance = await plugin.setup?.(host as unknown as Host, options);
  return instance?.endpoints?.[0];
}

async function scrape(endpoint: Endpoint | undefined): Promise<Response> {
  const answer = await endpoint?.handle(call);
  ok(answer instanceof Response);
  return answer;
}

Deno.test("exporters serves Prometheus at /metrics by default", () => {
  const correlation = { pages: 100, rate: 200 };
  const standard = {
    value: {
      prometheus: { path: "/metrics", buckets: undefined },
      correlation,
    },
  };
  deepEqual(optionsOf({}), standard);
  deepEqual(optionsOf({ prometheus: {} }), standard);
  deepEqual(optionsOf({ prometheus: { path: "/m" } }), {
    value: { prometheus: { path: "/m", buckets: undefined }, correlation },
  });
});

Deno.test("exporters refuses unknown options and paths that are patterns", () => {
  for (
    const written of [
      { statsd: {} },
      { prometheus: { port: 1 } },
      { prometheus: true },
      { prometheus: { path: "metrics" } },
      { prometheus: { path: "/:x" } },
      { prometheus: { path: "/a?b" } },
    ]
  ) ok(optionsOf(written).issues !== undefined);
});

Deno.test("exporters has no endpoint if Prometheus is off", async () => {
  deepEqual(optionsOf({ prometheus: false, correlation: false }), {
    value: { prometheus: false, correlation: false },
  });
  const metrics = new MetricRegistry();
  const host = { clock: new VirtualClock(), metrics };
  equal(await endpointOf(host, { prometheus: false }), undefined);
  equal([...metrics.all()].length, 2);
});

Deno.test("exporters answers a scrape with all metrics in text format 0.0.4", async () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "a", help: "Test", labels: ["x"] }).series("ü").set(3);
  const endpoint = await endpointOf(
    { clock: new VirtualClock(), metrics },
    { prometheus: { path: "/m" } },
  );
  equal(endpoint?.method, "GET");
  equal(endpoint?.path, "/m");
  const response = await scrape(endpoint);
  equal(response.status, 200);
  equal(
    response.headers.get("Content-Type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const { samples } = parse(await response.text());
  equal(samples.get(sampleKey("a", { x: "ü" })), 3);
});

Deno.test("exporters lets the event loop turn after each slice and records the duration of the scrape", async () => {
  const metrics = new MetricRegistry({ seriesLimit: 2000 });
  const timing = metrics.timing({
    name: "h_seconds",
    help: "T",
    labels: ["n"],
  });
  for (let n = 0; n < 1000; n++) timing.series(String(n));
  const clock = new VirtualClock(5);
  const endpoint = await endpointOf({ clock, metrics });
  let scraping = true;
  let turns = 0;
  const turn = () => {
    turns++;
    clock.advance(1);
    if (scraping) setImmediate(turn);
  };
  setImmediate(turn);
  const text = await (await scrape(endpoint)).text();
  scraping = false;
  await new Promise((resolve) => setImmediate(resolve));
  equal(parse(text).samples.get(sampleKey("h_seconds_count", { n: "999" })), 0);
  const slices = Math.floor(1000 * 107 / (256 + 107));
  ok(turns >= slices);
  const took = metrics.timing({ name: "perfmock_scrape_seconds", help: "" })
    .series();
  equal(took.count, 1);
  ok(took.sum >= slices);
});

Deno.test("exporters keeps its figures when a new revision sets it up again", async () => {
  const metrics = new MetricRegistry();
  const host = { clock: new VirtualClock(), metrics };
  await (await scrape(await endpointOf(host))).text();
  const text = await (await scrape(await endpointOf(host))).text();
  equal(
    parse(text).samples.get(sampleKey("perfmock_scrape_seconds_count", {})),
    1,
  );
});

Deno.test("exporters: with token, scrapes are checked as calls of the control API are", async () => {
  await using server = await createPerfmock({
    control: { token: "t" },
    plugins: { exporters: { prometheus: { path: "/m", token: true } } },
  }, { listen: false, log: () => {} });
  const scrape = async (headers: Record<string, string>) => {
    const response = await server.fetch(
      new Request("http://127.0.0.1/m", { headers }),
    );
    await response.body?.cancel();
    return response.status;
  };
  equal(await scrape({}), 401);
  equal(await scrape({ authorization: "bearer t" }), 200);
  equal(
    await scrape({ authorization: "bearer t", origin: "http://evil.example" }),
    403,
  );
});
