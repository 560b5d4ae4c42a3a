import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  createOtlpExporter,
  type OtlpOptions,
} from "../../../plugins/exporters/otlp.ts";
import { post } from "../../../plugins/exporters/otlp_post.ts";
import { DeliveryError } from "../../../plugins/exporters/push.ts";
import { DeliveredCounts } from "../../../plugins/exporters/delivered_counts.ts";
import { Clockwork, settle } from "./_clockwork.ts";
import { request } from "./_otlp_schema.ts";

/** A receiver whose answers are given by a function of the number of requests. */
class Receiver implements AsyncDisposable {
  readonly requests: { readonly headers: Headers; readonly body: string }[] =
    [];
  readonly server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: (count: number) => Response | Promise<Response>) {
    this.server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (call) => {
        this.requests.push({
          headers: call.headers,
          body: await call.text(),
        });
        return await answer(this.requests.length);
      },
    );
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.server.addr.port}/v1/metrics`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}

async function rig(
  endpoint: string,
  options: Partial<OtlpOptions> = {},
  series = 1,
) {
  const clock = new PreciseClock({ worker: false });
  const metrics = new MetricRegistry({ seriesLimit: 5000 });
  const counter = metrics.counter({
    name: "c_total",
    help: "T",
    labels: ["n"],
  });
  for (let n = 0; n < series; n++) counter.series(`${n}`).add(n + 1);
  const lines: string[] = [];
  const states: string[] = [];
  const exporter = createOtlpExporter(
    {
      clock,
      metrics,
      version: "1",
      log: (level, message) => lines.push(`${level}: ${message}`),
    },
    {
      endpoint,
      // One delivery at the start, one at the end.
      interval: 3_600_000,
      timeout: 5000,
      headers: {},
      temporality: "cumulative",
      ...options,
    },
    { delivered: new DeliveredCounts(), start: clock.now(), id: "me" },
  );
  exporter.start();
  while (exporter.state === "starting") {
    await new Promise((resolve) => setImmediate(resolve));
  }
  states.push(exporter.state);
  return {
    exporter,
    lines,
    states,
    async end() {
      await exporter[Symbol.asyncDispose]();
      await clock[Symbol.asyncDispose]();
    },
  };
}

Deno.test("OtlpExporter posts JSON with the configured headers", async () => {
  await using receiver = new Receiver(() => Response.json({}));
  const { exporter, end } = await rig(receiver.endpoint, {
    headers: { Authorization: "Bearer x" },
  });
  deepEqual(exporter.figures, {
    state: "ok",
    flushes: 1,
    failed: 0,
    requests: 1,
    dropped: 0,
  });
  await end();
  equal(receiver.requests.length, 2);
  for (const { headers, body } of receiver.requests) {
    equal(headers.get("Content-Type"), "application/json");
    equal(headers.get("Authorization"), "Bearer x");
    request.parse(JSON.parse(body));
  }
});

Deno.test("OtlpExporter accepts any 2xx as success, and answers that are not JSON", async () => {
  for (
    const answer of [
      () => new Response(null, { status: 204 }),
      () => new Response("ok"),
      () => Response.json({ partialSuccess: {} }),
      () => Response.json({ partialSuccess: { rejectedDataPoints: "0" } }),
      () => Response.json(null),
    ]
  ) {
    await using receiver = new Receiver(answer);
    const { states, end } = await rig(receiver.endpoint);
    deepEqual(states, ["ok"]);
    await end();
  }
});

Deno.test("OtlpExporter counts data points that the receiver rejects, and reports the reason", async () => {
  await using receiver = new Receiver(() =>
    Response.json({
      partialSuccess: { rejectedDataPoints: "2", errorMessage: "Too old" },
    })
  );
  const { exporter, states, end } = await rig(receiver.endpoint);
  deepEqual(states, [
    "failing: Cannot deliver all: the receiver rejected 2 data points: Too old",
  ]);
  equal(exporter.figures.dropped, 2);
  await end();
});

Deno.test("OtlpExporter logs a warning of the receiver, once", async () => {
  await using receiver = new Receiver(() =>
    Response.json({ partialSuccess: { errorMessage: "Use gzip" } })
  );
  const { states, lines, end } = await rig(receiver.endpoint);
  await end();
  deepEqual(states, ["ok"]);
  deepEqual(lines, ["warn: Exporter otlp was told by its receiver: Use gzip"]);
});

Deno.test("OtlpExporter reports a receiver that cannot be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (
    const endpoint of [
      `http://127.0.0.1:${port}/v1/metrics`,
      "http://no-such-host.invalid:4318/v1/metrics",
    ]
  ) {
    const { states, exporter, end } = await rig(endpoint);
    match(states[0], /^failing: .*(refused|lookup|resolve)/i);
    equal(exporter.figures.requests, 0);
    await end();
  }
});

Deno.test("OtlpExporter gives up on a receiver that does not answer", async () => {
  const gate = Promise.withResolvers<void>();
  await using receiver = new Receiver(async () => {
    await gate.promise;
    return new Response();
  });
  const { states, end } = await rig(receiver.endpoint, { timeout: 100 });
  deepEqual(states, [
    "failing: Cannot deliver: it took longer than 0.1 s",
  ]);
  await end();
  gate.resolve();
});

