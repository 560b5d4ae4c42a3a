import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import { eachEngine } from "../support/each_engine.ts";
import { rawRequest } from "../support/http.ts";
import { createTestServer, type TestServer } from "../../core/testing.ts";

const CONFIG = {
  routes: [
    {
      id: "r",
      path: "/r",
      serviceTime: { lognormal: { median: "20ms", p99: "90ms" } },
    },
    { id: "pooled", path: "/pooled", limiter: { concurrency: 1 } },
  ],
};

const quiet = { log: () => {} };

async function call(server: Perfmock, given: string, body?: unknown) {
  const [method, url] = given.split(" ");
  const response = await server.fetch(
    new Request(
      url.startsWith("http") ? url : `http://localhost/_perfmock/${url}`,
      {
        method,
        ...body !== undefined && { body: JSON.stringify(body) },
      },
    ),
  );
  const text = await response.text();
  return {
    status: response.status,
    json: text.startsWith("{") ? JSON.parse(text) : text,
  };
}

/** Service times that a session draws, in order. */
async function drawn(test: TestServer, count: number, session?: string) {
  for (let i = 0; i < count; i++) {
    const { response } = await test.request("/r", {
      headers: session === undefined ? {} : { "perfmock-session": session },
    });
    equal(response.status, 200);
  }
  const { json } = await call(
    test.server,
    `GET http://${
      session === undefined ? "" : `${session}.`
    }localhost/_perfmock/requests?limit=1000&route=r`,
  );
  return json.requests.map(({ drawnMs }: { drawnMs: number }) => drawnMs);
}

Deno.test("20 sessions in parallel draw the same times as each alone", async () => {
  const alone: number[][] = [];
  for (let seed = 1; seed <= 20; seed++) {
    await using test = await createTestServer({ ...CONFIG, seed });
    alone.push(await drawn(test, 10));
  }
  await using test = await createTestServer(CONFIG);
  const names = Array.from({ length: 20 }, (_, index) => `w${index + 1}`);
  for (const [index, name] of names.entries()) {
    const { status } = await call(test.server, "POST sessions", {
      name,
      seed: index + 1,
    });
    equal(status, 201);
  }
  // In parallel, so that their exchanges are interleaved.
  const together = await Promise.all(
    names.map((name) => drawn(test, 10, name)),
  );
  deepEqual(together, alone);
  equal(new Set(together.flat()).size, 200, "each its own");
  equal(test.server.stats().routes.r.arrivals, 0, "the server's own are apart");
});

eachEngine.test("a session can be reached by header and by host name, and has its own routes, pools and figures", async () => {
  await using server = await createPerfmock(CONFIG, quiet);
  const { json } = await call(server, "POST sessions", {
    name: "w1",
    routes: {
      r: { serviceTime: "1ms", response: { text: "mine" } },
      extra: { path: "/extra", response: { text: "new" } },
    },
  });
  equal(json.url, `http://w1.localhost:${server.url.port}/`);
  // A browser resolves any name before .localhost to this machine; Deno asks the system, which may not.
  using byHost = await rawRequest(server.url, [
    "GET /r HTTP/1.1",
    `Host: w1.localhost:${server.url.port}`,
    "Connection: close",
  ]);
  match((await byHost.answer).text, /mine$/);
  const byHeader = await fetch(new URL("/extra", server.url), {
    headers: { "perfmock-session": "w1" },
  });
  equal(await byHeader.text(), "new");
  equal(byHeader.headers.get("perfmock-sequence"), "0");
  const own = await fetch(new URL("/extra", server.url));
  await own.body?.cancel();
  equal(own.status, 404);
  const stats = await call(server, `GET ${json.url}_perfmock/stats`);
  equal(stats.json.routes.r.answered, 1);
  equal(stats.json.plugins.limiter.pools[0].name, "route:pooled");
  const metrics =
    await (await server.fetch(new Request(new URL("/metrics", json.url))))
      .text();
  ok(
    /perfmock_arrivals_total\{route="r"\} 1/.test(metrics),
    "one total for all",
  );
});

Deno.test("a change in a session does not affect the server, nor the reverse", async () => {
  await using server = await createPerfmock(CONFIG, {
    ...quiet,
    listen: false,
  });
  await call(server, "POST sessions", { name: "w1" });
  const inside = "http://w1.localhost/_perfmock";
  equal(
    (await call(server, `PATCH ${inside}/routes/r`, { scale: 2 })).status,
    200,
  );
  equal(server.revision, 1);
  await call(server, "PATCH routes/r", { scale: 3 });
  const { json } = await call(server, `GET ${inside}/routes/r`);
  equal(json.scale, 2);
});

