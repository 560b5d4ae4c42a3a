import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createTestServer } from "../../core/testing.ts";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, json, overWire, post } from "../support/http.ts";

/** Returns true if bytes are the same. deepEqual() takes a second for each 100 KB. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Digits that a number of JavaScript cannot hold. */
const LONG = "1234567890123456789";

eachEngine.test("values of headers, cookies and the clock go into a body", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/me",
      response: {
        json: {
          tenant: "{{header.X-Tenant}}",
          none: "{{header.x-none}}",
          sid: "{{cookie.sid}}",
          other: "{{cookie.other}}",
          at: "{{now}}",
          http: "{{now.http}}",
          ms: "{{now.ms}}",
          seconds: "{{now.seconds}}",
          text: "T {{header.x-tenant}}",
        },
      },
    }],
  });
  const before = Date.now();
  const body = await json(get(server, "/me", {
    headers: { "x-tenant": 'a"b', cookie: "a=b; sid=x%20y; sid2=no" },
  }));
  const { at, http, ms, seconds, ...rest } = body;
  deepEqual(rest, {
    tenant: 'a"b',
    none: null,
    sid: "x y",
    other: null,
    text: 'T a"b',
  });
  for (const time of [Date.parse(`${at}`), Number(ms)]) {
    ok(Math.abs(time - before) < 60_000, `${time}`);
  }
  match(`${at}`, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  equal(new Date(Number(seconds) * 1000).toUTCString(), http);
});

eachEngine.test("values of headers and cookies are escaped in HTML unless they are raw", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/",
      response: {
        headers: { "Content-Type": "text/html" },
        text: "<p>{{header.x-name}}{{cookie.c}}{{raw header.x-name}}",
      },
    }],
  });
  const { body } = await overWire(server, "/", {
    "x-name": "<b>",
    cookie: "c=%3Ci%3E",
  });
  equal(new TextDecoder().decode(body), "<p>&lt;b&gt;&lt;i&gt;<b>");
});

eachEngine.test("values of the request's body go into an answer, with their digits", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        method: "POST",
        path: "/orders",
        response: {
          status: 201,
          json: {
            id: "{{body.id}}",
            first: "{{body.items.0.name}}",
            items: "{{body.items}}",
            slash: "{{body./a~1b}}",
            none: "{{body.none}}",
            text: "id {{body.id}} of {{body.items}}",
          },
        },
      },
      { method: "POST", path: "/echo", response: { json: "{{body}}" } },
      {
        method: "POST",
        path: "/page",
        response: {
          headers: { "Content-Type": "text/html" },
          text: "<p>{{body.name}}|{{raw body.name}}",
        },
      },
      {
        method: "POST",
        path: "/list",
        response: {
          repeat: { count: 2, item: { n: "{{index}}", of: "{{body.of}}" } },
        },
      },
    ],
  });
  const send = async (path: string, body: string, type = "application/json") =>
    await (await get(server, path, {
      method: "POST",
      body,
      headers: { "content-type": type },
    })).text();
  equal(
    await send(
      "/orders",
      `{"id":${LONG},"items":[{"name":"a","price":1.50}],"a/b":true}`,
    ),
    `{"id":${LONG},"first":"a","items":[{"name":"a","price":1.50}],"slash":true,"none":null,"text":"id ${LONG} of [{\\"name\\":\\"a\\",\\"price\\":1.50}]"}`,
  );
  equal(await send("/echo", `[${LONG}, 10.00]`), `[${LONG},10.00]`);
  equal(await send("/echo", "null"), "null");
  equal(await send("/echo", "no JSON"), "null");
  equal(await send("/echo", ""), "null");
  equal(await send("/page", '{"name":"<b>"}'), "<p>&lt;b&gt;|<b>");
  equal(
    await send("/page", "name=a+%26", "application/x-www-form-urlencoded"),
    "<p>a &amp;|a &",
  );
  equal(
    await send("/list", '{"of":{"a":1}}'),
    '[{"n":0,"of":{"a":1}},{"n":1,"of":{"a":1}}]',
  );
  const long = await get(server, "/echo", {
    method: "POST",
    body: `"${"x".repeat(1 << 20)}"`,
  });
  equal(long.status, 413);
  await long.body?.cancel();
});

