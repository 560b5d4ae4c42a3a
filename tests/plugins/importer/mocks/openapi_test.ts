import { deepEqual, equal, match, ok } from "node:assert/strict";
import { importOf } from "../_imported.ts";

const INFO = { title: "Shop", version: "1" };

/** Makes a document with one operation at GET /a. */
function withOperation(operation: unknown, more: object = {}) {
  return {
    "api.json": {
      openapi: "3.1.0",
      info: INFO,
      paths: { "/a": { get: operation } },
      ...more,
    },
  };
}

/** Makes responses with one JSON body. */
function json(schema: unknown, status = "200") {
  return {
    responses: {
      [status]: {
        description: "",
        content: { "application/json": { schema } },
      },
    },
  };
}

Deno.test("A document becomes a route for each operation, literal paths first, with examples of their answers", async () => {
  const { routes, summary } = await importOf({
    "api.yaml": `
openapi: 3.0.3
info: { title: Shop, version: "1" }
servers: [ { url: "https://{host}/v2/", variables: { host: { default: shop.example } } } ]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      summary: One order
      parameters: [ { name: id, in: path, required: true, schema: { type: integer } } ]
      responses:
        "200":
          description: ok
          headers: { X-Rate: { schema: { type: integer, example: 5 } }, X-Odd: { schema: { type: string } } }
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
        "404": { description: none }
  /orders/latest: { get: { responses: { default: { description: x } } } }
  /files/{name}.json: { get: { responses: { "200": { description: x } } } }
  /spans/{from}-{to}: { get: { responses: { "200": { description: x } } } }
  /orders: { post: { responses: { "201": { $ref: "#/components/responses/Made" } } } }
components:
  responses: { Made: { description: made, content: { application/json: { example: { id: 7 } } } } }
  schemas:
    Order: { type: object, properties: { id: { type: integer, example: 3 }, of: { $ref: "#/components/schemas/Order" } } }
`,
  });
  deepEqual(
    new Set(
      routes.map(({ id, method = "GET", path }) => `${id} ${method} ${path}`),
    ),
    new Set([
      "get-v2-orders-latest GET /v2/orders/latest",
      "post-v2-orders POST /v2/orders",
      "getOrder GET /v2/orders/:id",
      "get-v2-files-name-json GET /v2/files/:name{[^/]+\\.json}",
      "get-v2-spans-from-to GET /v2/spans/:from_to",
    ]),
  );
  const byPath = new Map(routes.map((route) => [route.path, route]));
  deepEqual(byPath.get("/v2/orders/:id"), {
    id: "getOrder",
    path: "/v2/orders/:id",
    response: { headers: { "X-Rate": "5" }, json: { id: 3, of: {} } },
  });
  ok(
    routes.findIndex(({ path }) => path === "/v2/orders/latest") <
      routes.findIndex(({ path }) => path === "/v2/orders/:id"),
  );
  equal(byPath.get("/v2/orders")?.response?.status, 201);
  ok(byPath.has("/v2/files/:name{[^/]+\\.json}"));
  ok(byPath.has("/v2/spans/:from_to"));
  for (
    const line of [
      "1 × answers of other statuses (404)",
      "1 × headers without an example (X-Odd)",
      "OpenAPI has no times",
      "Requests are not checked: 1 parameters",
    ]
  ) ok(summary.includes(line), line);
});

Deno.test("A document of Swagger 2.0 is brought to 3.1 first", async () => {
  const { routes, summary } = await importOf({
    "api.json": {
      swagger: "2.0",
      info: INFO,
      host: "shop.example",
      basePath: "/v1",
      produces: ["application/json"],
      paths: {
        "/a": {
          get: {
            responses: {
              200: {
                description: "",
                schema: { type: "array", items: { type: "integer" } },
              },
            },
          },
        },
      },
    },
  });
  deepEqual(routes, [{
    id: "get-v1-a",
    path: "/v1/a",
    response: { json: [0] },
  }]);
  match(summary, /^OpenAPI 2\.0: 1 route, 0 with/);
});

Deno.test("The answer is that of the lowest 2xx status, else of default, a redirect, an error", async () => {
  const chosen = async (...statuses: string[]) => {
    const responses = Object.fromEntries(
      statuses.map((status) => [status, { description: status }]),
    );
    const { routes } = await importOf(withOperation({ responses }));
    return routes[0].response?.status ?? 200;
  };
  equal(await chosen("404", "202", "201"), 201);
  equal(await chosen("404", "2XX"), 200);
  equal(await chosen("404", "default"), 200);
  equal(await chosen("404", "302"), 302);
  equal(await chosen("500", "404"), 404);
  equal(await chosen("4XX"), 400);
});

