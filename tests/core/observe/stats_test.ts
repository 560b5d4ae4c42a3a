import { deepEqual, equal, ok } from "node:assert/strict";
import { z } from "zod";
import {
  LIVE_SCHEMA,
  type LiveEvent,
  type Stats,
  STATS_SCHEMA,
} from "../../../core/observe/stats.ts";
import type { Plugin } from "../../../core/plugin.ts";
import { createTestServer } from "../../../core/testing.ts";
import { Events, settled } from "./_live_feed.ts";

const statsSchema = z.fromJSONSchema(
  STATS_SCHEMA as z.core.JSONSchema.JSONSchema,
);
const liveSchema = z.fromJSONSchema(
  LIVE_SCHEMA as z.core.JSONSchema.JSONSchema,
);

const CONFIG = {
  routes: [
    { id: "slow", path: "/slow", serviceTime: "40ms" },
    {
      id: "bad",
      path: "/bad",
      faults: [{ share: 1, status: 500 }],
    },
    { id: "idle", path: "/idle" },
  ],
};

const BASE = "http://localhost:0/_perfmock";

Deno.test("GET stats returns figures by route, in the configuration's order, that match its schema", async () => {
  await using test = await createTestServer(CONFIG);
  for (let i = 0; i < 50; i++) await test.request("/slow");
  await test.request("/bad");
  await test.request("/nowhere");
  const response = await test.server.fetch(new Request(`${BASE}/stats`));
  equal(response.headers.get("content-type"), "application/json");
  const stats = await response.json() as Stats;
  statsSchema.parse(stats);
  deepEqual(Object.keys(stats.routes), ["slow", "bad", "idle"]);
  const { slow, bad, idle } = stats.routes;
  deepEqual([slow.answered, slow.responseTime.p99], [50, 40]);
  deepEqual(
    [slow.last10s.seconds, slow.last10s.arrivals, slow.last10s.rates.arrivals],
    [2, 50, 25],
  );
  deepEqual([bad.answered, bad.faults], [1, { "500": 1 }]);
  deepEqual([idle.arrivals, idle.last1m.responseTime.p50], [0, null]);
  deepEqual([stats.unmatched, stats.inFlight], [1, 0]);
  deepEqual([stats.uptimeMs, stats.sinceMs], [2000, 0]);
  deepEqual([stats.last10s.lateness.count, stats.last10s.lateness.max], [
    50,
    0,
  ]);
});

Deno.test("stats() equals the answer of GET stats, and a plugin whose report fails does not affect the others", async () => {
  const reporting = (name: string, snapshot: () => unknown): Plugin => ({
    name,
    version: "1.0.0",
    setup: () => ({ snapshot }),
  });
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  await using test = await createTestServer(CONFIG, {
    plugins: [
      reporting("good", () => ({ n: 1, dropped: undefined })),
      reporting("throws", () => {
        throw new Error("No figures");
      }),
      reporting("cyclic", () => cyclic),
      reporting("silent", () => undefined),
    ],
  });
  const response = await test.server.fetch(new Request(`${BASE}/stats`));
  const stats = await response.json() as Stats;
  // The figures of the process change meanwhile.
  deepEqual({ ...stats, process: {} }, {
    ...test.server.stats(),
    process: {},
  });
  const { good, throws, cyclic: cycle, silent } = stats.plugins as Record<
    string,
    { error: string }
  >;
  deepEqual([good, silent], [{ n: 1 }, null]);
  equal(throws.error, "Error: No figures");
  ok(cycle.error.includes("circular"));
});

Deno.test("POST reset starts the figures of stats again, except for the requests in flight", async () => {
  await using test = await createTestServer(CONFIG);
  await test.request("/bad");
  test.clock.advance(500);
  const pending = test.server.fetch(new Request("http://localhost:0/slow"));
  test.server.reset();
  const { routes: { slow, bad }, sinceMs, inFlight } = test.server.stats();
  deepEqual([bad.arrivals, bad.faults["500"], bad.last1m.arrivals], [0, 0, 0]);
  deepEqual([slow.arrivals, slow.inFlight, inFlight, sinceMs], [0, 1, 1, 500]);
  test.clock.advance(100);
  await (await pending).text();
  const after = test.server.stats().routes.slow;
  deepEqual([after.answered, after.inFlight, after.last10s.seconds], [
    1,
    0,
    0.1,
  ]);
});

