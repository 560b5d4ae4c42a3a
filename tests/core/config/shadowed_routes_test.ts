import assert from "node:assert/strict";
import fc from "fast-check";
import { RouteTree } from "../../../core/config/_shadowed_routes.ts";
import { Matcher } from "../../../core/pipeline/matcher.ts";

/** Index of the route that hides each route; -1 where none does. */
function hiding(
  routes: readonly (readonly [methods: string, path: string])[],
): number[] {
  const tree = new RouteTree();
  return routes.map(([methods, path], index) => {
    const route = { id: `${index}`, methods: methods.split(","), path };
    const hidden = tree.hiding(route);
    tree.add(route);
    return hidden === undefined ? -1 : Number(hidden.by.id);
  });
}

Deno.test("RouteTree.hiding() finds the route that matches all that a later one matches", () => {
  const table: [later: string, hidden: boolean, earlier: string][] = [
    ["/users/me", true, "/users/:id"],
    ["/users/:name", true, "/users/:id"],
    ["/users/", false, "/users/:id"],
    ["/users/:id", false, "/users/me"],
    ["/health", true, "/*"],
    ["/", true, "/*"],
    ["/a/:b/c", true, "/a/*"],
    ["/a", true, "/a/*"],
    ["/a/*", false, "/a/:b"],
    ["/a/*", true, "/*"],
    ["/a/*/c", false, "/a/:b/c"],
    ["/a/*/c", true, "/a/*/c"],
    ["/a", false, "/*/*"],
    ["/a/b/c", true, "/:x/:y/c"],
    ["/a/12", true, "/a/:n{[0-9]+}"],
    ["/a/b", false, "/a/:n{[0-9]+}"],
    ["/a/:n{[0-9]+}", true, "/a/:m{[0-9]+}"],
    ["/a/:n", false, "/a/:n{[0-9]+}"],
    ["/a/:n{.+}", false, "/a/:n"],
    ["/a/:n{.+}", true, "/a/*"],
    ["/a/:n?", false, "/a/:n"],
    ["/a/:n", true, "/a/:n?"],
    ["/a", true, "/a/:n?"],
    ["/a/:n{a/b}", true, "/a/:m{a/b}"],
    ["/a*", false, "/ab"],
  ];
  for (const [later, hidden, earlier] of table) {
    assert.equal(
      hiding([["GET", earlier], ["GET", later]])[1] === 0,
      hidden,
      `${later} after ${earlier}`,
    );
  }
});

Deno.test("RouteTree.hiding() compares methods", () => {
  assert.deepEqual(hiding([["GET", "/a"], ["POST", "/a"]]), [-1, -1]);
  assert.deepEqual(hiding([["*", "/a"], ["POST", "/a"]]), [-1, 0]);
  assert.deepEqual(hiding([["GET", "/a"], ["*", "/a"]]), [-1, -1]);
  assert.deepEqual(hiding([["GET", "/a"], ["POST,GET", "/a"]]), [-1, 0]);
  assert.deepEqual(
    hiding([["GET", "/:x"], ["POST", "/:x"], ["POST", "/a"]]),
    [-1, -1, 1],
  );
});

Deno.test("RouteTree.hiding() covers all forms of an optional parameter, by several routes if need be", () => {
  assert.deepEqual(
    hiding([["GET", "/a"], ["GET", "/a/:x"], ["GET", "/a/:y?"]]),
    [-1, -1, 0],
  );
});

/** Segments of requests; no pattern names the last one. */
const SEGMENTS = ["a", "b", "7", "zz"];

/** All paths of up to four segments. */
function* paths(depth = 4, before = ""): Iterable<string> {
  yield before === "" ? "/" : before;
  if (depth === 0) return;
  for (const segment of SEGMENTS) {
    yield* paths(depth - 1, `${before}/${segment}`);
  }
}

Deno.test("RouteTree.hiding() agrees with the router on every path of two routes, and never claims too much of several", () => {
  const all = [...paths()];
  const segment = fc.constantFrom("a", "b", ":x", ":y", "7");
  const pattern = fc.tuple(
    fc.array(segment, { maxLength: 3 }),
    fc.constantFrom("", "", "/*", "/:o?"),
  ).map(([segments, end]) =>
    segments.map((each) => `/${each}`).join("") + end || "/"
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pattern, { minLength: 2, maxLength: 2 }),
        fc.array(pattern, { minLength: 3, maxLength: 7 }),
      ),
      (patterns) => {
        const routes = patterns.map((path) => ({ methods: ["GET"], path }));
        const matcher = new Matcher(routes);
        const found = new Set(all.map((path) => matcher.find("GET", path)));
        const hidden = hiding(patterns.map((path) => ["GET", path]));
        for (const [index, route] of routes.entries()) {
          // Several routes may hide one together, which is not found.
          if (hidden[index] < 0 && patterns.length > 2) continue;
          assert.equal(
            hidden[index] >= 0,
            !found.has(route),
            `${route.path} of ${patterns.join(" ")}`,
          );
        }
      },
    ),
    { seed: 11, numRuns: 200 },
  );
});

Deno.test("RouteTree.hiding() never claims that a route with an expression is hidden while the router finds it", () => {
  const all = [...paths()];
  const segment = fc.constantFrom(
    "a",
    "7",
    ":x",
    ":n{[0-9]+}",
    ":n{[a-z]+}",
    ":r{.+}",
    "*",
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(segment, { minLength: 1, maxLength: 3 }), {
        minLength: 2,
        maxLength: 6,
      }),
      (lists) => {
        const patterns = lists.map((list) => `/${list.join("/")}`);
        const routes = patterns.map((path) => ({ methods: ["GET"], path }));
        const matcher = new Matcher(routes);
        const found = new Set(all.map((path) => matcher.find("GET", path)));
        for (
          const [index, by] of hiding(patterns.map((path) => ["GET", path]))
            .entries()
        ) {
          assert.ok(by < 0 || !found.has(routes[index]), patterns.join(" "));
        }
      },
    ),
    { seed: 12, numRuns: 200 },
  );
});
