import { deepEqual, equal } from "node:assert/strict";
import { createFallback } from "../../../core/respond/fallback.ts";
import { Matcher } from "../../../core/pipeline/matcher.ts";
import { json } from "../../support/http.ts";

const ROUTES = [
  { methods: ["POST", "PUT"], path: "/api/orders" },
  { methods: ["GET"], path: "/api/users/:id" },
];

function answer(method: string, path: string, cors = true, origin?: string) {
  const fallback = createFallback(new Matcher(ROUTES), ROUTES, { cors });
  const headers: Record<string, string> = origin === undefined
    ? {}
    : { origin };
  return fallback(
    new Request(`http://localhost${path}`, { method, headers }),
    path,
  );
}

Deno.test("createFallback() answers 404 with the route that was probably meant", async () => {
  const response = answer("GET", "/api/ordres");
  equal(response.status, 404);
  deepEqual(await json(response), {
    type: "about:blank",
    status: 404,
    title: "No route matches",
    detail: "No route takes GET /api/ordres; did you mean /api/orders?",
  });
});

Deno.test("createFallback() suggests nothing where nothing is near", async () => {
  const { detail } = await json(answer("GET", "/favicon.ico"));
  equal(detail, "No route takes GET /favicon.ico");
});

Deno.test("createFallback() answers 405 with Allow where the path has another method", async () => {
  const response = answer("DELETE", "/api/orders");
  equal(response.status, 405);
  equal(response.headers.get("allow"), "POST, PUT");
  equal(
    (await json(response)).detail,
    "/api/orders has a route for POST, PUT, not for DELETE",
  );
});

Deno.test("createFallback() lets a page from elsewhere read the answer, unless CORS is off", async () => {
  const open = answer("GET", "/x", true, "http://app.example");
  equal(open.headers.get("access-control-allow-origin"), "http://app.example");
  equal(open.headers.get("vary"), "Origin");
  equal(open.headers.get("timing-allow-origin"), "*");
  const shut = answer("GET", "/x", false, "http://app.example");
  equal(shut.headers.get("access-control-allow-origin"), null);
  equal(shut.headers.get("vary"), null);
  equal(
    answer("GET", "/x").headers.get("access-control-allow-origin"),
    null,
  );
  await Promise.all([open, shut].map((response) => response.body?.cancel()));
});
