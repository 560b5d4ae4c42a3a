import { deepEqual, equal, match } from "node:assert/strict";
import { Hono } from "hono";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { createTestServer } from "../../core/testing.ts";
import { eachEngine } from "../support/each_engine.ts";
import { call, get, json } from "../support/http.ts";

eachEngine.test("an unknown path is answered at once with 404 and a suggestion, another method with 405 and Allow", async () => {
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

Deno.test("the app answers preflights, for routes and for unknown paths", async () => {
  await using test = await createTestServer({
    routes: [{ id: "any", path: "/any", method: "*", serviceTime: "1h" }],
  });
  const { app, url } = test.server;
  for (const path of ["/any", "/nowhere"]) {
    const response = await app.fetch(
      new Request(new URL(path, url), {
        method: "OPTIONS",
        headers: {
          origin: "http://app.example",
          "access-control-request-method": "PUT",
        },
      }),
    );
    equal(response.status, 204);
  }
  equal(test.server.stats().routes.any.arrivals, 0);
});

Deno.test("routes are found by their decoded path, independent of the query, with and without the cache", async () => {
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

Deno.test("any number of distinct URLs is answered correctly, also beyond the size of the cache", async () => {
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
  // More than 4096 of each kind, because each kind has a cache of this size.
  for (let n = 0; n < 4500; n++) {
    for (const [name, method] of [["one", "GET"], ["two", "PUT"]]) {
      const response = await call(server, `/${name}/${n}?q=${n}`, { method });
      equal(await response.text(), name);
    }
  }
  equal(await (await call(server, "/one/0?q=0")).text(), "one");
  const { one, two } = server.stats().routes;
  deepEqual([one.arrivals, two.arrivals], [4501, 4500]);
});
