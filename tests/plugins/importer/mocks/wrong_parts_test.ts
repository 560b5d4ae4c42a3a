import { deepEqual, ok } from "node:assert/strict";
import { PerfmockError } from "../../../../core/errors.ts";
import { importFiles } from "../../../../plugins/importer/mocks/import_files.ts";
import { folderWith } from "../../../support/plugins.ts";
import { tools } from "../_tools.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Values that stand in place of each part. */
const WRONG: readonly Json[] = [null, -1, 99, "x", "", true, [], {}, ["x"], {
  x: "y",
}];

/** A file of each tool, whose parts are as varied as possible. */
const FILES: Readonly<Record<string, Json>> = {
  WireMock: {
    mappings: [
      {
        priority: 3,
        request: {
          method: "POST",
          urlPathTemplate: "/orders/{id}",
          queryParameters: { a: { equalTo: "1", caseInsensitive: true } },
          headers: { Accept: { contains: "json" }, B: { doesNotMatch: "x" } },
          cookies: { sid: { matches: "[a-z]+" } },
          basicAuthCredentials: { username: "ann", password: "pw" },
          bodyPatterns: [
            { equalToJson: { a: { b: 1 } }, ignoreExtraElements: true },
            { matchesJsonPath: { expression: "$.f[0]", equalTo: "x" } },
            { equalToXml: "<a/>" },
            { equalTo: "text" },
          ],
        },
        response: {
          status: 201,
          headers: { "Content-Type": "application/json", "X-A": ["1", "2"] },
          jsonBody: { id: "{{request.path.id}}" },
          transformers: ["response-template"],
          fixedDelayMilliseconds: 5,
          delayDistribution: { type: "lognormal", median: 80, sigma: 0.4 },
          chunkedDribbleDelay: { numberOfChunks: 5, totalDuration: 1000 },
        },
      },
      {
        scenarioName: "s",
        requiredScenarioState: "Started",
        newScenarioState: "two",
        request: { method: "ANY", urlPattern: "/a/.*\\?x=1" },
        response: { base64Body: "aGk=", fault: "EMPTY_RESPONSE" },
      },
      {
        request: { urlPathPattern: "/b/[0-9]+" },
        response: { proxyBaseUrl: "http://127.0.0.1:3000", body: "hi" },
      },
    ],
  },
  Mockoon: {
    uuid: "1",
    lastMigration: 30,
    endpointPrefix: "api",
    latency: 5,
    headers: [{ key: "X-All", value: "1" }],
    proxyMode: true,
    proxyHost: "http://127.0.0.1:3000",
    data: [{ id: "b1", uuid: "u1", value: "[1, 2]" }],
    rootChildren: [{ type: "route", uuid: "r1" }],
    routes: [{
      uuid: "r1",
      type: "http",
      method: "get",
      endpoint: "a/:id",
      responseMode: "SEQUENTIAL",
      responses: [
        {
          statusCode: 404,
          body:
            '{"id":"{{urlParam \'id\'}}","q":"{{queryParam \'q\'}}","h":"{{header \'H\'}}","c":"{{cookie \'c\'}}","b":"{{body \'a.b\'}}","u":"{{guid}}","n":"{{now}}","f":"{{faker \'x\'}}"}',
          latency: 20,
          headers: [{ key: "Content-Type", value: "application/json" }],
          rulesOperator: "OR",
          rules: [
            { target: "query", modifier: "q", operator: "equals", value: "1" },
            { target: "header", modifier: "H", operator: "null", value: "" },
            { target: "body", modifier: "a.b", operator: "regex", value: "x" },
            { target: "cookie", modifier: "c", operator: "equals", value: "1" },
            {
              target: "params",
              modifier: "id",
              operator: "equals",
              value: "1",
            },
          ],
        },
        { bodyType: "DATABUCKET", databucketID: "b1", default: true },
        { bodyType: "FILE", filePath: "a.txt", statusCode: 200 },
      ],
    }, {
      uuid: "r2",
      type: "http",
      method: "all",
      endpoint: "*",
      documentation: "all else",
      responseMode: "RANDOM",
      responses: [{ body: "{{bodyRaw}}" }, { body: "{{body}}", latency: 3 }],
    }],
  },
  MockServer: [
    {
      priority: 2,
      httpRequest: {
        method: "POST",
        path: "/orders/{id}/[0-9]+",
        pathParameters: { id: ["1"] },
        queryStringParameters: { page: ["1"], "!n": ["2"] },
        headers: [{ name: "X-Tenant", values: ["eu-.*"] }],
        cookies: { sid: "7" },
        body: { type: "JSON", json: { a: 1 }, matchType: "STRICT" },
        secure: true,
      },
      httpResponse: {
        statusCode: 201,
        headers: { "X-Made": ["yes"] },
        cookies: { a: "b" },
        body: { type: "JSON", json: '{"id":1}' },
        delay: { timeUnit: "SECONDS", value: 2 },
      },
      times: { remainingTimes: 2, unlimited: false },
      timeToLive: { unlimited: true },
    },
    {
      httpRequest: { path: "/up" },
      httpForward: { host: "127.0.0.1", port: 1080, scheme: "HTTP" },
    },
    {
      httpRequest: { path: "/gone", body: "text" },
      httpError: { dropConnection: true, responseBytes: "eA==" },
    },
    {
      httpRequest: { path: "/bytes" },
      httpResponse: { body: { type: "BINARY", base64Bytes: "aGk=" } },
    },
  ],
  Hoverfly: {
    data: {
      pairs: [{
        request: {
          path: [{ matcher: "glob", value: "/api/*/items" }],
          method: [{ matcher: "exact", value: "GET" }],
          destination: [{ matcher: "exact", value: "shop.test" }],
          scheme: [{ matcher: "exact", value: "http" }],
          query: { q: [{ matcher: "regex", value: "[a-z]+" }] },
          headers: { "X-A": [{ matcher: "glob", value: "*" }] },
          body: [{ matcher: "json", value: '{"a":1}' }, {
            matcher: "jsonpath",
            value: "$.b",
          }],
          requiresState: { a: "1" },
        },
        response: {
          status: 200,
          body: "{{ Request.Path.[1] }}",
          encodedBody: false,
          templated: true,
          headers: { "Content-Type": ["text/plain"] },
          transitionsState: { a: "2" },
          fixedDelay: 10,
          logNormalDelay: { min: 1, max: 100, mean: 20, median: 15 },
        },
      }, {
        request: {
          path: "/v4",
          method: [{ matcher: "regex", value: "GET|PUT" }],
          query: "a=1&b=2",
          headers: { "X-B": ["1"], "X-C": [{ matcher: "regex", value: "x+" }] },
          body: [{ matcher: "jsonPartial", value: '{"a":{"b":1}}' }],
        },
        response: { status: 204, bodyFile: "a.txt", encodedBody: false },
      }, {
        request: {
          path: [{ matcher: "regex", value: "/r/[0-9]+" }],
          deprecatedQuery: [{ matcher: "exact", value: "a=1" }],
          body: [{ matcher: "exact", value: '{"a":1}' }],
        },
        response: { status: 200, body: "aGk=", encodedBody: true },
      }],
      globalActions: {
        delays: [{ urlPattern: "shop", httpMethod: "GET", delay: 20 }],
        delaysLogNormal: [{
          urlPattern: ".*",
          httpMethod: "",
          min: 1,
          max: 90,
          mean: 20,
          median: 15,
        }],
      },
    },
    meta: { schemaVersion: "v5" },
  },
  HAR: {
    log: {
      version: "1.2",
      pages: [{ id: "p", startedDateTime: "2026-03-01T10:00:00.000Z" }],
      entries: [
        {
          pageref: "p",
          startedDateTime: "2026-03-01T10:00:00.000Z",
          time: 14,
          request: {
            method: "POST",
            url: "http://shop.test/graphql?a=1",
            headers: [{ name: "content-type", value: "application/json" }],
            postData: {
              mimeType: "application/json",
              text: '{"operationName":"Cart","query":"query Cart { a }"}',
            },
          },
          response: {
            status: 200,
            headers: [{ name: "cache-control", value: "no-store" }],
            content: { mimeType: "application/json", size: 2, text: "{}" },
          },
          timings: { send: 1, wait: 12, receive: 1 },
        },
        ...[
          '[{"query":"query A { a }"},{"query":"mutation B { b }"}]',
          '{"operationName":"C","extensions":{"persistedQuery":{"version":1}}}',
          '{"query":"{ anonymous }"}',
          "a=1&b=2",
        ].map((text, index) => ({
          startedDateTime: `2026-03-01T10:00:0${index + 2}.000Z`,
          time: 14,
          request: {
            method: "POST",
            url: "http://shop.test/graphql",
            postData: { mimeType: "application/json", text },
          },
          response: {
            status: 200,
            content: { mimeType: "application/json", text: "{}" },
          },
          timings: { wait: 12 },
        })),
        {
          pageref: "p",
          startedDateTime: "2026-03-01T10:00:01.000Z",
          time: 9,
          request: { method: "GET", url: "http://shop.test/a.png" },
          response: {
            status: 500,
            headers: [],
            content: {
              mimeType: "image/png",
              size: 2,
              text: "aGk=",
              encoding: "base64",
            },
          },
          timings: { wait: 8 },
        },
      ],
    },
  },
  OpenAPI: {
    openapi: "3.1.0",
    info: { title: "T", version: "1" },
    servers: [{ url: "/v1" }],
    paths: {
      "/pets/{id}": {
        parameters: [{ name: "id", in: "path", required: true }],
        get: {
          operationId: "pet",
          responses: {
            "200": {
              description: "ok",
              headers: { "X-Rate": { schema: { type: "integer" } } },
              content: {
                "application/json": {
                  schema: { $ref: "#/components/schemas/Pet" },
                  examples: { one: { value: { name: "Ada" } } },
                },
              },
            },
            default: { $ref: "#/components/responses/No" },
          },
        },
        post: {
          responses: {
            "201": { description: "made", content: { "text/plain": {} } },
          },
          callbacks: { on: {} },
        },
      },
    },
    components: {
      schemas: {
        Pet: {
          type: "object",
          properties: { name: { type: "string" }, age: { type: "integer" } },
        },
      },
      responses: { No: { description: "no" } },
    },
  },
  "JSON line": {
    time: "2026-03-01T10:00:00Z",
    method: "GET",
    path: "/orders/1?a=1",
    status: 200,
    bytes_sent: 120,
    request_time: 0.02,
    request: { method: "GET", uri: "/a", host: "shop.test" },
  },
  "range query": {
    status: "success",
    data: {
      resultType: "matrix",
      result: ["0.1", "+Inf"].map((le, index) => ({
        metric: {
          __name__: "http_request_duration_seconds_bucket",
          route: "/a",
          le,
        },
        values: [0, 60, 120].map((time, step) => [
          1_700_000_000 + time,
          `${step * (10 + index)}`,
        ]),
      })),
    },
  },
};

