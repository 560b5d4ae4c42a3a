import { deepEqual, equal, match, ok } from "node:assert/strict";
import { importOf, type WrittenRoute } from "../_imported.ts";

/** Imports stubs of one tool, one after another, and returns the only route of each. */
async function only(
  files: Record<string, unknown>,
): Promise<WrittenRoute & { summary: string }> {
  const { routes, summary } = await importOf(files);
  equal(routes.length, 1, summary);
  return { ...routes[0], summary };
}

const wiremock = (
  request: unknown,
  response: unknown = {},
  more: object = {},
) => only({ "stub.json": { request, response, ...more } });

Deno.test("WireMock: paths, queries, headers, cookies and JSON bodies become path and conditions", async () => {
  const { method, path, when } = await wiremock({
    method: "POST",
    urlPath: "/orders",
    queryParameters: {
      page: { equalTo: "2" },
      q: { matches: "[a-z]+" },
      debug: { absent: true },
    },
    headers: { Accept: { contains: "json" }, "X-Any": { matches: ".*" } },
    cookies: { sid: { equalTo: "1" } },
    basicAuthCredentials: { username: "ann", password: "pw" },
    bodyPatterns: [
      { equalToJson: '{"a":{"b":1},"c":[2]}', ignoreExtraElements: true },
      { matchesJsonPath: "$.d.e" },
      { matchesJsonPath: { expression: "$.f[0]", equalTo: "x" } },
    ],
  });
  equal(method, "POST");
  equal(path, "/orders");
  deepEqual(when, {
    query: { page: "2", q: { pattern: "[a-z]+" }, debug: { absent: true } },
    header: {
      Accept: { pattern: ".*json.*" },
      "X-Any": { present: true },
      Authorization: "Basic YW5uOnB3",
    },
    cookie: { sid: "1" },
    body: {
      "/a/b": { equal: 1 },
      "/c": { equal: [2] },
      "/d/e": { present: true },
      "/f/0": "x",
    },
  });
});

Deno.test("WireMock: forms of paths", async () => {
  for (
    const [request, expected, when] of [
      [{ url: "/a?x=1" }, "/a", { query: { x: "1" } }],
      [{ urlPathTemplate: "/a/{id}/b" }, "/a/:id/b"],
      [{ urlPathPattern: "/a/[0-9]+/b" }, "/a/:p1{[0-9]+}/b"],
      [{ urlPattern: "/a/.*" }, "/a/*"],
      [{ urlPattern: "/a\\?x=.*" }, "/a"],
      [{ urlPathPattern: "/a/[^/]+" }, "/a/:p1"],
      [{ urlPathPattern: "/a\\.b/c" }, "/a.b/c"],
      [{}, "/*"],
    ] as const
  ) {
    const route = await wiremock({ method: "GET", ...request });
    equal(route.path, expected);
    deepEqual(route.when, when);
  }
});

Deno.test("WireMock: delays, faults, proxies and dribbled bodies", async () => {
  const time = async (response: unknown) =>
    (await wiremock({ urlPath: "/a" }, response)).serviceTime;
  equal(await time({ fixedDelayMilliseconds: 500 }), "500ms");
  deepEqual(
    await time({
      delayDistribution: { type: "lognormal", median: 80, sigma: 0.4 },
    }),
    { lognormal: { median: "80ms", sigma: 0.4 } },
  );
  deepEqual(
    await time({
      fixedDelayMilliseconds: 10,
      delayDistribution: { type: "uniform", lower: 15, upper: 25 },
    }),
    { shift: { by: "10ms", of: { uniform: { min: "15ms", max: "25ms" } } } },
  );
  const reset = await wiremock({ urlPath: "/a" }, {
    fault: "CONNECTION_RESET_BY_PEER",
  });
  deepEqual(reset.faults, [{ share: 1, action: "connection-reset" }]);
  const proxy = await wiremock({ urlPath: "/a" }, {
    proxyBaseUrl: "http://127.0.0.1:3000",
  });
  deepEqual(proxy.response, { proxy: "http://127.0.0.1:3000" });
  const dribbled = await wiremock({ urlPath: "/a" }, {
    body: "x".repeat(100),
    chunkedDribbleDelay: { numberOfChunks: 5, totalDuration: 1000 },
  });
  deepEqual(dribbled.wire, { gap: "200ms", chunk: 20 });
});

