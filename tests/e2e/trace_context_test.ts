import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";

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