eachEngine.test("headers contain values of the request, which can begin no line of their own", async () => {
  const routes = [
    { json: { a: 1 } },
    { json: { a: "{{body.id}}" } },
    { size: "100KB" },
    { status: 204 },
  ].map((response, index) => ({
    path: `/${index}/:id`,
    method: "POST",
    response: {
      ...response,
      headers: {
        Location: "/orders/{{path.id}}?n={{body.id}}",
        "Set-Cookie": ["sid={{uuid}}; HttpOnly", "theme=dark", "t={{query.t}}"],
        "X-Fixed": "a",
        "X-Two": ["{{sequence}}", "b"],
      },
    },
  }));
  await using server = await createPerfmock({ routes });
  const cookies = new Set<string>();
  for (const [index] of routes.entries()) {
    for (const sequence of [0, 1]) {
      const response = await get(
        server,
        `/${index}/a%0d%0aX-Bad:1%C3%BC?t=%0A`,
        {
          ...post({ id: 7 }),
          headers: {
            "content-type": "application/json",
            origin: "http://a.example",
          },
        },
      );
      await response.body?.cancel();
      const { headers } = response;
      equal(headers.get("location"), "/orders/a%0D%0AX-Bad:1%C3%BC?n=7");
      equal(headers.get("x-bad"), null);
      equal(headers.get("x-fixed"), "a");
      equal(headers.get("x-two"), `${sequence}, b`);
      match(
        headers.get("access-control-expose-headers") ?? "",
        /location.*x-fixed.*x-two/i,
      );
      const [sid, theme, t, ...rest] = headers.getSetCookie();
      match(sid, /^sid=[0-9a-f-]{36}; HttpOnly$/);
      deepEqual([theme, t, rest], ["theme=dark", "t=%0A", []]);
      cookies.add(sid);
    }
  }
  equal(cookies.size, 2 * routes.length);
});

Deno.test("headers with values that name nothing, or that must not come from a request, are errors", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [{
        path: "/:id",
        response: {
          headers: {
            "X-A": "{{path.idd}}",
            "X-B": ["a", "{{cooky.a}}"],
            "Content-Type": "{{query.type}}",
          },
        },
      }],
    }, { listen: false })
  );
  deepEqual(lines(error).toSorted(), [
    '/routes/0/response/headers/Content-Type: The header "Content-Type" cannot contain values of the request',
    "/routes/0/response/headers/X-A: There is no value {{path.idd}} → {{path.id}}",
    "/routes/0/response/headers/X-B/1: There is no value {{cooky.a}} → {{cookie.a}}",
  ]);
});

eachEngine.test("a body that is nested without end is no JSON, and no error of the server", async () => {
  const said: string[] = [];
  await using server = await createPerfmock({
    routes: [
      {
        path: "/when",
        method: "POST",
        when: { body: { "": { present: true } } },
        response: { text: "met" },
      },
      { path: "/echo", method: "POST", response: { json: ["{{body}}"] } },
      {
        path: "/batch",
        when: { graphql: {} },
        response: { json: { data: "{{body}}" } },
      },
    ],
  }, { log: (_: string, line: string) => said.push(line) });
  for (
    const [depth, found] of [[900, true], [1001, false], [
      400_000,
      false,
    ]] as const
  ) {
    const body = "[".repeat(depth) + "]".repeat(depth);
    const send = (path: string, body: string) =>
      get(server, path, { method: "POST", body });
    const met = await send("/when", body);
    await met.body?.cancel();
    equal(met.status, found ? 200 : 404, `${depth}`);
    const echo = await send("/echo", body);
    equal(await echo.text(), found ? `[${body}]` : "[null]");
    const batch = await send("/batch", `[{"query":"{ a }","x":${body}}]`);
    await batch.body?.cancel();
    equal(batch.status, found ? 200 : 404, `${depth}`);
  }
  // Brackets in a text nest nothing.
  const text = JSON.stringify({ "[": '[{"['.repeat(5000) });
  const echo = await get(server, "/echo", { method: "POST", body: text });
  equal(await echo.text(), `[${text}]`);
  deepEqual(said, []);
});

