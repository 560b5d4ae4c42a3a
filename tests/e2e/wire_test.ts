import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { call, get, rawRequest } from "../support/http.ts";
import { until } from "../support/wait.ts";

type TestServer = Awaited<ReturnType<typeof createTestServer>>;

/** Waits until all promises that need no timer have settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Reads a body and advances the clock. Returns each piece's time, in virtual ms after the headers, and size. */
async function pieces(
  { clock }: TestServer,
  response: Response,
): Promise<[at: number, bytes: number][]> {
  const start = clock.now();
  const seen: [number, number][] = [];
  const reader = response.body?.getReader();
  for (;;) {
    let part: ReadableStreamReadResult<Uint8Array> | undefined;
    const reading = reader?.read().then((result) => part = result);
    await settled();
    while (part === undefined && clock.runNext()) await settled();
    await reading;
    if (part?.value === undefined) return seen;
    seen.push([clock.now() - start, part.value.length]);
  }
}

const TEXT = "x".repeat(2500);

Deno.test("a wire sends a body in chunks, one gap apart, starting with the headers", async () => {
  await using there = await createTestServer({
    routes: [{
      path: "/",
      serviceTime: "30ms",
      response: { text: TEXT },
      wire: { gap: "10ms", chunk: "1KiB" },
    }],
  });
  const { response, duration } = await there.request("/");
  equal(duration, 30);
  equal(response.headers.get("content-length"), "2500");
  deepEqual(await pieces(there, response), [[0, 1024], [10, 1024], [20, 452]]);
  equal(there.server.inFlight, 0);
});

Deno.test("a wire's bandwidth takes the body's size without the burst, divided by the rate", async () => {
  await using there = await createTestServer({
    routes: [
      {
        path: "/even",
        response: { json: TEXT.slice(2) },
        wire: { bandwidth: "1KB/s", chunk: 1000 },
      },
      {
        path: "/burst",
        response: { text: "{{query.x}}" },
        wire: { bandwidth: { rate: 1000, burst: "2KB" }, chunk: 1000 },
      },
    ],
  });
  const even = await there.request("/even");
  deepEqual(await pieces(there, even.response), [
    [1000, 1000],
    [2000, 1000],
    [2500, 500],
  ]);
  const burst = await there.request(`/burst?x=${TEXT}`);
  deepEqual(await pieces(there, burst.response), [
    [0, 1000],
    [0, 1000],
    [500, 500],
  ]);
});

Deno.test("a slow reader delays its own pieces without moving the schedule", async () => {
  await using there = await createTestServer({
    plugins: { exporters: {} },
    routes: [{
      path: "/",
      response: { text: "abcd" },
      wire: { gap: "10ms", chunk: 1 },
    }],
  });
  const { response } = await there.request("/");
  const { clock } = there;
  const reader = response.body?.getReader();
  const read = async () => (await reader?.read())?.value?.length;
  equal(await read(), 1);
  clock.advance(25);
  equal(await read(), 1);
  equal(await read(), 1);
  equal(clock.now(), 25);
  const last = read();
  await settled();
  clock.advance(5);
  equal(await last, 1);
  equal(await read(), undefined);
  const metrics = await (await call(there.server, "/metrics")).text();
  match(metrics, /perfmock_wire_stalls_total\{route="get-root"\} 2/);
  match(metrics, /perfmock_wire_lateness_seconds_count\{route="get-root"\} 2/);
});

Deno.test("a pool is occupied until the last piece, and the next exchange starts then", async () => {
  await using there = await createTestServer({
    plugins: { limiter: { pools: { one: { concurrency: 1, queue: 5 } } } },
    routes: [{
      path: "/",
      limiter: "one",
      response: { text: "abc" },
      wire: { gap: "10ms", chunk: 1 },
    }],
  });
  const first = await there.request("/");
  const second = there.server.fetch(new Request("http://localhost/"));
  deepEqual(await pieces(there, first.response), [[0, 1], [10, 1], [20, 1]]);
  const response = await second;
  equal(there.clock.now(), 20);
  match(response.headers.get("server-timing") ?? "", /queue;dur=20\.000/);
  await response.body?.cancel();
  equal(there.server.inFlight, 0);
  equal(there.server.stats().routes["get-root"].gone, 1);
});