Deno.test("WireMock: placeholders of templates are converted, others become an example and are named", async () => {
  const { response, summary } = await wiremock(
    { urlPathTemplate: "/a/{id}" },
    {
      headers: { "Content-Type": "application/json" },
      body:
        '{"id":"{{request.path.id}}","q":"{{request.query.q}}","n":"{{jsonPath request.body \'$.n.m\'}}","u":"{{randomValue type=\'UUID\'}}","t":"{{now offset=\'3 days\'}}"}',
      transformers: ["response-template"],
    },
  );
  deepEqual(response?.json, {
    id: "{{path.id}}",
    q: "{{query.q}}",
    n: "{{body./n/m}}",
    u: "{{uuid}}",
    t: "2026-01-01T00:00:00.000Z",
  });
  match(
    summary,
    /1 × expressions of templates without a counterpart \(\{\{now …\}\}\)/,
  );
  const plain = await wiremock({ urlPath: "/a" }, {
    body: "{{request.path.id}}",
  });
  equal(plain.response?.text, "\\{{request.path.id}}");
});

Deno.test("WireMock: what has no counterpart is listed, the lowest priority answers first, and bodies in files are read", async () => {
  const { routes, summary } = await importOf({
    "stubs.json": {
      mappings: [
        { priority: 9, request: { urlPath: "/a" }, response: { body: "late" } },
        {
          priority: 1,
          request: { urlPath: "/a" },
          response: { bodyFileName: "a.txt" },
        },
        {
          request: { urlPath: "/b" },
          response: {},
          scenarioName: "s",
          requiredScenarioState: "two",
        },
        {
          request: { urlPath: "/c", bodyPatterns: [{ equalToXml: "<a/>" }] },
          response: { status: 204 },
        },
        { request: { urlPath: "/d" }, response: { bodyFileName: "../secret" } },
        { request: { urlPathPattern: "/e/(a+)+b" }, response: {} },
      ],
    },
    "+a.txt": "from a file",
  });
  deepEqual(
    routes.map((
      { path, response },
    ) => [path, response?.text ?? response?.status]),
    [
      ["/a", "from a file"],
      ["/d", undefined],
      ["/c", 204],
    ],
  );
  for (
    const line of [
      "1 × hidden by an earlier one of the same method, path and conditions (/mappings/0)",
      "1 × stubs for later states of a scenario (two)",
      "1 × conditions without a counterpart, which are not checked (bodyPatterns.equalToXml)",
      "1 × bodies in files that were not found, left empty (../secret)",
      "1 × routes that perfmock refuses: The expression {(a+)+b} repeats a group",
    ]
  ) ok(summary.includes(line), `${line}\n${summary}`);
});

/** Imports a route of Mockoon. */
const mockoon = (route: object, more: object = {}) =>
  importOf({
    "env.json": {
      uuid: "1",
      lastMigration: 30,
      endpointPrefix: "api",
      latency: 5,
      routes: [{
        type: "http",
        method: "get",
        endpoint: "a/:id",
        responses: [],
        ...route,
      }],
      ...more,
    },
  });

