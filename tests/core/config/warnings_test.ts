import assert from "node:assert/strict";
import { z } from "zod";
import { createKit } from "../../../core/config/kit.ts";
import {
  bareNumberIssues,
  createConfigSchemas,
  warningSteps,
} from "../../../core/config/mod.ts";
import { jsonSchemaOf } from "../../../core/config/json_schema.ts";
import { atOnce } from "../../../core/lib/time/mod.ts";

const kit = createKit({ folder: "/", distribution: () => ({ issues: [] }) });
const own = kit.z.strictObject({
  timeout: kit.duration(),
  items: kit.z.array(kit.z.strictObject({ over: kit.duration() })),
});
const routeKeys = new Map([["own", { plugin: "own", schema: own }]]);
const schemas = createConfigSchemas({ kit, routeKeys });

/** Warnings of a configuration as `path: message`. */
function warnings(written: unknown): string[] {
  return atOnce(warningSteps(written, {
    ...schemas,
    routeKeys,
    optionSchema: (key) => key === "own" ? own : undefined,
  })).map(({ path, message }) => `${path}: ${message}`);
}

const bare = (path: string, number: number) =>
  `${path}: ${number} without a unit is ${number} milliseconds, not ${number} seconds`;

Deno.test("warningSteps() warns of bare numbers where seconds are likely, and nowhere else", () => {
  assert.deepEqual(
    warnings({
      server: { drainTimeout: 10, limits: { idleTimeout: 500 } },
      sessions: { expiry: 600 },
      plugins: {
        own: { timeout: 5, items: [{ over: 30 }, { over: "30ms" }] },
        other: { timeout: 5 },
        off: false,
      },
      routes: [{
        path: "/a",
        serviceTime: 5,
        own: { timeout: 99, items: [{ over: 999 }, { over: 1000 }] },
        faults: [
          { share: 0.1, status: 503, retryAfter: 30 },
          { share: 0.1, status: 503, retryAfter: 0 },
          { share: 0.1, status: 503, retryAfter: "30s", json: { timeout: 1 } },
        ],
        response: {
          json: { duration: 5, timeout: 5 },
          headers: { timeout: 5 },
        },
      }, {
        path: "/b",
        response: { proxy: { url: "http://127.0.0.1:1", timeout: 2.5 } },
      }],
    }),
    [
      bare("/server/drainTimeout", 10),
      bare("/sessions/expiry", 600),
      bare("/plugins/own/timeout", 5),
      bare("/plugins/own/items/0/over", 30),
      bare("/routes/0/own/timeout", 99),
      bare("/routes/0/own/items/0/over", 999),
      bare("/routes/0/faults/0/retryAfter", 30),
      bare("/routes/1/response/proxy/timeout", 2.5),
    ],
  );
});

Deno.test("bareNumberIssues() names both readings", () => {
  const schema = z.strictObject({ retryAfter: kit.duration() });
  assert.deepEqual(
    bareNumberIssues({ retryAfter: 90 }, ["a"], () => jsonSchemaOf(schema)),
    [{
      path: "/a/retryAfter",
      message: "90 without a unit is 90 milliseconds, not 90 seconds",
      value: 90,
      suggestion: 'Write "90s" or "90ms"',
    }],
  );
  // The schema decides whether a number is a duration.
  const count = z.strictObject({ timeout: z.number() });
  assert.deepEqual(
    bareNumberIssues({ timeout: 5 }, [], () => jsonSchemaOf(count)),
    [],
  );
  let deep: unknown = { retryAfter: 1 };
  for (let i = 0; i < 5000; i++) deep = [deep];
  assert.deepEqual(bareNumberIssues(deep, [], () => ({})), []);
});

Deno.test("warningSteps() warns of methods that no client sends", () => {
  assert.deepEqual(
    warnings({
      routes: [
        { path: "/a", method: "GETT" },
        { path: "/b", method: ["PROPFIND", "post", "FETCH"] },
        { path: "/c", method: "*" },
        { path: "/d" },
        null,
      ],
    }),
    [
      "/routes/0/method: No usual client sends the method GETT",
      "/routes/1/method/2: No usual client sends the method FETCH",
    ],
  );
});
