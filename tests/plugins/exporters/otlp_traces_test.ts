import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { ExchangeJournal } from "../../../core/observe/journal.ts";
import { Journals } from "../../../core/observe/journals.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  besideMetrics,
  createTracesExporter,
  journalWarnings,
  TracesProgress,
} from "../../../plugins/exporters/otlp_traces.ts";
import { requested, testPlan } from "../../support/plan.ts";
import { attributesOf, type Span, spansIn } from "./_otlp_trace_schema.ts";

const plan = testPlan();

/** A receiver whose answers are given by a function of the number of requests. */
function receive(
  answer: (count: number) => Response = () => Response.json({}),
) {
  const bodies: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (call) => {
      bodies.push(await call.text());
      return answer(bodies.length);
    },
  );
  const spansOf = (body: string): Span[] =>
    body.includes('"spans":[]') ? [] : spansIn(body);
  return {
    bodies,
    endpoint: `http://127.0.0.1:${server.addr.port}/v1/traces`,
    /** Server spans of all requests, by sequence number. */
    sequences: () =>
      bodies.flatMap(spansOf).filter(({ kind }) => kind === 2)
        .map((span) => Number(attributesOf(span)["perfmock.sequence"])),
    spansOf,
    close: () => server.shutdown(),
  };
}

/** Exporters over one journal; each delivers when it starts and when it ends. */
function rig(endpoint: string, capacity = 20_000) {
  const clock = new PreciseClock({ worker: false });
  const metrics = new MetricRegistry();
  const own = new ExchangeJournal(capacity, 0, null, {
    prefix: "0123456789abcdef",
  });
  const journals = new Journals(() => [own]);
  const lines: string[] = [];
  const host = {
    clock,
    metrics,
    version: "1",
    url: undefined,
    journal: {
      capacity,
      bySpan: (span: string) => journals.bySpan(span),
      read: (...place: Parameters<Journals["read"]>) => journals.read(...place),
    },
    log: (level: string, message: string) => lines.push(`${level}: ${message}`),
  };
  const progress = new TracesProgress();
  progress.begin(host);
  let sequence = 0;
  return {
    lines,
    own,
    record(count: number, more: object = {}) {
      for (let n = 0; n < count; n++) {
        const { x } = requested(plan);
        const now = clock.now();
        own.record(Object.assign(x, {
          sequence,
          arrival: now,
          start: now,
          end: now + 5,
          service: 5,
          status: 200,
          outcome: "answered",
          spanLow: ++sequence,
        }, more));
      }
    },
    async start() {
      const exporter = createTracesExporter(
        host,
        { endpoint, interval: 3_600_000, timeout: 60_000, headers: {} },
        { progress, id: "me" },
      );
      exporter.start();
      while (exporter.state === "starting") {
        await new Promise((resolve) => setImmediate(resolve));
      }
      return exporter;
    },
    metric(name: string, ...labels: string[]) {
      for (const metric of metrics.all()) {
        if (metric.definition.name !== name) continue;
        for (const [values, series] of metric.entries()) {
          if (values.join() === labels.join() && "value" in series) {
            return series.value;
          }
        }
      }
      return undefined;
    },
    end: () => clock[Symbol.asyncDispose](),
  };
}

Deno.test("TracesExporter sends each exchange once, in requests of at most 500, and not those whose client records no trace", async () => {
  const receiver = receive();
  const { record, start, metric, end } = rig(receiver.endpoint);
  record(1200);
  record(10, {
    trace: "a".repeat(32),
    parent: "b".repeat(16),
    sampled: false,
  });
  const exporter = await start();
  record(3);
  await exporter[Symbol.asyncDispose]();
  deepEqual(receiver.sequences(), [
    ...Array.from({ length: 1200 }, (_, n) => n),
    1210,
    1211,
    1212,
  ]);
  for (const body of receiver.bodies) {
    ok(receiver.spansOf(body).length <= 1000);
    ok(body.length < 300_000);
  }
  const { spans, dropped, missed, requests, flushes, failed } =
    exporter.figures;
  // Each has a child for its service time.
  deepEqual([spans, dropped, missed, flushes, failed], [2406, 0, 0, 2, 0]);
  equal(requests, receiver.bodies.length);
  equal(metric("perfmock_otlp_spans_total", "sent"), 2406);
  equal(exporter.reason, undefined);
  await receiver.close();
  await end();
});