Deno.test("an unused session ends by itself, and requests for it are then answered with 404", async () => {
  await using test = await createTestServer(CONFIG);
  await call(test.server, "POST sessions", { name: "w1", expiry: "1m" });
  test.clock.advance(50_000);
  await drawn(test, 1, "w1");
  test.clock.advance(59_000);
  equal((await call(test.server, "GET sessions")).json.sessions.length, 1);
  test.clock.advance(2_000);
  deepEqual((await call(test.server, "GET sessions")).json.sessions, []);
  const byHost = await call(test.server, "GET http://w1.localhost/r");
  deepEqual([byHost.status, byHost.json.code], [404, "SESSION_UNKNOWN"]);
  const { response } = await test.request("/r", {
    headers: { "perfmock-session": "w1" },
  });
  equal(response.status, 404);
  const never = await test.request("http://never.localhost/r");
  equal(never.response.status, 200, "a host name that never was a session");
});

Deno.test("an exchange in flight prevents the end of its session", async () => {
  await using test = await createTestServer({
    routes: [{ path: "/slow", serviceTime: "10m" }],
  });
  await call(test.server, "POST sessions", { name: "w1", expiry: "1m" });
  const { duration, response } = await test.request("http://w1.localhost/slow");
  deepEqual([duration, response.status], [600_000, 200]);
});

Deno.test("deleting a session cuts its exchanges in flight, and deleting it again answers 404", async () => {
  await using test = await createTestServer({
    routes: [{ path: "/slow", serviceTime: "10m" }],
  });
  await call(test.server, "POST sessions", { name: "w1" });
  const pending = test.server.fetch(new Request("http://w1.localhost/slow"));
  equal(test.server.inFlight, 1);
  equal((await call(test.server, "DELETE sessions/w1")).status, 204);
  equal((await pending).status, 503);
  equal(test.server.inFlight, 0);
  const again = await call(test.server, "DELETE sessions/w1");
  deepEqual([again.status, again.json.code], [404, "SESSION_UNKNOWN"]);
});

Deno.test("the number of sessions is limited, and their names are unique", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    sessions: { limit: 2 },
  }, { ...quiet, listen: false });
  const first = await call(server, "POST sessions", {});
  equal(first.json.name, "s1");
  const taken = await call(server, "POST sessions", { name: "s1" });
  deepEqual([taken.status, taken.json.issues[0].path], [400, "/name"]);
  await call(server, "POST sessions", {});
  const further = await call(server, "POST sessions", {});
  deepEqual([further.status, further.json.code], [429, "SESSIONS_EXHAUSTED"]);
  await call(server, "DELETE sessions/s1");
  // A session that is being made when the server ends must not remain.
  const late = call(server, "POST sessions", {});
  await server[Symbol.asyncDispose]();
  const { status, json } = await late;
  deepEqual([status, json.code], [503, "SERVER_NOT_STARTED"]);
});

Deno.test("a session request with several issues is refused with all of them, and no session is made", async () => {
  await using server = await createPerfmock(CONFIG, {
    ...quiet,
    listen: false,
  });
  const { status, json } = await call(server, "POST sessions", {
    name: "Not a host",
    seed: 1.5,
    expiry: "never",
    other: 1,
  });
  equal(status, 400);
  deepEqual(
    json.issues.map(({ path }: { path: string }) => path).sort(),
    ["/expiry", "/name", "/other", "/seed"],
  );
  const routes = await call(server, "POST sessions", {
    routes: { r: { scal: 1 }, x: { serviceTime: "1ms" } },
  });
  equal(routes.status, 400);
  deepEqual(
    routes.json.issues.map(({ path }: { path: string }) => path),
    ["/routes/r/scal", "/routes/x"],
  );
  deepEqual((await call(server, "GET sessions")).json.sessions, []);
});

Deno.test("a page of another origin cannot use a session's control API either", async () => {
  await using server = await createPerfmock(CONFIG, {
    ...quiet,
    listen: false,
  });
  await call(server, "POST sessions", { name: "w1" });
  const response = await server.fetch(
    new Request("http://w1.localhost/_perfmock/reset", {
      method: "POST",
      headers: { origin: "http://elsewhere.example" },
    }),
  );
  equal(response.status, 403);
});

Deno.test("A session that misspells a route's id is told so, with the id that was meant", async () => {
  await using test = await createTestServer(CONFIG);
  const { status, json } = await call(test.server, "POST sessions", {
    routes: { poled: { serviceTime: "1ms" }, r: { serviceTime: "1 mss" } },
  });
  equal(status, 400);
  equal(json.code, "CONFIG_INVALID");
  deepEqual(
    json.issues.map((
      { path, message, suggestion }: Record<string, unknown>,
    ) => [path, message, suggestion]).sort(),
    [
      [
        "/routes/poled",
        'There is no route "poled", and a new one needs a path',
        "pooled",
      ],
      [
        "/routes/r/serviceTime",
        json.issues.find((
          { path }: { path: string },
        ) => path === "/routes/r/serviceTime")?.message,
        undefined,
      ],
    ],
  );
});