Deno.test("UUIDs follow from seed, route and sequence number, and none comes twice", async () => {
  const bodies = async (seed: number) => {
    await using test = await createTestServer({
      seed,
      routes: [{
        path: "/list",
        response: { repeat: { count: 3000, item: "{{uuid}}" } },
      }],
    });
    const one = async () =>
      await json<string[]>((await test.request("/list")).response);
    const all = [...await one(), ...await one()];
    test.server.reset();
    deepEqual(await one(), all.slice(0, 3000));
    return all;
  };
  const all = await bodies(1);
  equal(new Set(all).size, 6000);
  deepEqual(await bodies(1), all);
  notEqual((await bodies(2))[0], all[0]);
});

eachEngine.test("a list has its items, with values of the request and JSON around it", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        path: "/items/:shop",
        response: {
          repeat: {
            count: { query: "limit", default: 2, max: 3000 },
            item: { id: "{{index}}", shop: "{{path.shop}}", price: 10.5 },
            within: { total: "{{count}}", items: "{{items}}", next: null },
          },
        },
      },
      {
        id: "fixed",
        path: "/fixed",
        response: { repeat: { count: 3, item: "{{index}}" } },
      },
    ],
  });
  for (
    const [query, count] of [["", 2], ["?limit=0", 0], ["?limit=2500", 2500]]
  ) {
    deepEqual(await json(get(server, `/items/a${query}`)), {
      total: count,
      items: Array.from({ length: Number(count) }, (_, id) => ({
        id,
        shop: "a",
        price: 10.5,
      })),
      next: null,
    });
  }
  const { headers, body } = await overWire(server, "/fixed");
  deepEqual(
    [headers.get("content-length"), headers.get("content-type")],
    ["7", "application/json"],
  );
  equal(new TextDecoder().decode(body), "[0,1,2]");
  equal(server.stats().routes.fixed.bodyBytes, 7);
});

eachEngine.test("a body of a size has that size, whatever the size, and the same bytes each time", async () => {
  await using server = await createPerfmock({
    routes: ["0B", "1KiB", "500KiB", "3MiB"].flatMap((size) =>
      [true, false].map((compressible) => ({
        id: `${size}-${compressible}`,
        path: `/${size}/${compressible}`,
        response: { size, compressible },
      }))
    ),
  });
  for (
    const [size, bytes] of [["0B", 0], ["1KiB", 1024], ["500KiB", 512_000]]
  ) {
    for (const compressible of [true, false]) {
      const target = `/${size}/${compressible}`;
      const first = await overWire(server, target);
      equal(first.body.length, bytes);
      equal(first.headers.get("content-length"), `${bytes}`);
      match(
        first.headers.get("content-type") ?? "",
        compressible ? /^text\/plain/ : /^application\/octet-stream$/,
      );
      deepEqual((await overWire(server, target)).body, first.body);
      const { bodyBytes } = server.stats().routes[`${size}-${compressible}`];
      equal(bodyBytes, 2 * Number(bytes));
    }
  }
  const large = await get(server, "/3MiB/false");
  equal((await large.arrayBuffer()).byteLength, 3 << 20);
  const head = await overWire(server, "/500KiB/false", {}, "HEAD");
  deepEqual([head.headers.get("content-length"), head.body.length], [
    "512000",
    0,
  ]);
});

