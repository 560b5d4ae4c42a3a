import { deepEqual, equal, match, notDeepEqual, ok } from "node:assert/strict";
import { Hono } from "hono";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { createTestServer } from "../../core/testing.ts";
import { parse, sampleKey } from "../plugins/exporters/_exposition.ts";
import { errorOf, lines } from "../support/errors.ts";
import { call, json, post, rawRequest } from "../support/http.ts";
import { hooks } from "../support/plugins.ts";

const FRONTEND = "http://app.example";

async function get(server: Perfmock, path: string, init?: RequestInit) {
  return await fetch(new URL(path, server.url), init);
}

/** The times that a Server-Timing header holds, in milliseconds. */
function timesOf(response: Response): Record<string, number> {
  const header = response.headers.get("server-timing") ?? "";
  return Object.fromEntries(
    [...header.matchAll(/(\w+);dur=([\d.]+)/g)]
      .map(([, name, ms]) => [name, Number(ms)]),
  );
}

Deno.test("a route answers JSON or text with status and headers, and perfmock's own", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        path: "/json",
        serviceTime: "3ms",
        response: {
          status: 201,
          headers: { "X-Own": "yes", "Set-Cookie": "a=b" },
          json: { list: [1, "zwölf"], none: null },
        },
      },
      { path: "/text", response: { text: "Grüß dich" } },
    ],
  });
  const sent = performance.now();
  const first = await get(server, "/json");
  ok(performance.now() - sent >= 3, "never early");
  equal(first.status, 201);
  deepEqual(
    [
      "content-type",
      "x-own",
      "set-cookie",
      "timing-allow-origin",
      "perfmock-sequence",
      "vary",
    ]
      .map((name) => first.headers.get(name)),
    ["application/json", "yes", "a=b", "*", "0", "Origin"],
  );
  match(
    first.headers.get("server-timing") ?? "",
    /^queue;dur=\d+\.\d{3}, service;dur=\d+\.\d{3}, degrade;dur=\d+\.\d{3}, total;dur=\d+\.\d{3}, traceparent;desc="00-[0-9a-f]{32}-[0-9a-f]{16}-01"$/,
  );
  const { queue, service, degrade, total } = timesOf(first);
  ok(service >= 3 && Math.abs(queue + service + degrade - total) < 0.002);
  deepEqual(await first.json(), { list: [1, "zwölf"], none: null });
  const second = await get(server, "/text");
  equal(second.headers.get("content-type"), "text/plain; charset=utf-8");
  equal(second.headers.get("content-length"), "11");
  equal(await second.text(), "Grüß dich");
});

Deno.test("JSON null, false and an empty text are bodies", async () => {
  await using server = await createPerfmock({
    routes: [
      { path: "/null", response: { json: null } },
      { path: "/false", response: { json: false } },
      { path: "/empty", response: { text: "" } },
    ],
  });
  equal(await (await get(server, "/null")).text(), "null");
  equal(await (await get(server, "/false")).text(), "false");
  const empty = await get(server, "/empty");
  equal(empty.headers.get("content-type"), "text/plain; charset=utf-8");
  equal(await empty.text(), "");
});

Deno.test("204 and 304 come without a body on the wire", async () => {
  await using server = await createPerfmock({
    routes: [204, 304].map((status) => ({
      path: `/${status}`,
      response: { status },
    })),
  });
  for (const status of [204, 304]) {
    using client = await rawRequest(server.url, [
      `GET /${status} HTTP/1.1`,
      "host: localhost",
      "connection: close",
    ]);
    const { text } = await client.answer;
    ok(text.startsWith(`HTTP/1.1 ${status} `));
    ok(text.endsWith("\r\n\r\n"), "nothing after the headers");
    ok(!text.toLowerCase().includes("content-type"));
  }
});

Deno.test("a body on 204 and headers that would end early are refused before anything listens", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", response: { status: 204, json: {} } },
        { path: "/b", response: { headers: { "X-A": "a\r\nSet-Cookie: b" } } },
        { path: "/c", response: { headers: { "X A": "a" } } },
        { path: "/d", response: { headers: { "Content-Length": "3" } } },
        { path: "/e", response: { json: 1, text: "1" } },
        { path: "/f", response: { status: 101 } },
      ],
    })
  );
  deepEqual(error.issues.map(({ path }) => path), [
    "/routes/0/response/json",
    "/routes/1/response/headers/X-A",
    "/routes/2/response/headers/X A",
    "/routes/3/response/headers/Content-Length",
    "/routes/4/response",
    "/routes/5/response/status",
  ]);
});

