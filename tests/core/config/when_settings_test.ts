import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { RouteTree } from "../../../core/config/_shadowed_routes.ts";
import { validate } from "../../../core/config/validate.ts";
import { WHEN, type WhenSettings } from "../../../core/config/when_settings.ts";
import { RouteConditions } from "../../../core/pipeline/conditions.ts";
import { RequestView } from "../../../core/pipeline/request_view.ts";
import { RawIncoming } from "../../support/incoming.ts";

function read(written: unknown): WhenSettings {
  const result = validate(WHEN, written);
  if (result.issues !== undefined) {
    throw new Error(JSON.stringify(result.issues));
  }
  return result.value;
}

function issuesOf(written: unknown): [path: string, message: string][] {
  return (validate(WHEN, written).issues ?? []).map(({ path, message }) => [
    path,
    message,
  ]);
}

Deno.test("when: each error has its path and says what is wrong", () => {
  const table: [written: unknown, path: string, message: RegExp][] = [
    [{}, "", /without conditions matches every request/],
    [{ query: {} }, "", /without conditions/],
    [{ headers: { a: 1 } }, "/headers", /^Unknown key "headers"/],
    [{ header: { "a b": 1 } }, "/header/a b", /^Not the name of a header/],
    [{ header: { a: [1] } }, "/header/a", /^Expected a condition/],
    [{ query: { a: {} } }, "/query/a", /exactly one form/],
    [
      { query: { a: { equal: 1, present: true } } },
      "/query/a",
      /exactly one form/,
    ],
    [
      { query: { a: { matches: "x" } } },
      "/query/a/matches",
      /^Unknown key "matches"/,
    ],
    [
      { query: { a: { equal: { b: 1 } } } },
      "/query/a/equal",
      /^Cannot compare with an object/,
    ],
    [{ query: { a: { present: false } } }, "/query/a/present", /"absent"/],
    [
      { query: { a: { pattern: 7 } } },
      "/query/a/pattern",
      /^Not a regular expression/,
    ],
    [
      { query: { a: { pattern: "(" } } },
      "/query/a/pattern",
      /is no regular expression/,
    ],
    [
      { query: { a: { pattern: "(a+)+b" } } },
      "/query/a/pattern",
      /in several ways/,
    ],
    [
      { cookie: { a: { pattern: ".*.*x" } } },
      "/cookie/a/pattern",
      /before a part/,
    ],
    [
      { body: { "/a": { pattern: "(?=a)b" } } },
      "/body/~1a/pattern",
      /looks ahead/,
    ],
    [{ body: { "a.b": 1 } }, "/body/a.b", /^Not a JSON Pointer/],
    [{ body: { "/a": { b: 1 } } }, "/body/~1a/b", /^Unknown key "b"/],
    [{ graphql: { type: "get" } }, "/graphql/type", /"get"/],
  ];
  for (const [written, path, message] of table) {
    const issues = issuesOf(written);
    equal(issues.length, 1, JSON.stringify([written, issues]));
    equal(issues[0][0], path);
    match(issues[0][1], message);
  }
});

Deno.test("when: an expression may end with .*, since that matches any rest", () => {
  deepEqual(issuesOf({ header: { a: { pattern: ".*Chrome/.*" } } }), []);
  ok(issuesOf({ header: { a: { pattern: ".*a.*b.*" } } }).length > 0);
});

Deno.test("when: an accepted expression takes a time in proportion to the text, a refused one is never compiled into a route", () => {
  const pieces = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "(a|b)",
    "a+",
    "b*",
    ".*",
    "[^a]+",
    "a{1,3}",
    "(ab){2}",
    "\\d",
    "$",
    "^",
    "a?",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const source = parts.join("");
      if (issuesOf({ query: { a: { pattern: source } } }).length > 0) return;
      const expression = new RegExp(`^(?:${source})$`, "s");
      for (
        const text of [
          "a".repeat(8000),
          "ab".repeat(4000),
          `${"a".repeat(8000)}!`,
        ]
      ) {
        expression.test(text);
      }
    }),
    { seed: 18, numRuns: 300 },
  );
});