eachEngine.test("an example of a JSON Schema is sent", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/order",
      response: {
        schema: {
          type: "object",
          properties: {
            id: { type: "integer", examples: [1234567890123456789n] },
            state: { enum: ["open", "paid"] },
            tags: { type: "array", items: { const: "{{path.no}}" } },
          },
        },
      },
    }],
  });
  const { body, headers } = await overWire(server, "/order");
  equal(headers.get("content-type"), "application/json");
  equal(
    new TextDecoder().decode(body),
    `{"id":${LONG},"state":"open","tags":["{{path.no}}"]}`,
  );
});

eachEngine.test("numbers beyond 2^53 go unchanged from the configuration and from calls into every body", async () => {
  await using server = await createPerfmock({
    routes: [
      { id: "a", path: "/a", response: { json: {} } },
      { id: "b", path: "/b", response: { json: {} } },
      { id: "c", path: "/c", response: { json: {} } },
    ],
  });
  const bodies = {
    a: `{"json":{"id":${LONG},"price":10.00}}`,
    b: `{"json":null,"repeat":{"count":1,"item":{"id":${LONG}},"within":{"max":${LONG},"items":"{{items}}"}}}`,
    c: `{"json":null,"schema":{"const":{"id":${LONG}}}}`,
  };
  const found: string[] = [];
  for (const [id, response] of Object.entries(bodies)) {
    const answer = await get(server, `/_perfmock/routes/${id}`, {
      ...post(`{"response":${response}}`),
      method: "PATCH",
    });
    equal(answer.status, 200, await answer.text());
    found.push(await (await get(server, `/${id}`)).text());
  }
  deepEqual(found, [
    `{"id":${LONG},"price":10.00}`,
    `{"max":${LONG},"items":[{"id":${LONG}}]}`,
    `{"id":${LONG}}`,
  ]);
});

eachEngine.test("bodies are coded where the route says so and the client accepts it", async () => {
  const words = "all work and no play ".repeat(200);
  const routes = {
    json: { json: { words } },
    text: { text: words },
    each: { text: `{{query.q}}${words}` },
    list: { repeat: { count: 500, item: "{{index}}" } },
    long: { repeat: { count: 5000, item: "{{index}}" } },
    size: { size: "200KiB", compressible: true },
    random: { size: "200KiB" },
    schema: { schema: { const: words } },
    image: { text: words, headers: { "Content-Type": "image/png" } },
    small: { text: "a" },
    off: { text: words, compress: false },
  };
  await using server = await createPerfmock({
    routes: Object.entries(routes).flatMap(([name, response]) => [
      {
        id: name,
        path: `/${name}`,
        response: { compress: true, ...response },
      },
      {
        id: `paced-${name}`,
        path: `/paced/${name}`,
        response: { compress: true, ...response },
        wire: { bandwidth: "1GB/s" },
      },
    ]),
  });
  const coded = ["json", "text", "each", "list", "size", "schema"];
  for (const prefix of ["", "paced/"]) {
    for (const name of Object.keys(routes)) {
      const target = `/${prefix}${name}`;
      const plain = await overWire(server, target);
      equal(plain.headers.get("content-encoding"), null);
      const answers = [];
      for (const coding of ["gzip", "br", "br"] as const) {
        const answer = await overWire(server, target, {
          "accept-encoding": coding,
        });
        answers.push(answer);
        if (!coded.includes(name)) {
          equal(answer.headers.get("content-encoding"), null, target);
          ok(same(answer.body, plain.body), target);
          continue;
        }
        equal(answer.headers.get("content-encoding"), coding, target);
        match(answer.headers.get("vary") ?? "", /Accept-Encoding/);
        match(plain.headers.get("vary") ?? "", /Accept-Encoding/);
        const decode = coding === "br" ? brotliDecompressSync : gunzipSync;
        ok(same(decode(answer.body), plain.body), target);
        ok(answer.body.length < plain.body.length, target);
      }
      const id = prefix === "" ? name : `paced-${name}`;
      equal(
        server.stats().routes[id].bodyBytes,
        [plain, ...answers].reduce((sum, { body }) => sum + body.length, 0),
        target,
      );
    }
  }
  const refused = await overWire(server, "/random", {
    "accept-encoding": "identity;q=0",
  });
  equal(refused.status, 200);
  const none = await overWire(server, "/text", {
    "accept-encoding": "*;q=0",
  });
  equal(none.status, 406);
});

