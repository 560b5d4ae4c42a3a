import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  createPerfmock,
  type EngineName,
  type Perfmock,
  type PerfmockInput,
} from "../../mod.ts";
import { MOST_ANSWERED } from "../../core/pipeline/batch.ts";
import { ENGINES } from "../support/each_engine.ts";
import { call, get } from "../support/http.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

/** A file that answers an operation. */
const CART = '{"data":{"cart":1}}';

/** Registers a test for each engine. */
function onEach(
  name: string,
  config: PerfmockInput,
  test: (server: Perfmock) => Promise<void>,
  engines: readonly EngineName[] = ENGINES,
): void {
  for (const engine of engines) {
    Deno.test(`${engine}: ${name}`, async () => {
      await using folder = await folderWith({ "cart.json": CART });
      await using server = await createPerfmock({
        ...config,
        server: { engine },
      }, { folder: folder.url });
      await test(server);
    });
  }
}

const JSON_TYPE = { "content-type": "application/json" };

function post(server: Perfmock, path: string, body: unknown, headers = {}) {
  return get(server, path, {
    method: "POST",
    headers: { ...JSON_TYPE, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const ROUTES = [
  {
    id: "open",
    path: "/orders",
    when: { query: { status: "open" } },
    response: { text: "open" },
  },
  {
    id: "tenant",
    path: "/orders",
    when: { header: { "X-Tenant": { pattern: "a.*" } } },
    response: { text: "tenant" },
  },
  {
    id: "member",
    path: "/orders",
    when: { cookie: { sid: { present: true } } },
    response: { text: "member" },
  },
  { id: "orders", path: "/orders", response: { text: "orders" } },
  {
    id: "gold",
    method: "POST",
    path: "/orders",
    when: { body: { "/customer/level": "gold" } },
    response: { text: "gold" },
  },
  {
    id: "form",
    method: "POST",
    path: "/orders",
    when: { contentType: "application/x-www-form-urlencoded" },
    response: { text: "form" },
  },
];

onEach(
  "the first route whose conditions hold answers, and is a route of its own in stats and journal",
  { routes: ROUTES },
  async (server) => {
    const of = async (path: string, headers: Record<string, string> = {}) =>
      await (await get(server, path, { headers })).text();
    equal(await of("/orders?status=open"), "open");
    equal(await of("/orders", { "x-tenant": "abc" }), "tenant");
    equal(await of("/orders", { cookie: "sid=1" }), "member");
    equal(await of("/orders"), "orders");
    equal(await of("/orders", { "x-tenant": "b" }), "orders");
    const gold = { customer: { level: "gold" } };
    for (let n = 0; n < 3; n++) {
      equal(await (await post(server, "/orders", gold)).text(), "gold");
    }
    const form = await post(server, "/orders", "a=1", {
      "content-type": "application/x-www-form-urlencoded",
    });
    equal(await form.text(), "form");
    const { routes } = server.stats();
    deepEqual(
      Object.entries(routes).map(([id, { arrivals }]) => [id, arrivals]),
      [["open", 1], ["tenant", 1], ["member", 1], ["orders", 2], ["gold", 3], [
        "form",
        1,
      ]],
    );
    deepEqual(
      server.requests().map(({ route }) => route).slice(-4),
      ["gold", "gold", "gold", "form"],
    );
  },
);

onEach(
  "a request that meets no conditions is answered with them, and counted",
  { routes: ROUTES },
  async (server) => {
    const response = await post(server, "/orders", {
      customer: { level: "silver" },
    });
    equal(response.status, 404);
    const { title, issues } = await response.json();
    equal(title, "No route matches");
    deepEqual(issues, [
      {
        path: "/routes/4/when/body/~1customer~1level",
        message: 'Route "gold": body value /customer/level must be "gold"',
      },
      {
        path: "/routes/5/when/contentType",
        message:
          'Route "form": content type must be "application/x-www-form-urlencoded"',
      },
    ]);
    const noJson = await post(server, "/orders", "{");
    match(JSON.stringify((await noJson.json()).issues), /the body is no JSON/);
    const large = await post(server, "/orders", `"${"x".repeat(1 << 20)}"`);
    equal(large.status, 413);
    await large.body?.cancel();
    equal(server.stats().unmatched, 3);
    const metrics = await (await get(server, "/metrics")).text();
    match(metrics, /perfmock_unread_bodies_total\{reason="not_json"\} 1\n/);
    match(metrics, /perfmock_unread_bodies_total\{reason="too_long"\} 1\n/);
    // Another method is refused as before.
    const put = await get(server, "/orders", { method: "PUT" });
    equal(put.status, 405);
    await put.body?.cancel();
  },
);

onEach(
  "a body in pieces is looked at when its last byte has come, and the connection goes on",
  {
    routes: [{
      id: "a",
      method: "POST",
      path: "/a",
      when: { body: { "/n": 7 } },
      response: { text: "seven" },
    }],
  },
  async (server) => {
    const { hostname, port } = server.url;
    const connection = await Deno.connect({ hostname, port: Number(port) });
    try {
      const write = (text: string) =>
        connection.write(new TextEncoder().encode(text));
      const buffer = new Uint8Array(65_536);
      const read = async () =>
        new TextDecoder().decode(
          buffer.subarray(0, await connection.read(buffer) ?? 0),
        );
      for (const head of ["content-length: 7", "transfer-encoding: chunked"]) {
        const chunked = head.endsWith("chunked");
        await write(`POST /a HTTP/1.1\r\nhost: a\r\n${head}\r\n\r\n`);
        await write(chunked ? '3\r\n{"n\r\n' : '{"n');
        await write(chunked ? '4\r\n":7}\r\n0\r\n\r\n' : '":7}');
        let answer = "";
        while (!answer.includes("seven")) answer += await read();
        match(answer, /^HTTP\/1.1 200/);
      }
    } finally {
      connection.close();
    }
    equal(server.stats().routes.a.arrivals, 2);
  },
);

onEach(
  "a client that leaves before its body is complete is no request, and nothing waits for it",
  {
    routes: [{
      id: "a",
      method: "POST",
      path: "/a",
      when: { body: { "/n": 7 } },
      response: { text: "seven" },
    }],
  },
  async (server) => {
    const { hostname, port } = server.url;
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(
      new TextEncoder().encode(
        "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{",
      ),
    );
    connection.close();
    equal(await (await post(server, "/a", { n: 7 })).text(), "seven");
    deepEqual([server.stats().routes.a.arrivals, server.inFlight], [1, 0]);
  },
);

const GRAPHQL: PerfmockInput = {
  routes: [
    {
      method: ["GET", "POST"],
      path: "/graphql",
      when: { graphql: { operation: "Cart" } },
      response: { json: { data: { cart: 1 } } },
    },
    {
      method: "POST",
      path: "/graphql",
      when: { graphql: { operation: "Search" } },
      serviceTime: "60ms",
      response: { json: { data: { search: "{{sequence}}" } } },
    },
    {
      id: "broken",
      method: "POST",
      path: "/graphql",
      when: { graphql: { operation: "Broken" } },
      faults: [{ share: 1, status: 503 }],
      response: { json: { data: {} } },
    },
    {
      id: "cut",
      method: "POST",
      path: "/graphql",
      when: { graphql: { operation: "Cut" } },
      faults: [{ share: 1, action: "cut-body" }],
      response: { json: { data: { a: "x".repeat(500) } } },
    },
    {
      id: "proxied",
      method: "POST",
      path: "/graphql",
      when: { graphql: { type: "mutation" } },
      response: { json: { data: { changed: true } } },
    },
  ],
};

onEach(
  "a batch is answered as a batch: each operation by its route, when the slowest is due",
  GRAPHQL,
  async (server) => {
    const began = performance.now();
    const response = await post(server, "/graphql", [
      { operationName: "Search", query: "query Search { a }" },
      { query: "query Cart { cart }" },
      { operationName: "Broken" },
      { operationName: "Nothing", query: "query Nothing { a }" },
      { query: "mutation Change { a }" },
      { operationName: "Search", query: "query Search { a }" },
    ]);
    const took = performance.now() - began;
    ok(took >= 60, `${took} ms`);
    equal(response.status, 200);
    const timing = response.headers.get("server-timing") ?? "";
    ok(Number(/total;dur=([\d.]+)/.exec(timing)?.[1]) >= 60, timing);
    equal(response.headers.get("perfmock-sequence"), "0, 0, 0, 0, 1");
    const [search, cart, broken, nothing, changed, again, ...rest] =
      await response.json();
    deepEqual([search, cart, changed, again, rest], [
      { data: { search: 0 } },
      { data: { cart: 1 } },
      { data: { changed: true } },
      { data: { search: 1 } },
      [],
    ]);
    equal(broken.errors[0].extensions.status, 503);
    equal(nothing.errors[0].extensions.status, 404);
    match(JSON.stringify(nothing), /received \\"Nothing\\"/);
    const { routes, unmatched } = server.stats();
    deepEqual(
      Object.entries(routes).map(([id, { arrivals }]) => [id, arrivals]),
      [
        ["get-post-graphql-Cart", 1],
        ["post-graphql-Search", 2],
        ["broken", 1],
        ["cut", 0],
        ["proxied", 1],
      ],
    );
    equal(unmatched, 1);
    equal(server.requests().length, 5);
    ok(server.requests().every(({ outcome }) => outcome === "answered"));
  },
);

onEach(
  "a batch whose operations all fail alike has their status, and one that is too long is refused",
  GRAPHQL,
  async (server) => {
    const failed = await post(server, "/graphql", [
      { operationName: "Broken" },
      { operationName: "Broken" },
    ]);
    equal(failed.status, 503);
    equal((await failed.json()).length, 2);
    const long = await post(
      server,
      "/graphql",
      Array(101).fill({ operationName: "Cart" }),
    );
    equal(long.status, 413);
    match((await long.json()).detail, /at most 100 operations/);
    const empty = await post(server, "/graphql", []);
    equal(empty.status, 404);
    await empty.body?.cancel();
  },
);

onEach(
  "a fault of one operation cuts the answer to its batch",
  GRAPHQL,
  async (server) => {
    const response = await post(server, "/graphql", [
      { operationName: "Cart" },
      { operationName: "Cut" },
    ]);
    let failed = false;
    try {
      await response.text();
    } catch {
      failed = true;
    }
    ok(failed);
    equal(
      await (await post(server, "/graphql", { operationName: "Cart" })).text(),
      '{"data":{"cart":1}}',
    );
  },
);

onEach(
  "persisted queries over GET are matched by name, and remembered by URL without mixing",
  GRAPHQL,
  async (server) => {
    const extensions = JSON.stringify({
      persistedQuery: { version: 1, sha256Hash: "ab" },
    });
    for (let n = 0; n < 2; n++) {
      const query = new URLSearchParams({ operationName: "Cart", extensions });
      equal(
        await (await get(server, `/graphql?${query}`)).text(),
        '{"data":{"cart":1}}',
      );
      const other = await get(server, `/graphql?operationName=Other`);
      equal(other.status, 404);
      await other.body?.cancel();
    }
  },
);

onEach("a proxied route gets the body that conditions have looked at", {
  routes: [
    {
      id: "other",
      method: "POST",
      path: "/api",
      when: { body: { "/n": 1 } },
      response: { text: "one" },
    },
  ],
}, async (server) => {
  await using backend = await createPerfmock({
    routes: [{
      id: "two",
      method: "POST",
      path: "/api",
      when: { body: { "/n": 2 } },
      response: { text: "two" },
    }],
  });
  const put = await call(server, "/_perfmock/routes/real", {
    method: "PUT",
    headers: JSON_TYPE,
    body: JSON.stringify({
      method: "POST",
      path: "/api",
      when: { body: { "/n": { present: true } } },
      response: { proxy: backend.url.href },
    }),
  });
  await put.body?.cancel();
  equal(put.status, 200);
  equal(await (await post(server, "/api", { n: 1 })).text(), "one");
  equal(await (await post(server, "/api", { n: 2 })).text(), "two");
  equal(backend.stats().routes.two.arrivals, 1);
});

const RESETS: PerfmockInput = {
  routes: [
    {
      id: "slow",
      method: "POST",
      path: "/graphql",
      when: { graphql: { operation: "Slow" } },
      serviceTime: "1h",
      response: { json: {} },
    },
    {
      id: "reset",
      method: "POST",
      path: "/graphql",
      when: { graphql: { operation: "Reset" } },
      serviceTime: "5ms",
      faults: [{ share: 1, action: "connection-reset" }],
      response: { json: {} },
    },
  ],
};

onEach(
  "a reset of one operation resets the connection of its batch, and ends the others",
  RESETS,
  async (server) => {
    let failed = false;
    try {
      await (await post(server, "/graphql", [{ operationName: "Slow" }, {
        operationName: "Reset",
      }])).text();
    } catch {
      failed = true;
    }
    ok(failed);
    equal(server.inFlight, 0);
    deepEqual(
      server.requests().map(({ route, outcome }) => [route, outcome]),
      [["slow", "gone"], ["reset", "reset"]],
    );
  },
  ENGINES.filter((engine) => engine !== "deno"),
);

onEach(
  "headers that concern the body of a batch concern no answer to one of its operations",
  {
    routes: [
      {
        path: "/graphql",
        when: { graphql: { operation: "Long" } },
        response: {
          json: { data: { words: "word ".repeat(1000) } },
          compress: true,
        },
      },
      {
        path: "/graphql",
        when: { graphql: {} },
        response: { file: "cart.json" },
      },
    ],
  },
  async (server) => {
    const asked = {
      "accept-encoding": "gzip, br",
      range: "bytes=0-3",
      "if-none-match": "*",
    };
    const response = await post(
      server,
      "/graphql",
      [{ operationName: "Long" }, { operationName: "Other" }],
      asked,
    );
    equal(response.status, 200);
    equal(response.headers.get("content-encoding"), null);
    deepEqual(await response.json(), [
      { data: { words: "word ".repeat(1000) } },
      { data: { cart: 1 } },
    ]);
  },
);

onEach(
  "the answers of a batch have a bound together, beyond which errors take their place",
  {
    routes: [
      {
        path: "/graphql",
        when: { graphql: { operation: "Large" } },
        response: { size: "12MiB", compressible: true },
      },
      {
        path: "/graphql",
        when: { graphql: {} },
        response: { json: { data: 1 } },
      },
    ],
  },
  async (server) => {
    const response = await post(server, "/graphql", [
      { operationName: "Large" },
      { operationName: "Large" },
      { operationName: "Small" },
    ]);
    const answers = await response.json();
    const bounded = answers.filter((
      { errors }: { errors?: { message: string }[] },
    ) => errors?.[0].message.includes(`${MOST_ANSWERED} bytes`));
    equal(bounded.length, 1);
    deepEqual(answers[2], { data: 1 });
    await until(() => server.inFlight === 0);
  },
  [ENGINES[0]],
);
