// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { eachEngine, ENGINES, resetting } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, json, rawRequest } from "../support/http.ts";
import { hooks, plugin } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

const SLOW = { id: "slow", path: "/slow", serviceTime: "30s" };

/** Sends requests on one connection; the last one closes it. */
function raw(server: Perfmock, ...requests: readonly string[]) {
  return rawRequest(server.url, [
    requests.map((line) => `${line} HTTP/1.1\r\nhost: localhost`)
      .join("\r\n\r\n"),
    "connection: close",
  ]);
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: answers follow each other on one connection, with the lengths of their bodies`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [
        { path: "/a", response: { text: "Grüße" } },
        { path: "/b", response: { status: 204 } },
        { path: "/c", method: "HEAD", response: { text: "none" } },
      ],
    });
    using client = await raw(server, "GET /a", "GET /b", "HEAD /c", "GET /a");
    const { text, reset } = await client.answer;
    equal(reset, false);
    const answers = text.split(/(?=HTTP\/1\.1 )/);
    deepEqual(answers.map((answer) => answer.slice(0, 12)), [
      "HTTP/1.1 200",
      "HTTP/1.1 204",
      "HTTP/1.1 200",
      "HTTP/1.1 200",
    ]);
    match(answers[0], /\r\ncontent-length: 7\r\n/i);
    ok(answers[0].endsWith("\r\n\r\nGrüße"));
    ok(answers[1].endsWith("\r\n\r\n") && answers[2].endsWith("\r\n\r\n"));
    match(answers[3], /\r\nperfmock-sequence: 1\r\n/i);
  });

  Deno.test(`${engine}: an answer leaves on time, never early`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ id: "r", path: "/r", serviceTime: "25ms" }],
    });
    for (let n = 0; n < 5; n++) {
      const sent = performance.now();
      const response = await get(server, "/r");
      ok(performance.now() - sent >= 25);
      await response.body?.cancel();
    }
    const { early, lateness } = server.stats().routes.r;
    equal(early, 0);
    ok((lateness.p50 ?? Infinity) < 5, `${lateness.p50}`);
  });

  Deno.test(`${engine}: a request arrives with its URL, headers and body`, async () => {
    await using server = await createPerfmock({ server: { engine } }, {
      plugins: [plugin("echo", {
        endpoints: [{
          method: "POST",
          path: "/echo",
          summary: "What came",
          answer: { type: "object" },
          handle: async ({ request }) => ({
            url: request.url,
            own: request.headers.get("x-own"),
            body: await request.json(),
          }),
        }],
      })],
    });
    const response = await get(server, "/echo?q=1", {
      method: "POST",
      body: JSON.stringify({ text: "ä".repeat(100_000) }),
      headers: { "x-own": "a", "content-type": "application/json" },
    });
    deepEqual(await response.json(), {
      url: `${server.url}echo?q=1`,
      own: "a",
      body: { text: "ä".repeat(100_000) },
    });
  });

  Deno.test(`${engine}: headers do not wait for a later body, and cookies remain separate`, async () => {
    const next = Promise.withResolvers<void>();
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ path: "/" }],
    }, {
      plugins: [hooks("stream", {
        respond: () =>
          new Response(
            new ReadableStream({
              async start(controller) {
                await next.promise;
                controller.enqueue(new TextEncoder().encode("late"));
                controller.close();
              },
            }),
            { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] },
          ),
      })],
    });
    const response = await get(server, "/");
    deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    next.resolve();
    equal(await response.text(), "late");
  });

  Deno.test(`${engine}: a large body arrives complete, and ends if its reader leaves`, async () => {
    let cancelled = false;
    await using server = await createPerfmock({
      server: { engine },
      routes: [
        { path: "/large", response: { text: "x".repeat(3_000_000) } },
        { path: "/endless" },
      ],
    }, {
      plugins: [plugin("endless", {
        route: ({ path }) =>
          path === "/large" ? {} : {
            respond: () =>
              new Response(
                new ReadableStream({
                  pull: (controller) =>
                    controller.enqueue(new Uint8Array(65_536)),
                  cancel: () => void (cancelled = true),
                }),
              ),
          },
      })],
    });
    equal((await (await get(server, "/large")).text()).length, 3_000_000);
    const endless = await get(server, "/endless");
    const reader = endless.body?.getReader();
    for (let n = 0; n < 20; n++) await reader?.read();
    await reader?.cancel();
    await until(() => cancelled);
  });

  Deno.test(`${engine}: a client that leaves is noticed`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [SLOW],
    });
    const leaving = new AbortController();
    const answer = get(server, "/slow", { signal: leaving.signal })
      .catch((error) => error.name);
    await until(() => server.inFlight === 1);
    leaving.abort();
    equal(await answer, "AbortError");
    await until(() => server.inFlight === 0);
    equal(server.stats().routes.slow.gone, 1);
  });

  Deno.test(`${engine}: a drain lets answers leave, refuses new requests, and cuts the rest without a byte`, async () => {
    const server = await createPerfmock({
      server: { engine, drainTimeout: "300ms" },
      routes: [SLOW, { id: "quick", path: "/quick", serviceTime: "60ms" }],
    });
    using slow = await rawRequest(server.url, [
      "GET /slow HTTP/1.1",
      "host: localhost",
    ]);
    const quick = get(server, "/quick");
    await until(() => server.inFlight === 2);
    const drained = server.drain();
    const refused = await get(server, "/quick");
    equal(refused.status, 503);
    await refused.body?.cancel();
    const answered = await quick;
    equal(answered.status, 200);
    await answered.body?.cancel();
    await drained;
    equal((await slow.answer).text, "");
  });

  Deno.test(`${engine}: idle connections do not delay the end`, async () => {
    const server = await createPerfmock({
      server: { engine },
      routes: [{ id: "r", path: "/" }],
    });
    using client = await rawRequest(server.url, [
      "GET / HTTP/1.1",
      "host: localhost",
    ]);
    await until(() => server.stats().routes.r.answered === 1);
    const begin = performance.now();
    await server[Symbol.asyncDispose]();
    ok(performance.now() - begin < 900, "not the limit for flushing");
    match((await client.answer).text, /^HTTP\/1\.1 200 OK\r\n/);
  });

  Deno.test(`${engine}: cut-body is closed after half of the bytes`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{
        path: "/c",
        response: { text: "12345678" },
        faults: [{ share: 1, action: "cut-body" }],
      }],
    });
    using client = await raw(server, "GET /c");
    const { text, reset } = await client.answer;
    match(text, /\r\ncontent-length: 8\r\n/i);
    ok(text.endsWith("\r\n\r\n1234"));
    equal(reset, false);
  });
}

eachEngine.test("health names the engine that auto chose, and why it is not native", async (engine) => {
  await using server = await createPerfmock({ routes: [{ path: "/" }] });
  const { engine: runs, engineReason } = server.health();
  equal(runs, engine);
  if (engine === "native") equal(engineReason, undefined);
  else match(engineReason ?? "", /^The engine native does not run: /);
  const health = await json(get(server, "/_perfmock/health"));
  deepEqual([health.engine, health.engineReason], [runs, engineReason]);
});

eachEngine.test("with auto, resets need no other engine than native, and Node's otherwise", async (engine) => {
  await using server = await createPerfmock({
    routes: [{
      id: "r",
      path: "/r",
      faults: [{ share: 1, action: "connection-reset" }],
    }],
  });
  equal(server.health().engine, resetting(engine));
  using client = await raw(server, "GET /r");
  deepEqual(await client.answer, { text: "", reset: true });
});

eachEngine.test("an override may reset a connection where the engine can, with no such fault on the route", async (engine) => {
  await using server = await createPerfmock({
    overrides: { fault: true },
    routes: [{ path: "/r" }],
  });
  using client = await rawRequest(server.url, [
    "GET /r HTTP/1.1",
    "host: localhost",
    "perfmock-override: fault=connection-reset",
    "connection: close",
  ]);
  const { text, reset } = await client.answer;
  equal(reset, engine === "native");
  if (engine === "deno") match(text, /perfmock-override-refused: .*native/i);
});

eachEngine.test("with reusePort two servers share a port on native, and other engines say that they cannot", async (engine) => {
  const options = {
    server: { reusePort: true },
    routes: [{ id: "r", path: "/r" }],
  };
  if (engine === "deno") {
    const error = await errorOf(() => createPerfmock(options));
    deepEqual([error.code, error.issues[0].path], [
      "SERVER_NOT_STARTED",
      "/server/reusePort",
    ]);
    return;
  }
  await using first = await createPerfmock(options);
  await using second = await createPerfmock({
    ...options,
    server: { reusePort: true, port: Number(first.url.port) },
  });
  // The kernel chooses by the ports of the clients. That it always chooses the same of two is impossible in practice.
  for (let n = 0; n < 64; n++) {
    using client = await raw(first, "GET /r");
    await client.answer;
  }
  const counts = [first, second].map((it) => it.stats().routes.r.arrivals);
  equal(counts[0] + counts[1], 64);
  ok(counts[0] > 0 && counts[1] > 0, `${counts}`);
});

Deno.test("limits that the engine does not keep are warnings", async () => {
  await using server = await createPerfmock({
    server: { engine: "deno", limits: { headers: 10 } },
  }, { listen: false });
  deepEqual(lines({ issues: server.warnings }), [
    "/server/limits/headers: The limit has no effect with Deno's HTTP server: only the engine native keeps it",
  ]);
  equal(server.health().engine, "none");
});

Deno.test("native refuses TLS before it starts", async () => {
  const error = await errorOf(() =>
    createPerfmock({ server: { engine: "native", tls: "self-signed" } })
  );
  deepEqual([error.code, ...lines(error)], [
    "CONFIG_INVALID",
    "/server/engine: This engine serves plain HTTP only, without TLS → auto",
  ]);
});
