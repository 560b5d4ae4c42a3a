// Runs alone, without the profiler: measures time.
import { connect } from "node:http2";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock, type ServerInput } from "../../mod.ts";
import { eachEngine, resetting } from "../support/each_engine.ts";
import { call, rawRequest } from "../support/http.ts";
import { http2Get } from "../support/tls.ts";
import { until } from "../support/wait.ts";

const BODY = "x".repeat(1001);

/** Starts a server with a route that has no faults yet. */
function start(server: ServerInput) {
  return createPerfmock({
    server,
    routes: [{
      id: "r",
      path: "/r",
      serviceTime: "5ms",
      response: { text: BODY },
    }],
  });
}

/** Changes the faults of the route while it serves. */
async function change(
  server: Perfmock,
  faults: readonly unknown[],
): Promise<void> {
  const response = await call(server, "/_perfmock/routes/r", {
    method: "PATCH",
    body: JSON.stringify({ faults }),
  });
  equal(response.status, 200, await response.text());
}

/** Returns what a TCP client receives: the status line, the bytes of the body, and whether a RST or a FIN ends it. */
async function receive(server: Perfmock, path = "/r") {
  using client = await rawRequest(server.url, [
    `GET ${path} HTTP/1.1`,
    "host: localhost",
    "connection: close",
  ]);
  const { text, reset } = await client.answer;
  const [head, ...body] = text.split("\r\n\r\n");
  return {
    status: head.split("\r\n")[0],
    head,
    bytes: body.join("\r\n\r\n").length,
    end: reset ? "RST" : "FIN",
  };
}

async function counted(server: Perfmock): Promise<string[]> {
  const text = await (await call(server, "/metrics")).text();
  return [...text.matchAll(/^perfmock_faults_total\{.*fault="(.+)"\} (\d+)$/gm)]
    .map(([, fault, count]) => `${fault} ${count}`).sort();
}

eachEngine.test("faults that a change adds apply to the next request of a TCP client, byte by byte, until the next change", async (engine) => {
  await using server = await start({ engine: resetting(engine) });
  const whole = { status: "HTTP/1.1 200 OK", bytes: 1001, end: "FIN" };
  const seen = async () => {
    const { status, bytes, end } = await receive(server);
    return { status, bytes, end };
  };
  deepEqual(await seen(), whole);
  await change(server, [{ share: 1, action: "connection-reset" }]);
  deepEqual(await seen(), { status: "", bytes: 0, end: "RST" });
  await change(server, [{ share: 1, action: "cut-body" }]);
  deepEqual(await seen(), { ...whole, bytes: 500 });
  await change(server, [{
    share: 1,
    status: 503,
    text: "busy",
    retryAfter: "2s",
  }]);
  const refused = await receive(server);
  deepEqual([refused.status, refused.bytes, refused.end], [
    "HTTP/1.1 503 Service Unavailable",
    4,
    "FIN",
  ]);
  match(refused.head, /\r\nretry-after: 2(\r\n|$)/i);
  await change(server, [{ share: 1, action: "hang" }]);
  const hanging = await rawRequest(server.url, [
    "GET /r HTTP/1.1",
    "host: localhost",
  ]);
  await until(() => server.inFlight === 1);
  // An exchange that hangs still hangs after its route has changed.
  await change(server, []);
  deepEqual(await seen(), whole);
  equal(server.inFlight, 1);
  hanging[Symbol.dispose]();
  await hanging.answer.catch(() => {});
  await until(() => server.inFlight === 0);
  deepEqual(await counted(server), [
    "503 1",
    "connection-reset 1",
    "cut-body 1",
    "hang 1",
  ]);
  const { arrivals, answered, reset, gone, early } = server.stats().routes.r;
  deepEqual([arrivals, answered, reset, gone, early], [6, 4, 1, 1, 0]);
});

Deno.test("faults that a change adds reset their streams of HTTP/2 over TLS, and no others", async () => {
  await using server = await start({ engine: "node", tls: "self-signed" });
  const url = new URL("/r", server.url);
  const seen = async () => {
    const { status, text, code } = await http2Get(url);
    return [status, text.length, code];
  };
  deepEqual(await seen(), [200, 1001, 0]);
  // 2 is INTERNAL_ERROR.
  await change(server, [{ share: 1, action: "connection-reset" }]);
  deepEqual(await seen(), [undefined, 0, 2]);
  await change(server, [{ share: 1, action: "cut-body" }]);
  deepEqual(await seen(), [200, 500, 2]);
  await change(server, [{ share: 1, status: 503, text: "busy" }]);
  deepEqual(await seen(), [503, 4, 0]);
  await change(server, [{ first: 1, action: "hang" }]);
  server.reset();
  const session = connect(url.origin, { rejectUnauthorized: false });
  const hanging = session.request({ ":path": "/r" });
  let headers = 0;
  hanging.on("response", () => headers++);
  hanging.on("error", () => {});
  await until(() => server.inFlight === 1);
  const other = session.request({ ":path": "/r" });
  const status = Promise.withResolvers<unknown>();
  other.on("response", (head) => status.resolve(head[":status"]));
  other.resume();
  equal(await status.promise, 200, "another stream of the same connection");
  hanging.close(8);
  await until(() => server.inFlight === 0);
  equal(headers, 0);
  const closed = Promise.withResolvers<void>();
  session.close(closed.resolve);
  await closed.promise;
});

