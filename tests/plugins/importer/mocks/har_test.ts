import { deepEqual, equal, match, ok } from "node:assert/strict";
import { harEntry, harOf, importOf } from "../_imported.ts";

const SHOP = "http://shop.test";

/** Makes a GraphQL request. */
function graphql(name: string, text: string): unknown {
  return harEntry(`${SHOP}/graphql`, {
    method: "POST",
    text,
    request: {
      method: "POST",
      url: `${SHOP}/graphql`,
      headers: [],
      postData: {
        mimeType: "application/json",
        text: JSON.stringify({
          operationName: name,
          query: `query ${name} { a }`,
        }),
      },
    },
  });
}

Deno.test("A HAR becomes a route for each method and path, with its answer and its time until the first byte", async () => {
  const { routes, summary } = await importOf({
    "shop.har": harOf(
      harEntry(`${SHOP}/`, {
        type: "text/html",
        text: "<h1>{{title}}</h1>",
        wait: 3.25,
      }),
      harEntry(`${SHOP}/api/cart`, { text: '{"items":[1,2]}' }),
      harEntry(`${SHOP}/api/cart`, {
        method: "POST",
        status: 201,
        text: '{"ok": true}',
      }),
    ),
  });
  deepEqual(routes, [
    {
      id: "get-root",
      path: "/",
      serviceTime: "3.25ms",
      response: {
        headers: { "Content-Type": "text/html" },
        text: "<h1>\\{{title}}</h1>",
      },
    },
    {
      id: "get-api-cart",
      path: "/api/cart",
      serviceTime: "12ms",
      response: { json: { items: [1, 2] } },
    },
    {
      id: "post-api-cart",
      method: "POST",
      path: "/api/cart",
      serviceTime: "12ms",
      response: {
        status: 201,
        headers: { "Content-Type": "application/json" },
        text: '{"ok": true}',
      },
    },
  ]);
  match(summary, /^HAR: 3 routes, 3 with a service time\n/);
});