Deno.test("GET live sends the same as stats, matches its schema, continues over a change of the configuration, and ends with the server", async () => {
  const test = await createTestServer(CONFIG);
  const response = await test.server.fetch(
    new Request(`${BASE}/live?interval=200ms`),
  );
  const events = new Events(response);
  const first = (await events.next())?.data as unknown as LiveEvent;
  liveSchema.parse(first);
  const { dropped, ...stats } = first;
  equal(dropped, 0);
  deepEqual({ ...stats, process: {} }, {
    ...test.server.stats(),
    process: {},
  });
  await test.server.update({ seed: 7 });
  await test.request("/slow");
  const next = events.next();
  test.clock.advance(200);
  await settled();
  const second = (await next)?.data as unknown as LiveEvent;
  deepEqual([second.revision, second.routes.slow.answered], [2, 1]);
  const end = events.next();
  await test[Symbol.asyncDispose]();
  equal(await end, undefined);
});

Deno.test("GET live answers an invalid interval with 400, the path in the query and the allowed range", async () => {
  await using test = await createTestServer(CONFIG);
  const response = await test.server.fetch(
    new Request(`${BASE}/live?interval=50ms`),
  );
  equal(response.status, 400);
  const { issues: [{ path, value, allowed }] } = await response.json();
  deepEqual([path, value], ["/interval", "50ms"]);
  ok(allowed.includes("from 100ms to 60s"), allowed);
});

Deno.test("openapi.json describes stats and live by their schemas", async () => {
  await using test = await createTestServer(CONFIG);
  const response = await test.server.fetch(
    new Request(`${BASE}/openapi.json`),
  );
  const { paths } = await response.json();
  const content = (path: string) =>
    paths[`/_perfmock${path}`].get.responses["200"].content;
  deepEqual(content("/stats")["application/json"].schema, STATS_SCHEMA);
  deepEqual(content("/live")["text/event-stream"].schema, LIVE_SCHEMA);
});

Deno.test("a configuration of 500 routes with faults does not exceed the limit of series", async () => {
  await using test = await createTestServer({
    routes: Array.from({ length: 500 }, (_, i) => ({
      id: `r${i}`,
      path: `/r${i}`,
      faults: [{ share: 0.5, status: 500 }],
    })),
  });
  for (let i = 0; i < 500; i += 50) await test.request(`/r${i}`);
  deepEqual(test.server.health().reasons, []);
  const response = await test.server.fetch(new Request(`${BASE}/stats`));
  equal(Object.keys((await response.json()).routes).length, 500);
});

Deno.test("10 000 distinct paths and methods make only a few series, with exact totals", async () => {
  await using test = await createTestServer({
    routes: [{ id: "any", method: "*", path: "/items/:id" }],
  });
  for (let i = 0; i < 10_000; i++) {
    const path = i % 2 === 0 ? `/items/${i}` : `/none/${i}`;
    const { response } = await test.request(path, { method: `M${i}` });
    await response.body?.cancel();
  }
  const { routes, unmatched } = test.server.stats();
  deepEqual([routes.any.arrivals, routes.any.answered], [5_000, 5_000]);
  equal(unmatched, 5_000);
  const answer = await test.server.fetch(
    new Request("http://localhost:0/metrics"),
  );
  const text = await answer.text();
  const counts = [
    ...text.matchAll(/^http_server_request_duration_seconds_count.* (\d+)$/gm),
  ].map(([, count]) => Number(count));
  ok(counts.length <= 4, `${counts.length} series`);
  equal(counts.reduce((sum, count) => sum + count, 0), 10_000);
  ok(!/none\/|items\/\d|M\d/.test(text));
});