/** Every copy of a value of which one part is another. */
function* spoilt(value: Json): Generator<Json> {
  for (const wrong of WRONG) yield wrong;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) {
      for (const other of spoilt(part)) yield value.with(index, other);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      const { [key]: _, ...rest } = value;
      yield rest;
      for (const other of spoilt(part)) yield { ...value, [key]: other };
    }
  }
}

for (const [tool, file] of Object.entries(FILES)) {
  Deno.test(`${tool}: a file of which a part is wrong is imported, or refused with issues`, async () => {
    await using folder = await folderWith({ "a.txt": "hi" });
    const path = `${folder.path}/file.json`;
    const failures = new Set<string>();
    let imported = 0;
    let count = 0;
    for (const value of spoilt(file)) {
      count++;
      await Deno.writeTextFile(path, JSON.stringify(value));
      try {
        const mock = await importFiles([path], {}, tools);
        ok(mock.mock().value);
        mock.script();
        imported++;
      } catch (error) {
        if (
          error instanceof PerfmockError && error.code === "IMPORT_INVALID" &&
          error.issues.length > 0
        ) continue;
        const { stack = "" } = error as Error;
        failures.add(stack.split("\n").slice(0, 3).join(" "));
      }
    }
    deepEqual([...failures], []);
    ok(imported > count / 5 && imported < count, `${imported} of ${count}`);
  });
}
