import { deepEqual, equal, ok } from "node:assert/strict";
import { Counter, Gauge } from "prom-client";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { Prometheus } from "../../../plugins/exporters/prometheus.ts";
import { parse, sampleKey } from "./_exposition.ts";

const help = "Test";
const OPEN = "application/openmetrics-text; version=1.0.0";

function setUp() {
  const metrics = new MetricRegistry();
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = (_: string, line: string) => lines.push(line);
  const prometheus = new Prometheus({ metrics, clock, log }, 1000);
  const endpoint = prometheus.endpoint("/metrics");
  const scrape = async (accept = "*/*"): Promise<Response> => {
    const answer = await endpoint.handle({
      request: new Request("http://localhost/metrics", { headers: { accept } }),
      parameters: {},
      body: undefined,
      query: undefined,
    });
    ok(answer instanceof Response);
    return answer;
  };
  const read = async () => parse(await (await scrape()).text());
  return { metrics, clock, lines, prometheus, scrape, read };
}

Deno.test("Prometheus answers in the format that Accept asks for", async () => {
  const { metrics, scrape } = setUp();
  metrics.timing({ name: "a_seconds", help }).series().record(3, "abc", 2000);
  const open = await scrape(OPEN);
  equal(
    open.headers.get("content-type"),
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  equal(open.headers.get("vary"), "Accept");
  const read = parse(await open.text());
  ok(read.complete);
  equal(
    read.exemplars.get(sampleKey("a_seconds_bucket", { le: "0.003" })),
    '{trace_id="abc"} 0.003 3.000',
  );
  const text = await scrape("text/plain");
  equal(
    text.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  ok(!parse(await text.text()).complete);
});

Deno.test("Prometheus appends the metrics of plugin authors, non-ASCII labels too", async () => {
  const { prometheus, read, scrape } = setUp();
  const registers = [prometheus.registry];
  new Counter({ name: "shop_total", help, labelNames: ["x"], registers })
    .inc({ x: 'Käse\n"' }, 2);
  const key = sampleKey("shop_total", { x: 'Käse\n"' });
  equal((await read()).samples.get(key), 2);
  equal(parse(await (await scrape(OPEN)).text()).samples.get(key), 2);
  deepEqual(prometheus.reasons, []);
});

Deno.test("Prometheus leaves out metrics that fail, reports them once in the log and in health, and writes all others", async () => {
  const { metrics, prometheus, lines, read } = setUp();
  const registers = [prometheus.registry];
  let broken = true;
  new Gauge({
    name: "flaky",
    help,
    registers,
    collect() {
      if (broken) throw new Error("no");
    },
  });
  new Gauge({ name: "late_comer", help, registers });
  metrics.gauge({ name: "late_comer", help }).series().set(1);
  metrics.gauge({ name: "own", help }).series().follow(() => {
    throw new Error("gone");
  });
  new Gauge({ name: "good", help, registers }).set(5);
  const first = await read();
  equal(first.samples.get(sampleKey("good", {})), 5);
  equal(first.samples.get(sampleKey("late_comer", {})), 1);
  ok(!first.samples.has(sampleKey("flaky", {})));
  ok(!first.samples.has(sampleKey("own", {})));
  const expected = [
    "Metric own is left out of scrapes: it could not be read: Error: gone",
    "Metric flaky is left out of scrapes: its collect function failed: no",
    'Metric late_comer is left out of scrapes: its samples would be taken for those of "late_comer"',
  ];
  deepEqual(prometheus.reasons, expected);
  broken = false;
  equal((await read()).samples.get(sampleKey("flaky", {})), 0);
  deepEqual(lines, expected);
  equal(prometheus.reasons.length, 2);
});

Deno.test("Prometheus waits at most one second for plugin authors' metrics", async () => {
  const { prometheus, clock, read } = setUp();
  const registers = [prometheus.registry];
  const never = new Promise<void>(() => {});
  for (const name of ["hangs", "hangs_too"]) {
    new Gauge({ name, help, registers, collect: () => never });
  }
  new Gauge({ name: "good", help, registers }).set(5);
  const reading = read();
  let done = false;
  reading.then(() => done = true);
  while (!done) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  equal((await reading).samples.get(sampleKey("good", {})), 5);
  deepEqual(prometheus.reasons, [
    "Metric hangs is left out of scrapes: its collect function took longer than 1 s",
    "Metric hangs_too is left out of scrapes: its collect function took longer than 1 s",
  ]);
});

Deno.test("Prometheus leaves out a metric that has the same series twice", async () => {
  const { prometheus, read } = setUp();
  const registers = [prometheus.registry];
  const gauge = new Gauge({ name: "g", help, labelNames: ["x"], registers });
  for (const x of ["\ud800", "\udfff"]) gauge.set({ x }, 1);
  const { samples } = await read();
  ok(![...samples.keys()].some((key) => key.startsWith('["g"')));
  equal(prometheus.reasons.length, 1);
});

Deno.test("Prometheus logs at most a hundred different reasons", async () => {
  const { metrics, lines, read } = setUp();
  const gauge = metrics.gauge({ name: "g", help });
  let count = 0;
  gauge.series().follow(() => {
    throw new Error(`${count++}`);
  });
  for (let scrape = 0; scrape < 105; scrape++) await read();
  equal(lines.length, 100);
});
