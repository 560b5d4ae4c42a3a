import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  mergedRouteIssues,
  mergePatch,
  mergeRoutes,
  putConfig,
} from "../../../core/control/config_edits.ts";

Deno.test("mergePatch() passes the examples in the appendix of RFC 7396", () => {
  const examples: [unknown, unknown, unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [["a", "b"], ["c", "d"], ["c", "d"]],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) {
    deepEqual(mergePatch(target, patch), result);
  }
});

Deno.test("mergePatch() changes neither of its arguments and is idempotent", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
      const [before, given] = [
        structuredClone(target),
        structuredClone(patch),
      ];
      const once = mergePatch(target, patch);
      deepEqual([target, patch], [before, given]);
      deepEqual(mergePatch(once, patch), once);
    }),
    { seed: 7396, numRuns: 500 },
  );
});

Deno.test("mergePatch() treats __proto__ as an ordinary name", () => {
  const patch = JSON.parse('{ "__proto__": { "polluted": true } }');
  const merged = mergePatch({}, patch) as object;
  deepEqual(Object.keys(merged), ["__proto__"]);
  equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("mergeRoutes() merges into existing routes and appends new ones", () => {
  const value = { seed: 1, routes: [{ path: "/a", scale: 2 }] };
  deepEqual(
    mergeRoutes({ value, ids: ["get-a"] }, {
      "get-a": { scale: null },
      b: { path: "/b" },
    }),
    { seed: 1, routes: [{ path: "/a", id: "get-a" }, { path: "/b", id: "b" }] },
  );
  throws(() => mergeRoutes({ value, ids: ["get-a"] }, { b: 1 }), /route "b"/);
});

Deno.test("mergedRouteIssues() names routes by the ids of the patches, and finds misspelt ids", () => {
  const issue = (path: string, message = "Missing") => ({ path, message });
  const found = mergedRouteIssues(
    [
      issue("/routes/1/scale", "Too small"),
      issue("/routes/2/path"),
      issue("/routes/3/path"),
      issue("/routes/3"),
      issue("/routes/3/response/status"),
      issue("/routes/0/path"),
      issue("/seed"),
      issue("/routes/9/path"),
    ],
    { ids: ["orders", "a/b"] },
    { "a/b": { scale: 0 }, ordres: {}, new: {} },
  );
  deepEqual(found, [
    issue("/routes/a~1b/scale", "Too small"),
    {
      path: "/routes/ordres",
      message: 'There is no route "ordres", and a new one needs a path',
      value: "ordres",
      allowed: "orders, a/b, or a new route with a path",
      suggestion: "orders",
    },
    {
      path: "/routes/new",
      message: 'There is no route "new", and a new one needs a path',
      value: "new",
      allowed: "orders, a/b, or a new route with a path",
    },
    issue("/routes/new"),
    issue("/routes/new/response/status"),
    issue("/routes/orders/path"),
    issue("/seed"),
    issue("/routes/9/path"),
  ]);
});

Deno.test("putConfig() keeps fixed settings that the new configuration does not name", () => {
  const value = { server: { port: 1, host: "::1", cors: false } };
  const put = (next: unknown) => putConfig({ value, ids: [] }, next);
  deepEqual(put({}), { server: { host: "::1", port: 1 } });
  deepEqual(put({ server: { port: 2 } }), { server: { port: 2, host: "::1" } });
  for (const odd of [null, [], "x", { server: 1 }]) equal(put(odd), odd);
  const bare = {};
  equal(putConfig({ value: {}, ids: [] }, bare), bare);
});