Deno.test("Several measured times are the values of an empirical distribution", async () => {
  const waits = [5, 1.5, 9.1234567];
  const { routes, text } = await importOf({
    "a.har": harOf(...waits.map((wait) => harEntry(`${SHOP}/a`, { wait }))),
  });
  deepEqual(routes[0].serviceTime, { empirical: { values: [1.5, 5, 9.123] } });
  match(text, /# 3 measured times\.\n\s*serviceTime:/);
});

Deno.test("Operations of GraphQL and queries with answers of their own become conditions; other queries get the first answer", async () => {
  const { routes } = await importOf({
    "a.har": harOf(
      graphql("GetCart", '{"data":1}'),
      graphql("GetUser", '{"data":2}'),
      harEntry(`${SHOP}/search?q=desk&page=1`, { text: "[1]" }),
      harEntry(`${SHOP}/search?q=lamp&page=1`, { text: "[2]" }),
    ),
  });
  deepEqual(
    routes.map(({ path, when, response }) => [path, when, response?.json]),
    [
      ["/graphql", { graphql: { operation: "GetCart" } }, { data: 1 }],
      ["/graphql", { graphql: { operation: "GetUser" } }, { data: 2 }],
      ["/search", { query: { page: "1", q: "desk" } }, [1]],
      ["/search", { query: { page: "1", q: "lamp" } }, [2]],
      ["/search", undefined, [1]],
    ],
  );
});

Deno.test("One query alone stands for all", async () => {
  const { routes } = await importOf({
    "a.har": harOf(harEntry(`${SHOP}/a?t=123`)),
  });
  deepEqual(routes.map(({ path, when }) => [path, when]), [["/a", undefined]]);
});

Deno.test("Paths that differ in ids alone share their times; of more than 20, one route answers for all", async () => {
  const items = (count: number) =>
    Array.from(
      { length: count },
      (_, id) =>
        harEntry(`${SHOP}/items/${id}`, { text: `[${id}]`, wait: 10 + id }),
    );
  const failing = items(24);
  Object.assign(failing[20].response as object, { status: 500 });
  const { routes } = await importOf({ "a.har": harOf(...failing) });
  deepEqual(routes[0].faults, [{ share: 0.041666, status: 500 }]);
  const few = await importOf({ "a.har": harOf(...items(3)) });
  deepEqual(few.routes.map(({ path, serviceTime }) => [path, serviceTime]), [
    ["/items/0", "get-items-itemid"],
    ["/items/1", "get-items-itemid"],
    ["/items/2", "get-items-itemid"],
  ]);
  deepEqual(few.profiles, {
    "get-items-itemid": { empirical: { values: [10, 11, 12] } },
  });
  const many = await importOf({ "a.har": harOf(...items(21)) });
  deepEqual(many.routes.map(({ path }) => path), ["/items/:itemId"]);
  match(
    many.summary,
    /1 × paths that differ in ids alone, of which the first answers for all \(GET \/items\/:itemId\)/,
  );
});

Deno.test("Errors beside answers become faults with their shares", async () => {
  const { routes } = await importOf({
    "a.har": harOf(
      ...[200, 503, 200, 200].map((status) =>
        harEntry(`${SHOP}/a`, { status })
      ),
    ),
  });
  deepEqual(routes[0].faults, [{ share: 0.25, status: 503 }]);
  equal(routes[0].response?.status, undefined);
});

Deno.test("Entries that were no request to the recorded site, and times that are missing, are counted and named", async () => {
  const { routes, summary } = await importOf({
    "a.har": harOf(
      harEntry(`${SHOP}/a`),
      harEntry("data:image/png;base64,AA"),
      harEntry("wss://shop.test/live"),
      harEntry("https://cdn.test/lib.js"),
      harEntry(`${SHOP}/b`, { timings: { wait: -1 } }),
      harEntry(`${SHOP}/c`, { timings: {} }),
      harEntry(`${SHOP}/d`, { status: 0 }),
    ),
  });
  deepEqual(routes.map(({ path, serviceTime }) => [path, serviceTime]), [
    ["/a", "12ms"],
    ["/b", undefined],
    ["/c", undefined],
  ]);
  for (
    const line of [
      "2 × no HTTP (data:, wss:)",
      "1 × another host than the page's (cdn.test)",
      "1 × no answer (/log/entries/6)",
      "2 × without a time until the first byte (wait) (/log/entries/4, /log/entries/5)",
    ]
  ) ok(summary.includes(line), line);
});

Deno.test("--host names the hosts whose requests are taken", async () => {
  const files = {
    "a.har": harOf(harEntry(`${SHOP}/a`), harEntry("https://api.test/b")),
  };
  const paths = async (...options: string[]) =>
    (await importOf(files, ...options)).routes.map(({ path }) => path);
  deepEqual(await paths(), ["/a"]);
  deepEqual(await paths("--host", "api.test"), ["/b"]);
  deepEqual(await paths("--host", "*"), ["/a", "/b"]);
});

Deno.test("Secrets in headers are left out, and redirects lead to the mock", async () => {
  const entry = harEntry(`${SHOP}/old`, { status: 302, text: "" });
  Object.assign(entry.response as object, {
    headers: [
      { name: "Location", value: `${SHOP}/new?x=1` },
      { name: "Set-Cookie", value: "sid=secret" },
      { name: "Cache-Control", value: "no-store" },
    ],
  });
  const { routes, text, summary } = await importOf({ "a.har": harOf(entry) });
  deepEqual(routes[0].response, {
    status: 302,
    headers: {
      Location: "/new?x=1",
      "Cache-Control": "no-store",
      "Content-Type": "application/json",
    },
  });
  ok(!text.includes("sid="));
  match(
    summary,
    /1 × headers of answers, which may hold secrets \(set-cookie\)/,
  );
});

Deno.test("Bodies of bytes, long ones and those that were not recorded keep their size", async () => {
  const sized = (type: string, content: Record<string, unknown>) =>
    harEntry(`${SHOP}/${type.split("/")[1]}`, {
      type,
      response: {
        status: 200,
        headers: [{ name: "content-type", value: type }],
        content: { mimeType: type, ...content },
      },
    });
  const { routes, summary } = await importOf({
    "a.har": harOf(
      sized("image/png", { size: 4, text: "iVBORw==", encoding: "base64" }),
      sized("text/plain", { size: 300_000, text: "x".repeat(300_000) }),
      sized("application/json", { size: 70 }),
      sized("text/css", { size: 4, text: "YXthfQ==", encoding: "base64" }),
    ),
  });
  deepEqual(
    routes.map(({ path, response }) => [path, response?.size, response?.text]),
    [
      ["/png", 4, undefined],
      ["/plain", 300_000, undefined],
      ["/json", 70, undefined],
      ["/css", undefined, "a{a}"],
    ],
  );
  match(
    summary,
    /bodies of bytes, .*\n.*long bodies, .*\n.*bodies that were not recorded/,
  );
});

Deno.test("A HAR with a byte order mark is read; broken, empty and foreign files are errors with the place", async () => {
  const bom = await importOf({
    "a.har": `\uFEFF${JSON.stringify(harOf(harEntry(`${SHOP}/a`)))}`,
  });
  equal(bom.routes.length, 1);
  for (
    const [text, message] of [
      ["", /a\.har: it is empty/],
      ['{"log":{"entries":[{"request":', /it is not JSON: it ends too early/],
      ['{"log":{"entries":[nonsense]}}', /it is not JSON, at about byte/],
      ['{"log":{}}', /a\.har: it has no log\.entries/],
    ] as const
  ) {
    const { status, summary, text: out } = await importOf({ "a.har": text });
    equal(status, 2, summary);
    equal(out, "");
    match(summary, message);
  }
});
