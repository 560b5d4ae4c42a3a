import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { createTestServer } from "../../core/testing.ts";
import { parse, sampleKey } from "../plugins/exporters/_exposition.ts";
import { eachEngine } from "../support/each_engine.ts";
import { call, get, json, post, rawRequest } from "../support/http.ts";

const FRONTEND = "http://app.example";

eachEngine.test("the control API refuses pages of other origins and foreign host names, and has no CORS", async () => {
  await using server = await createPerfmock();
  const health = new URL("/_perfmock/health", server.url);
  const foreign = await fetch(health, { headers: { origin: FRONTEND } });
  equal(foreign.status, 403);
  equal(foreign.headers.get("access-control-allow-origin"), null);
  await foreign.body?.cancel();
  // Mock routes are pages of the same origin.
  const own = await fetch(health, {
    headers: { origin: server.url.origin },
  });
  equal(own.status, 403);
  equal(own.headers.get("access-control-allow-origin"), null);
  await own.body?.cancel();
  const preflight = await fetch(health, {
    method: "OPTIONS",
    headers: { origin: FRONTEND, "access-control-request-method": "POST" },
  });
  equal(preflight.status, 403);
  equal(preflight.headers.get("access-control-allow-origin"), null);
  await preflight.body?.cancel();
  // A name that an attacker points at 127.0.0.1. Sent over TCP, since fetch() sets the Host header itself.
  using rebound = await rawRequest(server.url, [
    "POST /_perfmock/reset HTTP/1.1",
    "host: evil.example",
    "content-length: 0",
    "connection: close",
  ]);
  match((await rebound.answer).text, /^HTTP\/1\.1 403 /);
});

eachEngine.test("the control API requires its token, and /metrics does not", async () => {
  await using server = await createPerfmock({
    control: { token: "secret", path: "/admin/api" },
  });
  const ask = async (path: string, authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined
      ? {}
      : { authorization };
    const response = await get(server, path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  equal(await ask("/admin/api/health"), 401);
  equal(await ask("/admin/api/unknown"), 401);
  equal(await ask("/admin/api/health", "Bearer wrong"), 401);
  equal(await ask("/admin/api/health", "Bearer secret"), 200);
  equal(await ask("/metrics"), 200);
  equal(await ask("/_perfmock/health"), 404);
});

eachEngine.test("probes need no token, but pages of other origins are refused there too", async () => {
  await using server = await createPerfmock({ control: { token: "secret" } });
  for (const probe of ["live", "ready"]) {
    const path = `/_perfmock/health/${probe}`;
    const own = await get(server, path);
    equal(own.status, 200);
    deepEqual(await json(own), { status: "ok", [probe]: true });
    const page = await get(server, path, {
      headers: { origin: "https://elsewhere.example" },
    });
    await page.body?.cancel();
    equal(page.status, 403);
    const more = await get(server, `${path}/more`);
    await more.body?.cancel();
    equal(more.status, 401);
  }
});

eachEngine.test("POST explain refuses malformed JSON, invalid settings, and bodies beyond 1 MiB", async () => {
  await using server = await createPerfmock();
  const explain = (body: unknown) =>
    get(server, "/_perfmock/distributions/explain", post(body));
  const malformed = await explain('{"distribution": ');
  equal(malformed.status, 400);
  equal((await json(malformed)).title, "The request body is not JSON");
  const faulty = await explain({ distribution: { lognormel: {} } });
  equal(faulty.status, 400);
  const { issues } = await json<
    { issues: { path: string; suggestion: string }[] }
  >(faulty);
  deepEqual(
    [issues[0].path, issues[0].suggestion],
    ["/distribution/lognormel", "lognormal"],
  );
  const large = await explain(JSON.stringify("x".repeat(1024 * 1024)));
  equal(large.status, 413);
  await large.body?.cancel();
});

eachEngine.test("POST reset starts sequence numbers and stats again; Prometheus counters continue", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "x", path: "/x" }],
  });
  for (let n = 0; n < 3; n++) await (await get(server, "/x")).body?.cancel();
  const reset = await get(server, "/_perfmock/reset", { method: "POST" });
  equal(reset.status, 204);
  const again = await get(server, "/x");
  equal(again.headers.get("perfmock-sequence"), "0");
  await again.body?.cancel();
  const stats = await json<ReturnType<Perfmock["stats"]>>(
    get(server, "/_perfmock/stats"),
  );
  deepEqual([stats.routes.x.arrivals, stats.routes.x.answered], [1, 1]);
  const { samples } = parse(await (await get(server, "/metrics")).text());
  equal(samples.get(sampleKey("perfmock_arrivals_total", { route: "x" })), 4);
});

