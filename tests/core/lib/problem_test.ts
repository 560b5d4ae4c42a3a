import { deepEqual, equal, ok } from "node:assert/strict";
import { problem } from "../../../core/lib/problem.ts";

Deno.test("problem() creates a response with the document and its status", async () => {
  const response = problem({ status: 418, title: "A teapot", detail: "Short" });
  equal(response.status, 418);
  equal(response.headers.get("content-type"), "application/problem+json");
  deepEqual(await response.json(), {
    type: "about:blank",
    status: 418,
    title: "A teapot",
    detail: "Short",
  });
});

Deno.test("problem() keeps the given headers except content-type", async () => {
  const headers = new Headers({ allow: "GET", "content-type": "text/html" });
  const response = problem({ status: 405, title: "No" }, headers);
  equal(response.headers.get("allow"), "GET");
  equal(response.headers.get("content-type"), "application/problem+json");
  await response.body?.cancel();
});

Deno.test("problem() cuts long texts, leaves out large values, and counts the issues beyond a size", async () => {
  const long = "x".repeat(5000);
  const response = problem({
    status: 400,
    title: long,
    detail: long,
    code: "ARGUMENT_INVALID",
    issues: [
      { path: "/a", message: "short", value: [1, { b: null }], allowed: "a" },
      { path: long, message: long, value: long, suggestion: long },
      { path: "", message: "large", value: { long } },
      ...Array(10_000).fill({ path: "/k", message: "Unknown key" }),
    ],
  });
  const { title, detail, issues } = await response.json();
  const cut = `${"x".repeat(1023)}…`;
  deepEqual([title, detail], [cut, cut]);
  deepEqual(issues.slice(0, 3), [
    { path: "/a", message: "short", value: [1, { b: null }], allowed: "a" },
    { path: cut, message: cut, value: cut, suggestion: cut },
    { path: "", message: "large" },
  ]);
  equal(
    issues.at(-1).message,
    `${10_003 - issues.length + 1} more issues are not shown`,
  );
  ok(issues.length < 4000);
});