/** Conditions over few values, so that many imply each other. */
const CONDITION = fc.constantFrom<unknown>(
  "a",
  "b",
  { pattern: "[ab]" },
  { pattern: "a" },
  { pattern: ".*" },
  { present: true },
  { absent: true },
);

const WHENS = fc.record({
  query: fc.dictionary(fc.constantFrom("q", "r"), CONDITION, { maxKeys: 2 }),
  header: fc.dictionary(fc.constantFrom("x"), CONDITION, { maxKeys: 1 }),
  contentType: fc.constantFrom("text/*", "text/plain", { present: true }),
}, { requiredKeys: [] });

/** All requests over the same values. */
const REQUESTS = ["", "a", "b", "c"].flatMap((q) =>
  ["", "a", "b"].flatMap((r) =>
    ["", "a", "b"].flatMap((x) =>
      ["", "text/plain", "text/html", "image/png"].map((type) => {
        const query = new URLSearchParams({
          ...q !== "" && { q },
          ...r !== "" && { r },
        });
        return new RawIncoming("GET", `http://a/p?${query}`, {
          ...x !== "" && { x },
          ...type !== "" && { "content-type": type },
        });
      })
    )
  )
);

Deno.test("RouteTree.hiding() takes conditions into account: no request reaches a route that it reports", () => {
  let reported = 0;
  fc.assert(
    fc.property(
      fc.array(fc.option(WHENS, { nil: undefined, freq: 8 }), {
        minLength: 2,
        maxLength: 6,
      }),
      (written) => {
        const tree = new RouteTree();
        const routes = written.map((each, index) => {
          const empty = each === undefined || issuesOf(each).length > 0;
          const when = empty ? undefined : read(each);
          return { id: `${index}`, methods: ["GET"], path: "/p", when };
        });
        const prepared = routes.map(({ when }) =>
          when && new RouteConditions(when, "")
        );
        const answers = new Set(REQUESTS.map((request) => {
          const view = new RequestView(request);
          return prepared.findIndex((each) =>
            each === undefined || each.holdForHead(view)
          );
        }));
        for (const [index, route] of routes.entries()) {
          const hidden = tree.hiding(route);
          tree.add(route);
          if (hidden === undefined) continue;
          reported++;
          ok(!answers.has(index), JSON.stringify(written));
        }
      },
    ),
    { seed: 18, numRuns: 500 },
  );
  ok(reported > 100, `${reported} reported`);
});

Deno.test("RouteTree.hiding() reports routes whose conditions demand as much as those of an earlier one", () => {
  const table: [earlier: unknown, later: unknown, hidden: boolean][] = [
    [undefined, { query: { a: 1 } }, true],
    [{ query: { a: 1 } }, undefined, false],
    [{ query: { a: 1 } }, { query: { a: "1" }, header: { b: 2 } }, true],
    [{ query: { a: { pattern: "[0-9]" } } }, { query: { a: 7 } }, true],
    [{ query: { a: { pattern: "[0-9]" } } }, { query: { a: "x" } }, false],
    [
      { header: { A: { present: true } } },
      { header: { a: { pattern: "x" } } },
      true,
    ],
    [{ header: { a: { absent: true } } }, { header: { a: 1 } }, false],
    [{ contentType: "image/*" }, { contentType: "image/png" }, true],
    [{ graphql: {} }, { graphql: { operation: "A", type: "query" } }, true],
    [{ graphql: { operation: "A" } }, { graphql: { operation: "B" } }, false],
    [{ graphql: { type: "query" } }, { graphql: { operation: "A" } }, false],
    [{ body: { "/a": { present: true } } }, { body: { "/a": null } }, true],
  ];
  for (const [earlier, later, hidden] of table) {
    const tree = new RouteTree();
    const route = (id: string, when: unknown) => ({
      id,
      methods: ["POST"],
      path: "/g",
      when: when === undefined ? undefined : read(when),
    });
    tree.add(route("earlier", earlier));
    equal(
      tree.hiding(route("later", later)) !== undefined,
      hidden,
      JSON.stringify([earlier, later]),
    );
  }
});
