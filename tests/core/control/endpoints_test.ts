import {
  addEndpoints,
  addFallback,
  ownPath,
} from "../../../core/control/endpoints.ts";
import { PerfmockError } from "../../../core/errors.ts";
import type { Call, Endpoint } from "../../../core/plugin.ts";
import { json, post } from "../../support/http.ts";
import { Hono } from "hono";
import { deepEqual, equal, match } from "node:assert/strict";
import { z } from "zod";

function app(...endpoints: readonly Partial<Endpoint>[]): Hono {
  const hono = new Hono();
  addEndpoints(hono, "/control", {
    endpoints: endpoints.map((endpoint) => ({
      method: "GET",
      path: "/x",
      summary: "",
      handle: () => null,
      ...endpoint,
    })),
  });
  addFallback(hono, "/control");
  return hono;
}

const ECHO: Partial<Endpoint> = {
  method: "POST",
  body: z.strictObject({ count: z.number() }),
  handle: ({ body }: Call) => body,
};

Deno.test("an endpoint may return JSON or a Response", async () => {
  const hono = app(
    { handle: () => ({ a: 1 }) },
    { path: "/own", handle: () => new Response("own", { status: 202 }) },
    {
      path: "/later",
      type: "application/geo+json",
      handle: () => Promise.resolve([]),
    },
  );
  deepEqual(await json(hono.request("/control/x")), { a: 1 });
  const own = await hono.request("/control/own");
  deepEqual([own.status, await own.text()], [202, "own"]);
  const later = await hono.request("/control/later");
  equal(later.headers.get("content-type"), "application/geo+json");
  deepEqual(await later.json(), []);
});

Deno.test("an endpoint receives its request and the parameters of its path", async () => {
  const hono = app({
    path: "/things/:id",
    handle: ({ parameters, request, body }) => [
      parameters,
      request.headers.get("x-a"),
      body ?? null,
    ],
  });
  deepEqual(
    await json(
      hono.request("/control/things/a%2Fb", { headers: { "x-a": "1" } }),
    ),
    [{ id: "a/b" }, "1", null],
  );
});

Deno.test("an endpoint with a body schema receives the parsed body", async () => {
  deepEqual(
    await json(app(ECHO).request("/control/x", post({ count: 3 }))),
    { count: 3 },
  );
});

Deno.test("a body that does not match its schema is refused with all issues", async () => {
  const response = await app(ECHO).request(
    "/control/x",
    post({ count: "3", cuont: 3 }),
  );
  equal(response.status, 400);
  equal(response.headers.get("content-type"), "application/problem+json");
  const { code, issues } = await json<
    { code: string; issues: { path: string; suggestion?: string }[] }
  >(response);
  equal(code, "ARGUMENT_INVALID");
  deepEqual(issues.map(({ path, suggestion }) => [path, suggestion]), [
    ["/count", undefined],
    ["/cuont", "count"],
  ]);
});

Deno.test("a body that is empty or not JSON is refused", async () => {
  for (const body of ['{"count": 3', "", "\u0000"]) {
    const response = await app(ECHO).request("/control/x", post(body));
    equal(response.status, 400);
    const { title, issues } = await json<
      { title: string; issues: { allowed: string }[] }
    >(response);
    equal(title, "The request body is not JSON");
    equal(issues[0].allowed, "a JSON document");
  }
  const none = await app(ECHO).request("/control/x", { method: "POST" });
  equal(none.status, 400);
});

Deno.test("a body of more than 1 MiB is refused without being read to its end", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(256 * 1024));
    },
  });
  const response = await app(ECHO).request("/control/x", {
    method: "POST",
    body,
  });
  equal(response.status, 413);
  match(String((await json(response)).detail), /1048576 bytes/);
  equal(pulled < 8, true);
});

Deno.test("a body in several chunks is read completely, characters split between chunks included", async () => {
  const bytes = new TextEncoder().encode('{"name":"Zoë"}');
  const hono = app({
    method: "POST",
    body: z.object({ name: z.string() }),
    handle: ({ body }) => body,
  });
  const body = ReadableStream.from(
    [...bytes].map((byte) => Uint8Array.of(byte)),
  );
  deepEqual(
    await json(hono.request("/control/x", { method: "POST", body })),
    { name: "Zoë" },
  );
});

Deno.test("a PerfmockError becomes a problem document with its issues; any other error is thrown", async () => {
  const issues = [{ path: "/a", message: "Missing" }];
  const hono = app({
    handle: () => {
      throw new PerfmockError("CONFIG_INVALID", "Cannot do it", issues);
    },
  }, { path: "/bug", handle: () => Promise.reject(new Error("boom")) });
  hono.onError((error) => new Response(error.message, { status: 500 }));
  const refused = await hono.request("/control/x");
  equal(refused.status, 400);
  deepEqual(await refused.json(), {
    type: "about:blank",
    status: 400,
    title: "Cannot do it",
    code: "CONFIG_INVALID",
    issues,
  });
  const bug = await hono.request("/control/bug");
  deepEqual([bug.status, await bug.text()], [500, "boom"]);
});

Deno.test("an error class of a plugin that has the name PerfmockError becomes a problem document too", async () => {
  class Refusal extends Error {
    override readonly name = "PerfmockError";
    readonly issues = [{ path: "/a", message: "Missing" }];
  }
  const hono = app({
    handle: () => {
      throw new Refusal("Cannot do it");
    },
  });
  const response = await hono.request("/control/x");
  deepEqual([response.status, await response.json()], [400, {
    type: "about:blank",
    status: 400,
    title: "Cannot do it",
    code: "ARGUMENT_INVALID",
    issues: [{ path: "/a", message: "Missing" }],
  }]);
});

Deno.test("an unknown call is answered with 404 and a reference to openapi.json", async () => {
  const response = await app({}).request("/control/nothing");
  equal(response.status, 404);
  match(String((await json(response)).detail), /\/control\/openapi\.json/);
});

Deno.test("a known path with another method is answered with 405 and Allow", async () => {
  const hono = app(
    { path: "/things/:id" },
    { path: "/things/:id", method: "DELETE" },
  );
  const response = await hono.request("/control/things/7", { method: "PUT" });
  equal(response.status, 405);
  equal(response.headers.get("allow"), "GET, DELETE");
  await response.body?.cancel();
  const short = await hono.request("/control/things/", { method: "PUT" });
  equal(short.status, 404);
  await short.body?.cancel();
});

const inner = new Hono().all("*", (context) => context.text(ownPath(context)));

async function pathOf(outer: Hono, path: string): Promise<string> {
  return await (await outer.request(path)).text();
}

Deno.test("ownPath() is the whole path if the app is not mounted", async () => {
  equal(await pathOf(inner, "/a/b%20c?x=1"), "/a/b c");
  equal(await pathOf(inner, "/"), "/");
});

Deno.test("ownPath() omits the base path of a mounted app, at any depth", async () => {
  const outer = new Hono().route("/backend", inner);
  equal(await pathOf(outer, "/backend/a/b"), "/a/b");
  equal(await pathOf(outer, "/backend"), "/");
  const further = new Hono().route("/of/:tenant", outer);
  equal(await pathOf(further, "/of/7/backend/a"), "/a");
});
