// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { createPerfmock, type Perfmock } from "../../core/app.ts";

/** Number of requests. */
const REQUESTS = 10_000;

/** Calls whose answer never ends. */
const LEFT_OUT = /\/live$|\/events$/;

interface Operation {
  readonly method: string;
  readonly path: string;
}

async function operationsOf(server: Perfmock): Promise<Operation[]> {
  const response = await server.fetch(
    new Request("http://localhost/_perfmock/openapi.json"),
  );
  const { paths } = await response.json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path,
    }))
  ).filter(({ path }) => !LEFT_OUT.test(path));
}

/** Words of the configuration, so that some input is almost valid. */
const WORD = fc.constantFrom(
  "routes",
  "plugins",
  "server",
  "seed",
  "path",
  "id",
  "serviceTime",
  "limiter",
  "pools",
  "db",
  "concurrency",
  "queue",
  "faults",
  "share",
  "status",
  "response",
  "json",
  "lognormal",
  "median",
  "p99",
  "distribution",
  "count",
  "name",
  "port",
  "token",
  "control",
  "journal",
  "capacity",
  "sessions",
  "overrides",
  "__proto__",
  "constructor",
  "get-r",
  "/r",
  "120ms",
  "-1ms",
  "1e999",
  "mixture",
  "wire",
  "bandwidth",
  "proxy",
  "file",
  "../../etc/passwd",
  "\0",
  "é",
  "",
);
const VALUE = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    WORD,
    fc.constantFrom(null, true, false, 0, -1, 1, 0.5, 1e308, 42),
    fc.string({ maxLength: 12 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(WORD, tie("value"), { maxKeys: 4 }),
  ),
})).value;
const SEGMENT = fc.oneof(
  fc.constantFrom("get-r", "db", "s1", "x", "%00", "..%2f..", "%"),
  fc.string({ maxLength: 10 }).map(encodeURIComponentSafely),
);
const QUERY = fc.oneof(
  fc.constant(""),
  fc.array(
    fc.tuple(
      fc.constantFrom("limit", "route", "format", "slower", "interval", "x"),
      fc.oneof(WORD, fc.string({ maxLength: 6 })),
    ),
    { maxLength: 3 },
  ).map((pairs) =>
    `?${
      pairs.map(([key, value]) => `${key}=${encodeURIComponentSafely(value)}`)
        .join("&")
    }`
  ),
);
const BODY = fc.oneof(
  fc.constant(undefined),
  VALUE.map((value) => JSON.stringify(value)),
  fc.string({ maxLength: 30 }),
);
const HEADERS = fc.record({
  "if-match": fc.constantFrom('"1"', "*", "nonsense", '"0"', 'W/"1"'),
  "content-type": fc.constantFrom("application/json", "text/plain", "a/b"),
}, { requiredKeys: [] });

/** A lone surrogate cannot be encoded. */
function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

async function stateOf(server: Perfmock): Promise<string> {
  const response = await server.fetch(
    new Request("http://localhost/_perfmock/config"),
  );
  return `${response.headers.get("etag")} ${await response.text()}`;
}

Deno.test("10 000 fuzzed control requests cause no 5xx, and refused ones change nothing", async () => {
  await using server = await createPerfmock({
    plugins: { limiter: { pools: { db: { concurrency: 1 } } } },
    sessions: { limit: 3 },
    routes: [{ path: "/r", limiter: "db" }],
  }, { listen: false, log: () => {} });
  const operations = await operationsOf(server);
  ok(operations.length > 15, `${operations.length} operations`);
  const statuses = new Map<number, number>();
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...operations),
      fc.record({
        segment: SEGMENT,
        query: QUERY,
        body: BODY,
        headers: HEADERS,
        method: fc.option(
          fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
          { freq: 10 },
        ),
      }),
      async (operation, { segment, query, body, headers, method: other }) => {
        sent++;
        const method = other ?? operation.method;
        const path = operation.path.replaceAll(/\{[^}]+\}/g, () => segment);
        const before = server.revision;
        const state = sent % 10 === 0 ? await stateOf(server) : undefined;
        const response = await server.fetch(
          new Request(`http://localhost${path}${query}`, {
            method,
            headers,
            ...body !== undefined && method !== "GET" && { body },
          }),
        );
        const text = await response.text();
        const { status } = response;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        ok(status < 500, `${method} ${path}: ${status} ${text}`);
        if (status < 400) return;
        equal(server.revision, before, `${method} ${path}: ${status}`);
        if (state !== undefined) equal(await stateOf(server), state);
        equal(
          response.headers.get("content-type"),
          "application/problem+json",
          `${method} ${path}: ${status} ${text}`,
        );
        equal(JSON.parse(text).status, status);
      },
    ),
    { seed: 2026, numRuns: REQUESTS },
  );
  equal(sent, REQUESTS);
  for (const status of [200, 201, 400, 404, 405, 412]) {
    ok(statuses.has(status), `${status} among ${[...statuses.keys()]}`);
  }
});