Deno.test("Mockoon: rules become conditions, latencies add up, and templates are converted", async () => {
  const { routes, summary } = await mockoon({
    responses: [
      {
        statusCode: 404,
        body: "none",
        latency: 20,
        rules: [{
          target: "query",
          modifier: "missing",
          operator: "equals",
          value: "1",
        }, {
          target: "header",
          modifier: "X-None",
          operator: "null",
          value: "",
        }],
        rulesOperator: "OR",
      },
      {
        statusCode: 200,
        default: true,
        headers: [{ key: "Content-Type", value: "application/json" }],
        body:
          '{ "id": "{{urlParam \'id\'}}", "n": {{faker \'number.int\'}}, {{#repeat 3}}"x": "{{uuid}}"{{/repeat}} }',
      },
    ],
  });
  deepEqual(
    routes.map((
      { path, when, serviceTime, response },
    ) => [path, when, serviceTime, response]),
    [
      ["/api/a/:id", { query: { missing: "1" } }, "25ms", {
        status: 404,
        text: "none",
      }],
      ["/api/a/:id", { header: { "X-None": { absent: true } } }, "25ms", {
        status: 404,
        text: "none",
      }],
      ["/api/a/:id", undefined, "5ms", {
        json: { id: "{{path.id}}", n: 1, x: "{{uuid}}" },
      }],
    ],
  );
  match(
    summary,
    /2 × expressions of templates without a counterpart \(\{\{faker …\}\}, \{\{#repeat …\}\}\)/,
  );
});

Deno.test("Mockoon: sequential answers are given in turn, data buckets are bodies, and other kinds of routes are listed", async () => {
  const { routes, summary } = await mockoon(
    {
      responseMode: "SEQUENTIAL",
      responses: [
        { statusCode: 202, body: "wait" },
        { bodyType: "DATABUCKET", databucketID: "b1", latency: 45 },
      ],
    },
    {
      data: [{ id: "b1", value: "[1, 2]" }],
      latency: 0,
      callbacks: [{}],
    },
  );
  deepEqual(routes[0], {
    id: "get-api-a-id",
    path: "/api/a/:id",
    turns: { end: "repeat" },
    serviceTimes: ["0ms", "45ms"],
    responses: [{ status: 202, text: "wait" }, { json: [1, 2] }],
  });
  match(summary, /1 × callbacks/);
  const crud = await mockoon({ type: "crud" });
  match(crud.summary, /1 × routes of other kinds than http \(crud\)/);
});

Deno.test("MockServer: matchers, delays, forwards and errors", async () => {
  const { routes, summary } = await importOf({
    "expectations.json": [
      {
        httpRequest: {
          method: "POST",
          path: "/orders/[0-9]+",
          queryStringParameters: { page: ["1"] },
          headers: [{ name: "X-Tenant", values: ["eu-.*"] }],
          cookies: { sid: "7" },
          body: { type: "JSON", json: { a: 1 } },
        },
        httpResponse: {
          statusCode: 201,
          headers: { "X-Made": ["yes"] },
          body: { type: "JSON", json: '{"id":1}' },
          delay: { timeUnit: "SECONDS", value: 2 },
        },
        times: { remainingTimes: 2, unlimited: false },
      },
      {
        httpRequest: { path: "/up" },
        httpForward: { host: "127.0.0.1", port: 1080, scheme: "HTTP" },
      },
      { httpRequest: { path: "/gone" }, httpError: { dropConnection: true } },
      {
        httpRequest: { path: "/code" },
        httpResponseClassCallback: { callbackClass: "x" },
      },
      {
        httpRequest: { path: "/a", body: "text" },
        httpResponse: { body: "hi {{x}}" },
      },
    ],
  });
  const byPath = new Map(routes.map((route) => [route.path, route]));
  deepEqual(byPath.get("/orders/:p1{[0-9]+}"), {
    id: "post-orders-p1-0-9",
    method: "POST",
    path: "/orders/:p1{[0-9]+}",
    when: {
      query: { page: "1" },
      header: { "X-Tenant": { pattern: "eu-.*" } },
      cookie: { sid: "7" },
      body: { "/a": { equal: 1 } },
    },
    serviceTime: "2000ms",
    response: { status: 201, headers: { "X-Made": "yes" }, json: { id: 1 } },
  });
  deepEqual(byPath.get("/up")?.response, { proxy: "http://127.0.0.1:1080" });
  deepEqual(byPath.get("/gone")?.faults, [{
    share: 1,
    action: "connection-reset",
  }]);
  equal(byPath.get("/a")?.response?.text, "hi \\{{x}}");
  for (
    const line of [
      "numbers of times, which are not counted (/0)",
      "expectations without an answer that can be written (httpResponseClassCallback)",
      "conditions without a counterpart, which are not checked (body of text)",
    ]
  ) ok(summary.includes(line), `${line}\n${summary}`);
});

Deno.test("Hoverfly: matchers, global delays and templates", async () => {
  const { routes, summary } = await importOf({
    "simulation.json": {
      data: {
        pairs: [
          {
            request: {
              path: [{ matcher: "glob", value: "/api/*/items" }],
              method: [{ matcher: "exact", value: "GET" }],
              destination: [{ matcher: "exact", value: "shop.test" }],
              query: { q: [{ matcher: "regex", value: "[a-z]+" }] },
              headers: { "X-A": [{ matcher: "glob", value: "*" }] },
            },
            response: {
              status: 200,
              body:
                '{"q":"{{ Request.QueryParam.q }}","p":"{{ Request.Path.[1] }}","e":"{{ randomEmail }}"}',
              templated: true,
              headers: { "Content-Type": ["application/json"] },
            },
          },
          {
            request: {
              path: [{ matcher: "exact", value: "/slow" }],
              requiresState: { a: "1" },
            },
            response: { status: 200, body: "" },
          },
          {
            request: { path: [{ matcher: "exact", value: "/own" }] },
            response: {
              status: 200,
              body: "aGk=",
              encodedBody: true,
              fixedDelay: 30,
            },
          },
        ],
        globalActions: {
          delays: [{ urlPattern: "other\\.test", httpMethod: "", delay: 5 }],
          delaysLogNormal: [{
            urlPattern: "shop\\.test",
            httpMethod: "",
            min: 10,
            max: 900,
            mean: 120,
            median: 100,
          }],
        },
      },
      meta: { schemaVersion: "v5.2" },
    },
  });
  deepEqual(
    routes.map((
      { path, serviceTime, when, response },
    ) => [path, serviceTime, when, response]),
    [
      ["/own", "30ms", undefined, { text: "hi" }],
      [
        "/api/:p1/items",
        {
          clamp: {
            min: "10ms",
            max: "900ms",
            of: { lognormal: { median: "100ms", sigma: 0.603857 } },
          },
        },
        {
          query: { q: { pattern: "[a-z]+" } },
          header: { "X-A": { present: true } },
        },
        { json: { q: "{{query.q}}", p: "{{path.p1}}", e: "example" } },
      ],
    ],
  );
  match(summary, /1 × pairs that require a state/);
  match(summary, /1 × delays of URLs that no pair names \(other\\\.test\)/);
  match(summary, /1 × hosts, which are not compared \(shop\.test\)/);
});

Deno.test("Files of stubs that hold none are errors", async () => {
  for (
    const [text, format, message] of [
      ["[1]", "wiremock", /the stub at \/0 is no object/],
      ["7", "mockserver", /it holds no stubs/],
      ["[]", "mockoon", /it is no object/],
      ["{", "hoverfly", /it is not JSON/],
      ["{}", "nonsense", /there is no format nonsense/],
      ["{}", undefined, /its content shows no format/],
    ] as const
  ) {
    const { status, summary } = await importOf(
      { "a.json": text },
      ...format === undefined ? [] : ["--format", format],
    );
    equal(status, 2);
    match(summary, message);
  }
});

Deno.test("An object that is no stub is refused, such as a simulation of Hoverfly before schemas", async () => {
  for (
    const file of [
      { data: [{ request: { path: "/a" }, response: { status: 200 } }] },
      { mappings: {} },
    ]
  ) {
    for (const format of ["wiremock", "mockserver"]) {
      const { status, summary } = await importOf(
        { "a.json": file },
        "--format",
        format,
      );
      equal(status, 2);
      match(summary, /it holds no stubs/);
    }
  }
});

Deno.test("Actions of Hoverfly after an answer are listed", async () => {
  const { status, summary } = await importOf({
    "a.json": {
      data: {
        pairs: [{
          request: {},
          response: { status: 200, body: "x", postServeAction: "hook" },
        }],
      },
      meta: { schemaVersion: "v5.2" },
    },
  });
  equal(status, 0, summary);
  match(summary, /1 × actions after an answer \(hook\)/);
});
