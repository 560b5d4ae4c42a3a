import { deepEqual, equal } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
} from "../../../mod.ts";
import { call, json } from "../../support/http.ts";
import { errorOf, lines } from "../../support/errors.ts";

const CONFIG: PerfmockInput = {
  routes: [{ id: "search", path: "/search" }, {
    id: "orders",
    path: "/orders",
  }],
};

/** A server that does not listen. */
const serve = (config: PerfmockInput = CONFIG): Promise<Perfmock> =>
  createPerfmock(config, { listen: false });

/** Makes a request, and reads its answer to the end. */
async function visit(server: Perfmock, path: string): Promise<void> {
  await (await call(server, path)).body?.cancel();
}

Deno.test("requests() of a route that does not exist say so, with the nearest id", async () => {
  await using server = await serve();
  await visit(server, "/search");
  const error = await errorOf(() => server.requests({ route: "serach" }));
  deepEqual([error.code, lines(error)], [
    "ROUTE_UNKNOWN",
    ['/route: There is no route "serach" → search'],
  ]);
  equal(error.issues[0].allowed, "search, orders");
  deepEqual(server.requests({ route: "orders" }), []);
  equal(server.requests({ route: "search" }).length, 1);
});

Deno.test("requests() list all that is wrong with their filter", async () => {
  await using server = await serve();
  const filter = { outcome: "rejectd", rout: "search", limit: 0, slower: "1s" };
  const error = await errorOf(() => server.requests(filter as object));
  deepEqual([error.code, lines(error).toSorted()], [
    "ARGUMENT_INVALID",
    [
      "options.limit: This value is not allowed",
      "options.outcome: This value is not allowed → rejected",
      'options.rout: Unknown option "rout" → route',
      "options.slower: This value is not allowed",
    ],
  ]);
  deepEqual(server.requests({ limit: 1, slower: 0, status: 200 }), []);
});

Deno.test("a route that has been removed is known as long as the journal has requests of it", async () => {
  await using server = await serve();
  await visit(server, "/search");
  const removed = await call(server, "/_perfmock/routes/search", {
    method: "DELETE",
  });
  equal(removed.status, 204);
  equal(server.requests({ route: "search" }).length, 1);
  deepEqual(server.requests({ route: "search", status: 503 }), []);
  server.reset();
  const { code } = await errorOf(() => server.requests({ route: "search" }));
  equal(code, "ROUTE_UNKNOWN");
});

Deno.test("GET requests and GET routes/{id} answer 404 for a route that does not exist, each session by its own routes", async () => {
  await using server = await serve();
  for (const path of ["requests?route=ordres", "routes/ordres"]) {
    const response = await call(server, `/_perfmock/${path}`);
    equal(response.status, 404, path);
    const { code, issues } = await response.json();
    deepEqual([code, issues[0].suggestion], ["ROUTE_UNKNOWN", "orders"], path);
  }
  const made = await call(server, "/_perfmock/sessions", {
    method: "POST",
    body: JSON.stringify({
      name: "w1",
      routes: { more: { path: "/more" } },
    }),
  });
  equal(made.status, 201);
  await made.body?.cancel();
  const ask = (headers: Record<string, string>) =>
    call(server, "/_perfmock/requests?route=more", { headers });
  deepEqual(
    await json(await ask({ "perfmock-session": "w1" })),
    { requests: [] },
  );
  const outside = await ask({});
  equal(outside.status, 404);
  await outside.body?.cancel();
});

Deno.test("a message about a route lists at most 20 ids", async () => {
  const routes = Array.from(
    { length: 25 },
    (_, i) => ({ id: `r${i}`, path: `/r${i}` }),
  );
  await using server = await serve({ routes });
  const many = await errorOf(() => server.requests({ route: "none" }));
  equal(many.issues[0].allowed?.endsWith("r18, r19 and 5 more"), true);
  await using empty = await serve({ routes: [] });
  const none = await errorOf(() => empty.requests({ route: "none" }));
  equal(none.issues[0].allowed, "nothing: the configuration has no routes");
});