Deno.test("TracesExporter reaches the receiver in its first delivery even if there is nothing to send", async () => {
  const receiver = receive();
  const { start, end } = rig(receiver.endpoint);
  const exporter = await start();
  equal(exporter.state, "ok");
  equal(receiver.bodies.length, 1);
  await exporter[Symbol.asyncDispose]();
  equal(receiver.bodies.length, 1);
  await receiver.close();
  await end();
});

Deno.test("TracesExporter sends at most 10 000 exchanges in a delivery, and the others in the next", async () => {
  const receiver = receive();
  const { record, start, end } = rig(receiver.endpoint);
  record(10_700);
  const exporter = await start();
  equal(receiver.sequences().length, 10_000);
  await exporter[Symbol.asyncDispose]();
  equal(receiver.sequences().length, 10_700);
  await receiver.close();
  await end();
});

Deno.test("TracesExporter sends a request that failed again unchanged, and all after it", async () => {
  const receiver = receive((count) =>
    count <= 2 ? new Response("busy", { status: 503 }) : Response.json({})
  );
  const { record, start, metric, end } = rig(receiver.endpoint);
  record(2);
  const first = await start();
  match(first.state, /^failing: Cannot deliver: .* answered 503: busy$/);
  record(2);
  await first[Symbol.asyncDispose]();
  equal(receiver.bodies.length, 2);
  // The settings change.
  const second = await start();
  await second[Symbol.asyncDispose]();
  const [one, again, third] = receiver.bodies;
  equal(again, one);
  equal(third, one);
  deepEqual(receiver.sequences(), [0, 1, 0, 1, 0, 1, 2, 3]);
  equal(metric("perfmock_otlp_spans_total", "sent"), 8);
  await receiver.close();
  await end();
});

Deno.test("TracesExporter counts spans that the receiver rejects, and goes on", async () => {
  const receiver = receive((count) =>
    count === 1
      ? new Response("no", { status: 400 })
      : count === 2
      ? Response.json({
        partialSuccess: { rejectedSpans: "3", errorMessage: "Too old" },
      })
      : Response.json({ partialSuccess: { errorMessage: "Use gzip" } })
  );
  const { record, start, metric, lines, end } = rig(receiver.endpoint);
  record(1100);
  const exporter = await start();
  match(
    exporter.state,
    /^failing: Cannot deliver all: the receiver rejected 3 spans: Too old$/,
  );
  equal(new Set(receiver.sequences()).size, 1100);
  const { spans, dropped } = exporter.figures;
  equal(spans + dropped, 2200);
  equal(dropped, receiver.spansOf(receiver.bodies[0]).length + 3);
  equal(metric("perfmock_otlp_spans_total", "dropped"), dropped);
  equal(metric("perfmock_otlp_spans_total", "sent"), spans);
  ok(
    lines.includes(
      "warn: Exporter otlpTraces was told by its receiver: Use gzip",
    ),
  );
  await exporter[Symbol.asyncDispose]();
  await receiver.close();
  await end();
});

Deno.test("TracesExporter counts and reports exchanges that the journal no longer has", async () => {
  const receiver = receive();
  const { record, start, own, metric, lines, end } = rig(
    receiver.endpoint,
    100,
  );
  record(150);
  const exporter = await start();
  equal(exporter.state, "ok");
  equal(exporter.figures.missed, 50);
  match(exporter.reason ?? "", /^50 exchanges were no longer in the journal; /);
  equal(receiver.sequences().length, 100);
  record(7);
  own.reset();
  record(1);
  await exporter[Symbol.asyncDispose]();
  equal(exporter.figures.missed, 57);
  equal(metric("perfmock_otlp_exchanges_missed_total"), 57);
  equal(lines.filter((line) => line.includes("is not complete")).length, 1);
  await receiver.close();
  await end();
});

Deno.test("the endpoint of traces is beside that of metrics", () => {
  for (
    const [metrics, traces] of [
      ["http://127.0.0.1:4318/v1/metrics", "http://127.0.0.1:4318/v1/traces"],
      ["https://a.b/otlp/v1/metrics?k=1", "https://a.b/otlp/v1/traces?k=1"],
      ["http://a/metrics", undefined],
      ["http://a/v1/metrics/x", undefined],
      ["", undefined],
    ]
  ) equal(besideMetrics(metrics ?? ""), traces);
});

Deno.test("traces without a journal are warned of", () => {
  deepEqual(journalWarnings(1), []);
  deepEqual(journalWarnings(0).map(({ path }) => path), ["/otlp/traces"]);
});