Deno.test("OtlpExporter reports the status and message of a rejection", async () => {
  for (
    const [answer, state] of [
      [
        () => Response.json({ message: "Bad token" }, { status: 401 }),
        "failing: Cannot deliver: the receiver answered 401: Bad token",
      ],
      [
        () => new Response("x".repeat(100_000), { status: 400 }),
        `failing: Cannot deliver: the receiver answered 400: ${
          "x".repeat(200)
        }`,
      ],
      [
        () => new Response(null, { status: 503 }),
        "failing: Cannot deliver: the receiver answered 503",
      ],
      [
        () => Response.redirect("http://127.0.0.1:1/"),
        "failing: Cannot deliver: the receiver answered 302",
      ],
    ] as const
  ) {
    await using receiver = new Receiver(answer);
    const { states, end } = await rig(receiver.endpoint);
    deepEqual(states, [state]);
    await end();
  }
});

Deno.test("OtlpExporter continues after a request that is rejected, and stops at one that can be tried again", async () => {
  for (const [status, sent] of [[400, "all"], [503, "one"]] as const) {
    await using receiver = new Receiver((count) =>
      count === 1 ? new Response(null, { status }) : Response.json({})
    );
    const { exporter, end } = await rig(receiver.endpoint, {}, 3000);
    const { requests, dropped } = exporter.figures;
    const arrived = receiver.requests.length;
    if (sent === "one") deepEqual([arrived, requests, dropped], [1, 0, 0]);
    else {
      ok(arrived >= 2);
      equal(requests, arrived - 1);
      const [{ body }] = receiver.requests;
      equal(dropped, body.split('"asDouble"').length - 1);
    }
    await end();
  }
});

Deno.test("OtlpExporter sends a receiver that was down all counts that it missed, once, and no sum decreases", async () => {
  const sums: number[] = [];
  const answers = [200, 503, 503, 200, 400, 200];
  let answered = 0;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (call) => {
      const body = request.parse(await call.json());
      const status = answers[answered++] ?? 200;
      for (const metric of body.resourceMetrics[0].scopeMetrics[0].metrics) {
        if (metric.name !== "c_total" || status !== 200) continue;
        ok("sum" in metric);
        sums.push(metric.sum.dataPoints[0].asDouble);
      }
      return new Response(null, { status });
    },
  );
  const clock = new Clockwork();
  const metrics = new MetricRegistry();
  const counter = metrics.counter({ name: "c_total", help: "T" }).series();
  const exporter = createOtlpExporter(
    { clock, metrics, version: "1", log: () => {} },
    {
      endpoint: `http://127.0.0.1:${server.addr.port}/`,
      interval: 1000,
      timeout: 600_000,
      headers: {},
      temporality: "cumulative",
    },
    { delivered: new DeliveredCounts(), start: 0, id: "me" },
  );
  exporter.start();
  // One event per second of the clock; the answers arrive while the clock stands still.
  for (let second = 0; second < 20; second++) {
    counter.add();
    await clock.pass(1000);
    const isUnderWay = () =>
      exporter.figures.requests + exporter.failures < exporter.deliveries;
    while (isUnderWay()) await settle(1);
  }
  await exporter[Symbol.asyncDispose]();
  // Accepted at 0 s, not at 1 and 2 s, accepted at 4 s, rejected at 5 s, and accepted each second after that.
  deepEqual(sums.slice(0, 4), [1, 4, 6, 7]);
  deepEqual(sums, sums.toSorted((a, b) => a - b));
  equal(sums.at(-1), 20);
  equal(exporter.failures, 3);
});

const NOW = Date.parse("2026-01-01T00:00:00Z");

/** Pause after an answer with this status and Retry-After, in milliseconds. */
async function retryAfter(
  status: number,
  header: string | undefined,
): Promise<number> {
  const headers = new Headers(
    header === undefined ? {} : { "Retry-After": header },
  );
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(null, { status, headers }),
  );
  let asked = NaN;
  await rejects(
    post({
      endpoint: `http://127.0.0.1:${server.addr.port}/`,
      headers: {},
      body: "{}",
      signal: new AbortController().signal,
    }, () => NOW),
    (error: unknown) => {
      asked = error instanceof DeliveryError ? error.retryAfter : NaN;
      return true;
    },
  );
  return asked;
}

Deno.test("post() reads a Retry-After in seconds or as a date", async () => {
  for (const status of [429, 502, 503, 504]) {
    equal(await retryAfter(status, "7"), 7000);
  }
  equal(await retryAfter(503, "Thu, 01 Jan 2026 00:00:30 GMT"), 30_000);
  equal(await retryAfter(503, "Wed, 31 Dec 2025 00:00:00 GMT"), 0);
  equal(await retryAfter(503, "soon"), 0);
  equal(await retryAfter(503, undefined), 0);
});

Deno.test("post() ignores the Retry-After of a rejection: another request may be accepted", async () => {
  equal(await retryAfter(400, "7"), 0);
});
