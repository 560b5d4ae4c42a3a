import { deepEqual, equal } from "node:assert/strict";
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