Deno.test("a wire does not apply to HEAD and rejections", async () => {
  await using there = await createTestServer({
    routes: [{
      path: "/",
      response: { text: "abc" },
      wire: { gap: "10ms" },
    }],
  });
  const { response } = await there.request("/", { method: "HEAD" });
  deepEqual([response.body, response.headers.get("content-length")], [
    null,
    "3",
  ]);
  equal(there.server.inFlight, 0);
});

Deno.test("disposal cuts a body in flight, and its reader receives an error", async () => {
  const there = await createTestServer({
    routes: [{
      path: "/",
      response: { text: "abc" },
      wire: { gap: "1h", chunk: 1 },
    }],
  });
  const { response } = await there.request("/");
  const reading = response.text().then(() => "whole", () => "cut");
  await settled();
  await there[Symbol.asyncDispose]();
  equal(await reading, "cut");
  equal(there.server.inFlight, 0);
});

Deno.test("a respond hook that replaces the response ends the unread body", async () => {
  for (const slowly of [false, true]) {
    await using there = await createTestServer({
      routes: [{ path: "/", response: { text: "abc" }, wire: { gap: "1s" } }],
    }, {
      plugins: [{
        name: "other",
        version: "1.0.0",
        setup: () => ({
          route: () => ({
            respond: () =>
              slowly
                ? Promise.resolve(new Response("else"))
                : new Response("else"),
          }),
        }),
      }],
    });
    const { response } = await there.request("/");
    equal(await response.text(), "else");
    equal(there.server.inFlight, 0);
  }
});

eachEngine.test("a body with a wire arrives complete over a socket, with its length, and ends its exchange", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/",
      response: { text: TEXT },
      wire: { bandwidth: "100KB/s", chunk: 500 },
    }],
  });
  const start = performance.now();
  using client = await rawRequest(server.url, [
    "GET / HTTP/1.1",
    "Host: x",
    "Connection: close",
  ]);
  const { text, reset } = await client.answer;
  ok(performance.now() - start >= 25);
  equal(reset, false);
  match(text, /content-length: 2500\r\n/i);
  equal(text.slice(text.indexOf("\r\n\r\n") + 4), TEXT);
  await until(() => server.inFlight === 0);
  equal(server.stats().routes["get-root"].answered, 1);
});

eachEngine.test("a client that leaves in the middle of a body releases its place in the pool", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/",
      response: { text: TEXT },
      wire: { gap: "1h", chunk: 1 },
    }],
  });
  const response = await get(server, "/");
  await response.body?.cancel();
  await until(() => server.inFlight === 0);
  equal(server.stats().routes["get-root"].gone, 1);
});

Deno.test("all errors in wire settings are reported at once", async () => {
  const wires = [
    {},
    { bandwidth: "-1MiB/s" },
    { bandwidth: "1MB" },
    { bandwidth: { rate: 0, burst: "-1B" } },
    { gap: "-5ms", chunk: 0 },
    { gap: "5ms", chnk: 5 },
  ];
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        ...wires.map((wire, i) => ({ path: `/${i}`, wire } as never)),
        {
          path: "/e",
          response: { events: { count: 1, data: "" } },
          wire: { gap: 1, chunk: 5 },
        },
      ],
    })
  );
  deepEqual(lines(error), [
    '/routes/0/wire: A wire without "gap" and "bandwidth" changes nothing',
    '/routes/1/wire/bandwidth: Must be greater than 0, received "-1MiB/s"',
    '/routes/2/wire/bandwidth: Cannot read "1MB" as a bandwidth → 1MB/s',
    "/routes/3/wire/bandwidth/rate: Must be greater than 0, received 0",
    '/routes/3/wire/bandwidth/burst: Must be at least 0, received "-1B"',
    "/routes/4/wire/gap: Must be at least 0, received -5",
    "/routes/4/wire/chunk: Must be from 1 bytes to 16777216 bytes, received 0",
    '/routes/5/wire/chnk: Unknown key "chnk" → chunk',
    "/routes/6/wire/chunk: An event is sent as one piece and has no chunks",
  ]);
});