eachEngine.test("/metrics and stats agree with the requests that were sent", async () => {
  await using server = await createPerfmock({
    routes: [
      { id: "x", path: "/x/:id", method: ["GET", "POST"], serviceTime: "2ms" },
      { id: "y", path: "/y", response: { status: 503 } },
    ],
  });
  const ask = async (path: string, method = "GET") => {
    await (await get(server, path, { method })).body?.cancel();
  };
  await Promise.all(Array.from({ length: 12 }, (_, n) => ask(`/x/${n}`)));
  await Promise.all([
    ask("/x/1", "POST"),
    ask("/x/2", "POST"),
    ask("/y"),
    ask("/nowhere"),
    ask("/x/1", "BREW"),
  ]);
  const { samples } = parse(await (await get(server, "/metrics")).text());
  const ids: Readonly<Record<string, string>> = { "/x/:id": "x", "/y": "y" };
  const requests = (method: string, path: string, status: number) =>
    samples.get(sampleKey("http_server_request_duration_seconds_count", {
      route: ids[path] ?? path,
      http_request_method: method,
      http_route: path,
      http_response_status_code: `${status}`,
    }));
  deepEqual(
    [
      requests("GET", "/x/:id", 200),
      requests("POST", "/x/:id", 200),
      requests("GET", "/y", 503),
      requests("GET", "__unmatched__", 404),
      requests("_OTHER", "__unmatched__", 405),
    ],
    [12, 2, 1, 1, 1],
  );
  const of = (name: string, route = "x") =>
    samples.get(sampleKey(name, { route })) ?? NaN;
  equal(of("perfmock_arrivals_total"), 14);
  equal(of("perfmock_requests_in_flight"), 0);
  equal(of("perfmock_injected_delay_target_seconds_count"), 14);
  equal(
    of("perfmock_injected_delay_target_seconds_sum").toFixed(6),
    "0.028000",
  );
  equal(of("perfmock_injected_delay_lateness_seconds_count"), 14);
  equal(of("perfmock_injected_delay_lateness_seconds_count", "y"), 0);
  equal(samples.get(sampleKey("perfmock_injected_delay_early_total", {})), 0);
  const { x, y } = server.stats().routes;
  deepEqual([x.arrivals, x.answered, x.early, x.target.max], [14, 14, 0, 2]);
  deepEqual([y.arrivals, y.answered], [1, 1]);
  ok((x.responseTime.min ?? 0) >= 2, "never early");
});

Deno.test("openapi.json lists every call and is consistent OpenAPI 3.1", async () => {
  await using test = await createTestServer({});
  const document = await json<OpenApi>(
    call(test.server, "/_perfmock/openapi.json"),
  );
  match(document.openapi, /^3\.1\.\d+$/);
  ok(document.info.title !== "" && document.info.version !== "");
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      call: `${method.toUpperCase()} ${path}`,
      ...operation,
    }))
  );
  for (
    const wanted of [
      "GET /_perfmock/health",
      "GET /_perfmock/routes",
      "GET /_perfmock/plugins",
      "GET /_perfmock/stats",
      "POST /_perfmock/reset",
      "GET /_perfmock/openapi.json",
      "GET /_perfmock/distributions/families",
      "POST /_perfmock/distributions/explain",
      "GET /metrics",
    ]
  ) ok(operations.some((operation) => operation.call === wanted), wanted);
  const ids = operations.map(({ operationId }) => operationId);
  equal(new Set(ids).size, ids.length, "operation ids are unique");
  for (const { call: name, responses, parameters = [] } of operations) {
    ok(Object.keys(responses).length > 0, name);
    deepEqual(
      parameters.filter((parameter) => parameter.in === "path")
        .map((parameter) => parameter.name),
      [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter),
    );
  }
  for (const reference of referencesIn(document)) {
    ok(reference.startsWith("#/"), reference);
    let target: unknown = document;
    for (const part of reference.slice(2).split("/")) {
      target = Reflect.get(Object(target), part);
    }
    ok(target !== undefined, `${reference} leads nowhere`);
  }
});

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
  }[];
}

function referencesIn(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, part]) =>
    key === "$ref" ? [String(part)] : referencesIn(part)
  );
}
