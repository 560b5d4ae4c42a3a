import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { until } from "../support/wait.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

function sentBack(response: Response): string[] {
  const timing = response.headers.get("server-timing") ?? "";
  return /traceparent;desc="([^"]*)"/.exec(timing)?.[1].split("-") ?? [];
}

async function ask(url: URL, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return sentBack(response);
}

eachEngine.test("a client's trace goes on in Server-Timing and in the journal, with a span of its own", async () => {
  await using server = await createPerfmock({ routes: [{ path: "/a" }] });
  const url = new URL("/a", server.url);
  const before = Date.now();
  const [version, trace, span, flags] = await ask(url, {
    traceparent: `00-${TRACE}-${SPAN}-00`,
  });
  deepEqual([version, trace, flags], ["00", TRACE, "00"]);
  match(span, /^[0-9a-f]{16}$/);
  notEqual(span, SPAN);
  const [entry, ...others] = server.requests({ trace: TRACE });
  deepEqual(others, []);
  deepEqual(
    [entry.spanId, entry.parentSpanId, entry.sampled],
    [span, SPAN, false],
  );
  const late = Date.parse(entry.time) - before;
  equal(late > -50 && late < 10_000, true, `${late} ms`);
});

eachEngine.test("a malformed traceparent is ignored and counted", async () => {
  await using server = await createPerfmock({ routes: [{ path: "/a" }] });
  const url = new URL("/a", server.url);
  const [, trace, span] = await ask(url, { traceparent: "00-xyz" });
  match(trace, /^[0-9a-f]{32}$/);
  const [entry] = server.requests({ trace });
  deepEqual([entry.spanId, entry.parentSpanId, entry.sampled], [
    span,
    null,
    true,
  ]);
  const metrics = await (await fetch(new URL("/metrics", server.url))).text();
  match(metrics, /^perfmock_traceparents_malformed_total 1$/m);
});

eachEngine.test("an upstream receives the trace with the exchange as its parent, and tracestate with a readable traceparent only", async () => {
  const received: (string | null)[][] = [];
  await using upstream = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ headers }) => {
      received.push([headers.get("traceparent"), headers.get("tracestate")]);
      return new Response("ok");
    },
  );
  await using server = await createPerfmock({
    routes: [{
      path: "/a",
      response: { proxy: { url: `http://127.0.0.1:${upstream.addr.port}` } },
    }],
  });
  const url = new URL("/a", server.url);
  const [, , span] = await ask(url, {
    traceparent: `00-${TRACE}-${SPAN}-01`,
    tracestate: "vendor=1",
  });
  const [, own, ownSpan] = await ask(url, {
    traceparent: "00-broken",
    tracestate: "vendor=1",
  });
  deepEqual(received, [
    [`00-${TRACE}-${span}-01`, "vendor=1"],
    [`00-${own}-${ownSpan}-01`, null],
  ]);
});

eachEngine.test("requests that end without headers keep their place in the client's trace", async () => {
  const server = await createPerfmock({
    plugins: { limiter: { pools: { one: { concurrency: 1, queue: 9 } } } },
    routes: [
      { path: "/reset", faults: [{ share: 1, action: "connection-reset" }] },
      { path: "/slow", serviceTime: "1h" },
      { path: "/held", serviceTime: "1h", limiter: "one" },
      { path: "/cut", serviceTime: "1h" },
    ],
    server: { drainTimeout: "0s" },
  }, { log: () => {} });
  const traceOf = (n: number) => `${n}`.repeat(32);
  const send = (n: number, path: string, signal: AbortSignal | null = null) =>
    fetch(new URL(path, server.url), {
      headers: { traceparent: `00-${traceOf(n)}-${SPAN}-01` },
      signal,
    }).then((response) => response.body?.cancel(), () => {});
  const entryOf = (n: number) => server.requests({ trace: traceOf(n) }).at(0);
  const inFlight = () =>
    Object.values(server.stats().routes)
      .reduce((sum, route) => sum + route.inFlight, 0);
  await send(1, "/reset");
  const leaving = new AbortController();
  const sent = [
    send(2, "/slow", leaving.signal),
    send(3, "/held", leaving.signal),
  ];
  await until(() => inFlight() === 2);
  const waiting = new AbortController();
  sent.push(send(4, "/held", waiting.signal));
  await until(() => inFlight() === 3);
  waiting.abort();
  await until(() => inFlight() === 2);
  leaving.abort();
  await Promise.all(sent);
  await until(() => inFlight() === 0);
  const cut = send(5, "/cut");
  await until(() => inFlight() === 1);
  await server[Symbol.asyncDispose]();
  await cut;
  for (
    const [n, outcome] of [
      [1, "reset"],
      [2, "gone"],
      [3, "gone"],
      [4, "gone"],
      [5, "cut"],
    ] as const
  ) {
    const entry = entryOf(n);
    deepEqual(
      [entry?.outcome, entry?.status, entry?.parentSpanId, entry?.sampled],
      [outcome, 0, SPAN, true],
      `${n}`,
    );
    match(entry?.spanId ?? "", /^[0-9a-f]{16}$/);
  }
  // The wait of a client that left the queue was queue time, and no other was.
  deepEqual([2, 3].map((n) => entryOf(n)?.queueMs), [0, 0]);
  const queued = entryOf(4);
  equal(queued?.queueMs, queued?.totalMs);
});