Deno.test("HEAD is answered like GET without the body, with a delay and a number of its own", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/x",
      serviceTime: "5ms",
      response: { json: { a: "long enough" } },
    }],
  });
  using client = await rawRequest(server.url, [
    "HEAD /x HTTP/1.1",
    "host: localhost",
    "connection: close",
  ]);
  const { text } = await client.answer;
  match(text, /^HTTP\/1\.1 200 OK\r\n/);
  match(text, /perfmock-sequence: 0\r\n/);
  ok(text.endsWith("\r\n\r\n"));
  const next = await get(server, "/x");
  equal(next.headers.get("perfmock-sequence"), "1");
  await next.body?.cancel();
});

Deno.test("the same seed gives the same sequence over HTTP, another seed another", async () => {
  const times = async (seed: number | string) => {
    await using server = await createPerfmock({
      seed,
      routes: [{
        path: "/x",
        serviceTime: { uniform: { min: 0, max: "4ms" } },
      }],
    });
    const targets = Array.from(
      { length: 8 },
      (_, n) => server.draw("get-x", n),
    );
    for (const target of targets) {
      const response = await get(server, "/x");
      await response.body?.cancel();
      const { service } = timesOf(response);
      // The header has three decimals.
      ok(service >= target - 0.0006, `${service} after ${target}`);
    }
    equal(server.stats().routes["get-x"].early, 0);
    return targets;
  };
  const first = await times(7);
  deepEqual(await times(7), first);
  deepEqual(await times("7"), first);
  notDeepEqual(await times(8), first);
});

Deno.test("the same seed gives the same times to the microsecond, whatever other routes do", async () => {
  const routes = [
    { id: "a", path: "/a", serviceTime: { exponential: { mean: "50ms" } } },
    { id: "b", path: "/b", serviceTime: { exponential: { mean: "50ms" } } },
  ];
  const durations = async (seed: number, paths: readonly string[]) => {
    await using test = await createTestServer({ seed, routes });
    const found: string[] = [];
    for (const path of paths) {
      const { duration } = await test.request(path);
      if (path === "/a") found.push(duration.toFixed(6));
    }
    return found;
  };
  const alone = await durations(1, ["/a", "/a", "/a"]);
  deepEqual(await durations(1, ["/b", "/a", "/b", "/b", "/a", "/a"]), alone);
  notDeepEqual(await durations(2, ["/a", "/a", "/a"]), alone);
});

Deno.test("a rejected request has consumed its number; nobody else's draw moves", async () => {
  const routes = [{
    path: "/x",
    serviceTime: { exponential: { mean: "50ms" } },
  }];
  await using free = await createTestServer({ routes });
  await using strict = await createTestServer({ routes }, {
    plugins: [hooks("strict", {
      admit: (x) =>
        x.sequence === 1
          ? { reason: "queue_full", status: 503, retryAfter: 2 }
          : { release() {} },
    })],
  });
  const durations: number[] = [];
  for (let n = 0; n < 3; n++) {
    const wanted = (await free.request("/x")).duration;
    const { response, duration } = await strict.request("/x");
    equal(response.headers.get("perfmock-sequence"), `${n}`);
    equal(response.status, n === 1 ? 503 : 200);
    if (n === 1) equal(response.headers.get("retry-after"), "2");
    else equal(duration.toFixed(6), wanted.toFixed(6));
    durations.push(duration);
  }
  equal(durations[1], 0);
});

Deno.test("0 ms is answered at once, a fraction of a millisecond and a minute are exact", async () => {
  await using test = await createTestServer({
    routes: [
      { path: "/none" },
      { path: "/zero", serviceTime: 0 },
      { path: "/fraction", serviceTime: "250us" },
      { path: "/minute", serviceTime: "60s" },
      { path: "/hours", serviceTime: "3h" },
    ],
  });
  const durations: number[] = [];
  for (const path of ["none", "zero", "fraction", "minute", "hours"]) {
    durations.push((await test.request(`/${path}`)).duration);
  }
  deepEqual(durations.map((ms) => Number(ms.toFixed(6))), [
    0,
    0,
    0.25,
    60_000,
    10_800_000,
  ]);
});

