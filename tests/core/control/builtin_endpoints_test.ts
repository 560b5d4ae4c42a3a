import { deepEqual, equal } from "node:assert/strict";
import {
  builtinEndpoints,
  type ControlSource,
} from "../../../core/control/builtin_endpoints.ts";

const HEALTH = {
  status: "ok",
  version: "0",
  uptimeMs: 1,
  revision: 1,
  reasons: [],
} as const;

function endpoints(more: Partial<ControlSource> = {}) {
  return builtinEndpoints({
    health: () => HEALTH,
    routes: () => [],
    plugins: () => [],
    stats: () => ({ revision: 1, routes: {}, plugins: {} }),
    reset: () => {},
    ...more,
  });
}

function answer(path: string, source?: Partial<ControlSource>): unknown {
  const endpoint = endpoints(source).find((one) => one.path === path);
  return endpoint?.handle({
    request: new Request("http://localhost/"),
    parameters: {},
    body: undefined,
  });
}

Deno.test("builtinEndpoints() answer what their source says", async () => {
  equal(answer("/health"), HEALTH);
  deepEqual(answer("/routes"), { routes: [] });
  deepEqual(answer("/plugins"), { plugins: [] });
  deepEqual(answer("/stats"), { revision: 1, routes: {}, plugins: {} });
  let resets = 0;
  const reset = await answer("/reset", { reset: () => resets++ });
  deepEqual([resets, (reset as Response).status], [1, 204]);
});

Deno.test("builtinEndpoints() describe each of their answers in one sentence", () => {
  for (const { method, path, summary, answer } of endpoints()) {
    equal(/^[A-Z].*[^.]$/.test(summary), true, path);
    equal(answer !== undefined, method === "GET", path);
  }
});