eachEngine.test("cut-body with a wire follows its schedule up to the middle of the body; a fault with a status ignores the wire", async () => {
  await using server = await createPerfmock({
    routes: [{
      id: "r",
      path: "/r",
      response: { text: "x".repeat(4000) },
      wire: { gap: "20ms", chunk: 1000 },
      faults: [{ share: 1, action: "cut-body" }],
    }, {
      id: "events",
      path: "/events",
      response: { events: { count: 3, data: "12345678" } },
      wire: { gap: "20ms" },
      faults: [{ share: 1, action: "cut-body" }],
    }],
  });
  const sent = performance.now();
  const { status, head, bytes, end } = await receive(server);
  ok(performance.now() - sent >= 20, "the second piece is not early");
  deepEqual([status, bytes, end], ["HTTP/1.1 200 OK", 2000, "FIN"]);
  match(head, /\r\ncontent-length: 4000/i);
  const events = await receive(server, "/events");
  equal(events.status, "HTTP/1.1 200 OK");
  // Half of the first event's 16 bytes, and the framing of a chunk.
  equal(events.bytes, "8\r\ndata: 12\r\n".length);
  await change(server, [{ share: 1, status: 500, text: "x".repeat(2000) }]);
  const failed = await call(server, "/r");
  equal((await failed.text()).length, 2000);
  const metrics = await (await call(server, "/metrics")).text();
  match(metrics, /perfmock_wire_lateness_seconds_count\{route="r"\} [12]\n/);
  await until(() => server.inFlight === 0);
});

for (const announced of [true, false]) {
  eachEngine.test(
    `faults of a proxying route meet ${
      announced ? "an answer with a length" : "a streamed answer"
    }, and end the upstream's part`,
    async (engine) => {
      let ended = 0;
      await using upstream = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) => {
          request.signal.addEventListener("abort", () => ended++);
          return new Response(
            new ReadableStream<Uint8Array>({
              pull(controller) {
                controller.enqueue(new Uint8Array(1000).fill(120));
                // The rest never comes, so the answer must not depend on it.
                return new Promise<void>(() => {});
              },
            }),
            { headers: announced ? { "content-length": "2000" } : {} },
          );
        },
      );
      await using server = await createPerfmock({
        server: { engine: resetting(engine) },
        routes: [{
          id: "r",
          path: "/r",
          response: { proxy: `http://127.0.0.1:${upstream.addr.port}` },
          faults: [{ share: 1, action: "cut-body" }],
        }],
      });
      const cut = await receive(server);
      deepEqual([cut.status, cut.end], ["HTTP/1.1 200 OK", "FIN"]);
      equal(
        cut.bytes,
        announced ? 1000 : `1f4\r\n${"x".repeat(500)}\r\n`.length,
      );
      await until(() => ended === 1);
      await change(server, [{ share: 1, action: "connection-reset" }]);
      const reset = await receive(server);
      deepEqual([reset.bytes, reset.end], [0, "RST"]);
      await until(() => ended === 2);
      await change(server, [{ share: 1, status: 503, text: "busy" }]);
      const refused = await receive(server);
      equal(refused.status, "HTTP/1.1 503 Service Unavailable");
      await until(() => ended === 3 && server.inFlight === 0);
      deepEqual(await counted(server), [
        "503 1",
        "connection-reset 1",
        "cut-body 1",
      ]);
    },
  );
}

eachEngine.test("a change that adds a reset is refused with RESTART_REQUIRED if the engine cannot reset, and the route continues", async (engine) => {
  await using server = await start({});
  const response = await call(server, "/_perfmock/routes/r", {
    method: "PATCH",
    body: JSON.stringify({
      faults: [{ share: 1, action: "connection-reset" }],
    }),
  });
  const text = await response.text();
  const { bytes, end } = await receive(server);
  if (engine === "native") {
    deepEqual([response.status, bytes, end], [200, 0, "RST"]);
    return;
  }
  equal(response.status, 400);
  match(text, /restart/);
  deepEqual([bytes, end], [1001, "FIN"]);
});