Deno.test("an unknown path is answered with 404 at once and a suggestion, another method with 405 and Allow", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/api/orders", method: ["GET", "POST"] }],
  });
  const unknown = await get(server, "/api/ordres");
  equal(unknown.status, 404);
  equal(unknown.headers.get("content-type"), "application/problem+json");
  match(String((await json(unknown)).detail), /did you mean \/api\/orders\?/);
  const other = await get(server, "/api/orders", { method: "DELETE" });
  deepEqual([other.status, other.headers.get("allow")], [405, "GET, POST"]);
  await other.body?.cancel();
});

Deno.test("a page from elsewhere may read answers with credentials, refusals included", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/x" }],
  });
  const headers = { origin: FRONTEND };
  for (const path of ["/x", "/unknown"]) {
    const response = await get(server, path, { headers });
    deepEqual(
      ["origin", "credentials"].map((name) =>
        response.headers.get(`access-control-allow-${name}`)
      ),
      [FRONTEND, "true"],
    );
    match(
      response.headers.get("access-control-expose-headers") ?? "",
      /Server-Timing, Perfmock-Sequence/,
    );
    match(response.headers.get("vary") ?? "", /Origin/);
    await response.body?.cancel();
  }
});

Deno.test("preflights are answered at once, outside sequence and delay, for any path", async () => {
  await using server = await createPerfmock({
    routes: [
      { path: "/slow", method: "*", serviceTime: "1h" },
      { id: "x", path: "/x", method: ["POST", "OPTIONS"] },
    ],
  });
  const asked = {
    origin: FRONTEND,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x-request-id",
  };
  for (const path of ["/slow", "/x", "/unknown", "/x"]) {
    const response = await get(server, path, {
      method: "OPTIONS",
      headers: asked,
    });
    deepEqual(
      [
        response.status,
        response.headers.get("access-control-allow-methods"),
        response.headers.get("access-control-allow-headers"),
        response.headers.get("perfmock-sequence"),
      ],
      [204, "POST", "x-request-id", null],
    );
    await response.body?.cancel();
  }
  // What is no preflight is a request like any other.
  const plain = await get(server, "/x", { method: "OPTIONS" });
  equal(plain.headers.get("perfmock-sequence"), "0");
  await plain.body?.cancel();
});

Deno.test("CORS can be turned off", async () => {
  await using server = await createPerfmock({
    server: { cors: false },
    routes: [{ path: "/x" }],
  });
  const response = await get(server, "/x", { headers: { origin: FRONTEND } });
  equal(response.headers.get("access-control-allow-origin"), null);
  await response.body?.cancel();
  const preflight = await get(server, "/x", {
    method: "OPTIONS",
    headers: { origin: FRONTEND, "access-control-request-method": "POST" },
  });
  equal(preflight.status, 405);
  await preflight.body?.cancel();
});

Deno.test("the control API is closed to pages from elsewhere and foreign names, and has no CORS", async () => {
  await using server = await createPerfmock();
  const health = new URL("/_perfmock/health", server.url);
  const foreign = await fetch(health, { headers: { origin: FRONTEND } });
  equal(foreign.status, 403);
  equal(foreign.headers.get("access-control-allow-origin"), null);
  await foreign.body?.cancel();
  const own = await fetch(health, {
    headers: { origin: server.url.origin },
  });
  equal(own.status, 200);
  equal(own.headers.get("access-control-allow-origin"), null);
  await own.body?.cancel();
  const preflight = await fetch(health, {
    method: "OPTIONS",
    headers: { origin: FRONTEND, "access-control-request-method": "POST" },
  });
  equal(preflight.status, 403);
  equal(preflight.headers.get("access-control-allow-origin"), null);
  await preflight.body?.cancel();
  // A name that an attacker points at 127.0.0.1: only the wire shows the Host header as it is.
  using rebound = await rawRequest(server.url, [
    "POST /_perfmock/reset HTTP/1.1",
    "host: evil.example",
    "content-length: 0",
    "connection: close",
  ]);
  match((await rebound.answer).text, /^HTTP\/1\.1 403 /);
});

