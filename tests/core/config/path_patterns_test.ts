import { equal, match } from "node:assert/strict";
import { patternProblem } from "../../../core/config/_path_patterns.ts";

Deno.test("patternProblem() accepts expressions that match in a time in proportion to the path's length", () => {
  for (
    const path of [
      "/a/:id",
      "/a/:id{[0-9]+}",
      "/:name{.+}",
      "/:file{.+\\.png}",
      "/:file{.+\\.(png|jpe?g)}",
      "/:slug{[a-z]+-[0-9]+}",
      "/:date{[0-9]{4}-[0-9]{2}}",
      "/:uuid{[0-9a-f]{8}-[0-9a-f]{4}}",
      "/:a{\\d+}/:b{\\w+}?",
      "/:lang{(?:en|de)}",
      "/:hex{(?:[0-9a-f]{2}){4}}",
      "/:a{(x+|y)z+}",
      "/:é{[^/]+}",
    ]
  ) equal(patternProblem(path), undefined, path);
});

Deno.test("patternProblem() refuses expressions that take a time beyond that, and names the reason", () => {
  const repeated = /repeats a group that can match in several ways$/;
  const unclear = /before a part that it can match too/;
  const many = /can match in too many ways$/;
  for (
    const [expression, reason] of [
      ["(a+)+b", repeated],
      ["(a|a)*b", repeated],
      ["(a*)*", repeated],
      ["([a-z]+-?)*q", repeated],
      ["((a+)){2,9}", repeated],
      [".*.*x", unclear],
      ["a*a*b", unclear],
      ["[^/]+\\.[a-z]+", unclear],
      ["a+(?:b?)a+", unclear],
      [`${"a?".repeat(20)}b`, many],
      ["(a{1,9}){9}", many],
      ["(.)\\1", /refers back to a group$/],
      ["(?=x)y", /looks ahead or behind/],
      ["(?<n>x)", /looks ahead or behind/],
      ["a)b", /has a stray \)$/],
      ["x".repeat(201), /more than 200 characters$/],
    ] as const
  ) {
    match(
      patternProblem(`/:a{${expression}}`) ?? "accepted",
      reason,
      expression,
    );
  }
});

Deno.test("Expressions that are accepted match a long path at once", () => {
  const long = "a".repeat(60_000);
  for (const source of [".+x[0-9]{1,9}", "[a-z]+-[a-z]+", "(a+|b)c+", "a+"]) {
    equal(patternProblem(`/:a{${source}}`), undefined, source);
    const start = performance.now();
    new RegExp(`^${source}$`).test(`${long}!`);
    equal(performance.now() - start < 1000, true, source);
  }
});