Deno.test("XML, text and streams of events are answered as such", async () => {
  const body = async (type: string, media: unknown) => {
    const { routes } = await importOf(
      withOperation({
        responses: { 200: { description: "", content: { [type]: media } } },
      }),
    );
    return routes[0].response;
  };
  deepEqual(await body("text/plain", { example: "hello {{x}}" }), {
    headers: { "Content-Type": "text/plain" },
    text: "hello \\{{x}}",
  });
  const xml = await body("application/xml", {
    schema: {
      type: "object",
      xml: { name: "order" },
      properties: { id: { type: "integer" } },
    },
  });
  match(`${xml?.text}`, /<order>\s*<id>0<\/id>\s*<\/order>/);
  deepEqual(await body("text/event-stream", { example: { token: "a" } }), {
    events: { count: 10, data: { token: "a" } },
  });
  deepEqual(await body("application/problem+json", { example: { a: 1 } }), {
    headers: { "Content-Type": "application/problem+json" },
    json: { a: 1 },
  });
});

Deno.test("Schemas that refer to themselves and grow wide have an example of bounded length", async () => {
  const wide = Object.fromEntries(
    Array.from(
      { length: 40 },
      (_, i) => [`p${i}`, { $ref: `#/components/schemas/S${i % 8}` }],
    ),
  );
  const schemas = Object.fromEntries(
    Array.from(
      { length: 8 },
      (_, i) => [`S${i}`, { type: "object", properties: wide }],
    ),
  );
  const { status, text, summary } = await importOf(
    withOperation(json({ $ref: "#/components/schemas/S0" }), {
      components: { schemas },
    }),
  );
  equal(status, 0, summary);
  ok(text.length < 200_000, `${text.length}`);
  match(summary, /schemas whose examples are/);
});

Deno.test("Broken documents are errors with JSON Pointers, all at once", async () => {
  const cases: readonly (readonly [unknown, ...RegExp[]])[] = [
    [withOperation(json({}))],
    [
      { "api.json": { openapi: "3.1.0", info: INFO } },
      /\/paths: The document has no paths/,
    ],
    [
      { "api.json": { openapi: "1.2", info: INFO, paths: {} } },
      /\/openapi: The version cannot be imported/,
    ],
    [
      withOperation({
        responses: { 200: { $ref: "#/components/responses/Gone" } },
      }),
      /\/paths\/\/a\/get\/responses\/200\/\$ref: The reference leads nowhere/,
      /received: "#\/components\/responses\/Gone"/,
    ],
    [
      withOperation({
        responses: { 200: { $ref: "#/components/responses/A" } },
      }, {
        components: { responses: { A: { $ref: "#/components/responses/A" } } },
      }),
      /leads back to itself/,
    ],
    [withOperation(7), /\/paths\/\/a\/get: An operation is an object/],
    [
      withOperation({}),
      /\/paths\/\/a\/get\/responses: An operation has responses/,
    ],
  ];
  for (const [files, ...messages] of cases) {
    const { status, summary, text } = await importOf(
      files as Record<string, unknown>,
    );
    equal(status, messages.length === 0 ? 0 : 2, summary);
    if (messages.length > 0) equal(text, "");
    for (const message of messages) match(summary, message);
  }
  const broken = await importOf({
    "api.yaml": "openapi: 3.1.0\npaths: {\n  a: [\n",
  });
  equal(broken.status, 2);
  match(broken.summary, /neither JSON nor YAML: line \d+, column \d+/);
});

Deno.test("Times that a log measured go to the routes of the document that they belong to", async () => {
  const line = (path: string, time: number) =>
    `10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET ${path} HTTP/1.1" 200 12 ${time}`;
  const { routes, summary } = await importOf(
    {
      "api.json": {
        openapi: "3.1.0",
        info: INFO,
        paths: {
          "/orders/{id}": { get: json({ type: "object" }) },
          "/carts": { get: json({ type: "array", items: {} }) },
        },
      },
      "access.log": [
        line("/orders/17", 0.02),
        line("/orders/18", 0.02),
        line("/health", 0.001),
      ].join("\n"),
    },
    "--log-format",
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $request_time',
  );
  deepEqual(
    routes.map((
      { path, serviceTime, response },
    ) => [path, serviceTime, response]),
    [
      ["/carts", undefined, { json: [null] }],
      ["/health", "1ms", { size: 12 }],
      ["/orders/:id", "20ms", { json: {} }],
    ],
  );
  match(summary, /1 routes have times of the access log/);
});