Deno.test("the control API demands its token, and /metrics does not", async () => {
  await using server = await createPerfmock({
    control: { token: "secret", path: "/admin/api" },
  });
  const ask = async (path: string, authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined
      ? {}
      : { authorization };
    const response = await get(server, path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  equal(await ask("/admin/api/health"), 401);
  equal(await ask("/admin/api/unknown"), 401);
  equal(await ask("/admin/api/health", "Bearer wrong"), 401);
  equal(await ask("/admin/api/health", "Bearer secret"), 200);
  equal(await ask("/metrics"), 200);
  equal(await ask("/_perfmock/health"), 404);
});

Deno.test("POST explain refuses malformed JSON, faults in it, and bodies beyond 1 MiB", async () => {
  await using server = await createPerfmock();
  const explain = (body: unknown) =>
    get(server, "/_perfmock/distributions/explain", post(body));
  const malformed = await explain('{"distribution": ');
  equal(malformed.status, 400);
  equal((await json(malformed)).title, "The request body is not JSON");
  const faulty = await explain({ distribution: { lognormel: {} } });
  equal(faulty.status, 400);
  const { issues } = await json<
    { issues: { path: string; suggestion: string }[] }
  >(faulty);
  deepEqual(
    [issues[0].path, issues[0].suggestion],
    ["/distribution/lognormel", "lognormal"],
  );
  const large = await explain(JSON.stringify("x".repeat(1024 * 1024)));
  equal(large.status, 413);
  await large.body?.cancel();
});

Deno.test("reset over HTTP starts numbers and stats afresh; counters for Prometheus go on", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "x", path: "/x" }],
  });
  for (let n = 0; n < 3; n++) await (await get(server, "/x")).body?.cancel();
  const reset = await get(server, "/_perfmock/reset", { method: "POST" });
  equal(reset.status, 204);
  const again = await get(server, "/x");
  equal(again.headers.get("perfmock-sequence"), "0");
  await again.body?.cancel();
  const stats = await json<ReturnType<Perfmock["stats"]>>(
    get(server, "/_perfmock/stats"),
  );
  deepEqual([stats.routes.x.arrivals, stats.routes.x.answered], [1, 1]);
  const { samples } = parse(await (await get(server, "/metrics")).text());
  equal(samples.get(sampleKey("perfmock_arrivals_total", { route: "x" })), 4);
});

Deno.test("what /metrics and stats tell agrees with what was sent", async () => {
  await using server = await createPerfmock({
    routes: [
      { id: "x", path: "/x/:id", method: ["GET", "POST"], serviceTime: "2ms" },
      { id: "y", path: "/y", response: { status: 503 } },
    ],
  });
  const ask = async (path: string, method = "GET") => {
    await (await get(server, path, { method })).body?.cancel();
  };
  await Promise.all(Array.from({ length: 12 }, (_, n) => ask(`/x/${n}`)));
  await Promise.all([
    ask("/x/1", "POST"),
    ask("/x/2", "POST"),
    ask("/y"),
    ask("/nowhere"),
    ask("/x/1", "BREW"),
  ]);
  const { samples } = parse(await (await get(server, "/metrics")).text());
  const requests = (method: string, route: string, status: number) =>
    samples.get(sampleKey("http_server_request_duration_seconds_count", {
      http_request_method: method,
      http_route: route,
      http_response_status_code: `${status}`,
    }));
  deepEqual(
    [
      requests("GET", "/x/:id", 200),
      requests("POST", "/x/:id", 200),
      requests("GET", "/y", 503),
      requests("GET", "__unmatched__", 404),
      requests("_OTHER", "__unmatched__", 405),
    ],
    [12, 2, 1, 1, 1],
  );
  const of = (name: string, route = "x") =>
    samples.get(sampleKey(name, { route })) ?? NaN;
  equal(of("perfmock_arrivals_total"), 14);
  equal(of("perfmock_requests_in_flight"), 0);
  equal(of("perfmock_injected_delay_target_seconds_count"), 14);
  equal(
    of("perfmock_injected_delay_target_seconds_sum").toFixed(6),
    "0.028000",
  );
  equal(of("perfmock_injected_delay_lateness_seconds_count"), 14);
  equal(of("perfmock_injected_delay_lateness_seconds_count", "y"), 0);
  equal(samples.get(sampleKey("perfmock_injected_delay_early_total", {})), 0);
  const { x, y } = server.stats().routes;
  deepEqual([x.arrivals, x.answered, x.early, x.target.max], [14, 14, 0, 2]);
  deepEqual([y.arrivals, y.answered], [1, 1]);
  ok((x.responseTime.min ?? 0) >= 2, "never early");
});