Deno.test("a paced body takes as long in a simulation as over its wire, whatever it is made of", async () => {
  const times: Record<string, number> = {};
  const bodies = {
    size: { size: "1MB" },
    list: { repeat: { count: 2000, item: "{{index}}" } },
    schema: { schema: { const: "x".repeat(998) } },
    values: { text: "{{path.a}}{{query.q}}{{header.x-a}}{{body.b}}" },
  };
  for (const [name, response] of Object.entries(bodies)) {
    await using test = await createTestServer({
      routes: [{
        method: "POST",
        path: "/:a",
        delay: "1s",
        response,
        wire: { bandwidth: "1MB/s", chunk: "10KB" },
      }],
    });
    const summary = await test.server.simulate({
      scenarios: {
        one: {
          executor: "shared-iterations",
          iterations: 1,
          users: 1,
          requests: [{
            method: "POST",
            path: `/${"x".repeat(1000)}?q=${"x".repeat(2000)}`,
            headers: { "X-A": "x".repeat(3000) },
            json: { b: "x".repeat(4000) },
          }],
        },
      },
    });
    const { responseTime } = summary.scenarios.one;
    times[name] = Math.round(responseTime.max ?? 0);
  }
  const list = JSON.stringify(Array.from({ length: 2000 }, (_, n) => n));
  deepEqual(times, {
    size: 2000,
    list: Math.round(1000 + list.length / 1000),
    schema: 1001,
    values: 1010,
  });
});

Deno.test("wrong bodies are reported with their place", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { repeat: { count: 1, item: "{{items}}" } },
        { repeat: { count: 1, item: 1, within: {} } },
        { repeat: { count: 1, item: 1, within: ["{{items}}", "{{items}}"] } },
        { repeat: { count: 1, item: 1, within: ["{{index}}", "{{items}}"] } },
        { repeat: { count: 2_000_000, item: 1 } },
        { size: "65GiB" },
        { size: "1KiB", compressible: 1 },
        { text: "a", compressible: true },
        { schema: [] },
        { text: "{{now.x}}{{header}}" },
        { text: "a", compress: ["zip"] },
        { text: "a", size: 1 },
      ].map((response, index) => ({
        path: `/${index}`,
        response: response as Record<string, unknown>,
      })),
    })
  );
  const found = lines(error).map((line) => line.replace(/ → .*/, ""));
  deepEqual(found.map((line) => line.split(": ")[0]).toSorted(), [
    "/routes/0/response/repeat/item",
    "/routes/1/response/repeat/within",
    "/routes/10/response/compress/0",
    "/routes/11/response",
    "/routes/2/response/repeat/within",
    "/routes/3/response/repeat/within/0",
    "/routes/4/response/repeat/count",
    "/routes/5/response/size",
    "/routes/6/response/compressible",
    "/routes/7/response/compressible",
    "/routes/8/response/schema",
    "/routes/9/response/text",
    "/routes/9/response/text",
  ]);
});

Deno.test("a JSON Schema of which no example can be made is reported with its place", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", response: { schema: { const: 1 } } },
        { path: "/b", response: { schema: { $ref: "#/none" } } },
        {
          path: "/c",
          response: { schema: { minLength: 1e9, type: "string" } },
        },
      ],
    })
  );
  deepEqual(lines(error), [
    "/routes/1/response/schema: Cannot make an example: Invalid reference token: none",
    "/routes/2/response/schema: Cannot make an example: it would have more than 100000 values",
  ]);
});