Deno.test("the app works mounted in another Hono app, under a prefix", async () => {
  await using test = await createTestServer({
    routes: [
      { path: "/api/orders/:id", response: { json: { ok: true } } },
      { path: "/", response: { text: "home" } },
    ],
  });
  const { app } = test.server;
  const other = new Hono()
    .get("/", (context) => context.text("mine"))
    .route("/backend", app as Hono);
  const ask = async (path: string, method = "GET") =>
    await other.request(`http://localhost${path}`, { method });
  equal(await (await ask("/")).text(), "mine");
  equal(await (await ask("/backend")).text(), "home");
  const order = await ask("/backend/api/orders/7?page=2");
  deepEqual(await json(order), { ok: true });
  equal(order.headers.get("perfmock-sequence"), "0");
  const head = await ask("/backend/api/orders/7", "HEAD");
  deepEqual([head.status, await head.text()], [200, ""]);
  const wrong = await ask("/backend/api/orders/7", "POST");
  deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET"]);
  const unknown = await json(ask("/backend/api/order/7"));
  match(String(unknown.detail), /did you mean \/api\/orders\/:id\?/);
  equal((await ask("/backend/_perfmock/health")).status, 200);
  const control = await ask("/backend/_perfmock/health", "POST");
  deepEqual([control.status, control.headers.get("allow")], [405, "GET"]);
  match(
    await (await ask("/backend/metrics")).text(),
    /perfmock_arrivals_total/,
  );
  const stats = await json<ReturnType<Perfmock["stats"]>>(
    ask("/backend/_perfmock/stats"),
  );
  equal(stats.routes["get-api-orders-id"].arrivals, 2);
});

Deno.test("the app gives the same answers as fetch", async () => {
  await using test = await createTestServer({
    routes: [
      { path: "/a/:id", response: { json: 1 } },
      { path: "/any", method: "*", response: { status: 202 } },
    ],
  });
  const { app, fetch, url } = test.server;
  for (
    const [method, path] of [
      ["GET", "/a/1"],
      ["HEAD", "/a/1"],
      ["POST", "/a/1"],
      ["PUT", "/any"],
      ["GET", "/nowhere"],
      ["GET", "/_perfmock/routes"],
      ["POST", "/_perfmock/routes"],
      ["GET", "/_perfmock/nowhere"],
      ["GET", "/_perfmock"],
      ["GET", "/_perfmocked"],
      ["GET", "/metrics"],
      ["POST", "/metrics"],
    ]
  ) {
    const [short, long] = await Promise.all(
      [fetch, app.fetch].map((way) =>
        way(new Request(new URL(path, url), { method }))
      ),
    );
    equal(short.status, long.status, `${method} ${path}`);
    equal(
      short.headers.get("content-type"),
      long.headers.get("content-type"),
      `${method} ${path}`,
    );
    await Promise.all([short.text(), long.text()]);
  }
});

Deno.test("routes are found by their decoded path, whatever the query, remembered or not", async () => {
  await using test = await createTestServer({
    routes: [
      { id: "cafe", path: "/café/:dish", response: { text: "cafe" } },
      { id: "space", path: "/a%20b", response: { text: "space" } },
      { id: "files", path: "/files/*", response: { text: "files" } },
      {
        id: "post",
        path: "/files/*",
        method: "POST",
        response: { text: "post" },
      },
    ],
  });
  const { server } = test;
  for (let round = 0; round < 2; round++) {
    for (
      const [path, answer] of [
        ["/caf%C3%A9/cr%C3%AApe", "cafe"],
        ["/café/soup?x=1", "cafe"],
        ["/café/soup?x=2", "cafe"],
        ["/a%20b", "space"],
        ["/files/a%2Fb?c=/a%20b", "files"],
        ["/files/%E0%A4%A", "files"],
        ["/files/x#fragment", "files"],
      ]
    ) equal(await (await call(server, path)).text(), answer, path);
    const other = await call(server, "/files/x", { method: "POST" });
    equal(await other.text(), "post");
  }
});

Deno.test("any number of distinct URLs is answered right, remembered or forgotten", async () => {
  await using test = await createTestServer({
    routes: [
      { id: "one", path: "/one/:n", response: { text: "one" } },
      {
        id: "two",
        path: "/two/:n",
        method: ["GET", "PUT"],
        response: { text: "two" },
      },
    ],
  });
  const { server } = test;
  for (let n = 0; n < 5000; n++) {
    const name = n % 2 === 0 ? "one" : "two";
    const init = n % 4 === 3 ? { method: "PUT" } : undefined;
    const response = await call(server, `/${name}/${n}?q=${n}`, init);
    equal(await response.text(), name);
  }
  equal(await (await call(server, "/one/0?q=0")).text(), "one");
  const { one, two } = server.stats().routes;
  deepEqual([one.arrivals, two.arrivals], [2501, 2500]);
});

Deno.test("the routes of a wrong configuration are all reported at once, those of every plugin", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", serviceTime: { normal: { mean: "10ms", sd: "-1ms" } } },
        {
          path: "/b",
          serviceTime: { lognormal: { median: "1s", p99: "1ms" } },
        },
        { path: "/c", serviceTime: { uniform: { min: 5, max: 1 } } },
        { path: "/d", serviceTime: { exponential: {} } },
        {
          path: "/e",
          serviceTime: { bimodal: { fast: 1, slow: 2, slowShare: 2 } },
        },
        { path: "/f", serviceTime: { mixture: [] } },
        { path: "/g", serviceTime: "10 bananas" },
        { path: "/h", serviceTime: { pareto: { alpha: 0, min: 1 } } },
        { path: "/i", serviceTime: { weibull: { shape: -1, scale: 1 } } },
        { path: "/j", serviceTime: { gamma: { shape: 1 } } },
        {
          path: "/k",
          serviceTime: { triangular: { min: 3, mode: 1, max: 2 } },
        },
        { path: "/l", serviceTime: { percentiles: { p50: 10, p90: 5 } } },
        { path: "/m", serviceTime: { poisson: { mean: -1 } } },
        { path: "/n", serviceTime: { constant: { value: "x" } } },
        { path: "/o", serviceTime: { erlang: { k: 0, mean: 1 } } },
        { path: "/p", serviceTime: { empirical: { values: [] } } },
        { path: "/q", serviceTime: { scale: { by: 0, of: 1 } } },
        { path: "/r", serviceTime: { truncate: { min: 5, max: 1, of: 3 } } },
        { path: "/s", serviceTime: { clamp: { min: 5, max: 1, of: 3 } } },
        { path: "/t", serviceTime: { shift: { by: "1ms" } } },
        { path: "/u", serviceTime: { histogram: { buckets: [] } } },
      ],
    })
  );
  const blamed = new Set(error.issues.map(({ path }) => path.split("/")[2]));
  deepEqual(
    [...blamed].map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 21 }, (_, n) => n),
    lines(error).join("\n"),
  );
  for (const { message, path } of error.issues) {
    match(message, /^[^a-z].*[^.]$/, path);
  }
});

Deno.test("openapi.json lists every call, and holds together as OpenAPI 3.1", async () => {
  await using test = await createTestServer({});
  const document = await json<OpenApi>(
    call(test.server, "/_perfmock/openapi.json"),
  );
  match(document.openapi, /^3\.1\.\d+$/);
  ok(document.info.title !== "" && document.info.version !== "");
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      call: `${method.toUpperCase()} ${path}`,
      ...operation,
    }))
  );
  for (
    const wanted of [
      "GET /_perfmock/health",
      "GET /_perfmock/routes",
      "GET /_perfmock/plugins",
      "GET /_perfmock/stats",
      "POST /_perfmock/reset",
      "GET /_perfmock/openapi.json",
      "GET /_perfmock/distributions/families",
      "POST /_perfmock/distributions/explain",
      "GET /metrics",
    ]
  ) ok(operations.some((operation) => operation.call === wanted), wanted);
  const ids = operations.map(({ operationId }) => operationId);
  equal(new Set(ids).size, ids.length, "operation ids are unique");
  for (const { call: name, responses, parameters = [] } of operations) {
    ok(Object.keys(responses).length > 0, name);
    deepEqual(
      parameters.map((parameter) => parameter.name),
      [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter),
    );
  }
  for (const reference of referencesIn(document)) {
    ok(reference.startsWith("#/"), reference);
    let target: unknown = document;
    for (const part of reference.slice(2).split("/")) {
      target = Reflect.get(Object(target), part);
    }
    ok(target !== undefined, `${reference} leads nowhere`);
  }
});

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly parameters?: readonly { readonly name: string }[];
}

function referencesIn(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, part]) =>
    key === "$ref" ? [String(part)] : referencesIn(part)
  );
}
