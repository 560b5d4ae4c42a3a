import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import { createTestServer } from "../../core/testing.ts";
import { eachEngine } from "../support/each_engine.ts";
import { rawRequest } from "../support/http.ts";

const CONFIG = {
  plugins: { limiter: { pools: { db: { concurrency: 4 } } } },
  routes: [{ id: "r", path: "/r", serviceTime: "1ms", limiter: "db" }],
};

/** Base URLs of the three control APIs. */
const SERVER = "http://localhost/_perfmock";
const OWN = "http://w1.localhost/_perfmock";
const SIBLING = "http://w2.localhost/_perfmock";

/** Values of parameters in paths: what a session would take to reach others. */
const PARAMETERS: Readonly<Record<string, string>> = { id: "r", name: "w2" };

/** Answers that a session gets for its calls: the status, after the body where the call has one. */
const CALLS: Readonly<
  Record<string, readonly [status: number, body?: unknown]>
> = {
  "GET /backend": [200],
  "PATCH /backend": [200, { scale: 2 }],
  "GET /health": [200],
  "GET /health/live": [200],
  "GET /health/ready": [200],
  "GET /routes": [200],
  "GET /plugins": [200],
  "GET /stats": [200],
  "POST /reset": [204],
  "GET /config": [200],
  "PATCH /config": [200, { seed: 7 }],
  "PUT /config": [200, { seed: 8, ...CONFIG }],
  "GET /routes/{id}": [200],
  "PUT /routes/{id}": [200, { path: "/r", serviceTime: "9ms" }],
  "PATCH /routes/{id}": [200, { scale: 2 }],
  "DELETE /routes/{id}": [204],
  "POST /sessions": [403, {}],
  "GET /sessions": [200],
  "GET /sessions/{name}": [403],
  "DELETE /sessions/{name}": [403],
  "GET /requests": [200],
  "GET /openapi.json": [200],
  "GET /distributions/families": [200],
  "POST /distributions/explain": [200, { distribution: "5ms" }],
  "POST /distributions/sample": [200, { distribution: "5ms", count: 2 }],
  "GET /limiter/pools": [200],
  "PATCH /limiter/pools/{name}": [200, { concurrency: 1 }],
  "GET /limiter/clients": [200],
  "POST /resource_stress/scenarios": [403, {
    memory: { size: "1MiB" },
    duration: "1s",
  }],
  "GET /resource_stress/scenarios": [403],
  "GET /resource_stress/scenarios/{id}": [403],
  "PUT /resource_stress/scenarios/{id}/lease": [403],
  "DELETE /resource_stress/scenarios/{id}": [403],
  "DELETE /resource_stress/scenarios": [403],
  "POST /load_engine/runs": [403, {
    scenarios: {
      slow: {
        executor: "modulate",
        set: { route: "r", dial: "scale" },
        to: 50,
        duration: "3s",
      },
    },
  }],
  "GET /load_engine/runs": [403],
  "GET /load_engine/runs/{id}": [403],
  "GET /load_engine/runs/{id}/events": [403],
  "DELETE /load_engine/runs/{id}": [403],
  "POST /load_engine/runs/{id}/start": [403],
  "GET /load_engine/runs/{id}/share": [403],
  "GET /load_engine/clock": [403],
  "POST /load_engine/files": [403],
  "POST /load_engine/simulate": [403, {}],
  "POST /bottleneck_finder/runs": [403, { page: { url: "/" } }],
  "GET /bottleneck_finder/runs": [403],
  "GET /bottleneck_finder/runs/{id}": [403],
  "GET /bottleneck_finder/runs/{id}/answer": [403],
  "GET /bottleneck_finder/runs/{id}/events": [403],
  "DELETE /bottleneck_finder/runs/{id}": [403],
  "POST /bottleneck_finder/check": [403, { page: { url: "/" } }],
  "GET /importer/recordings": [403],
  "GET /importer/recordings/{id}": [403],
  "POST /importer/recordings/{id}/start": [403],
  "POST /importer/recordings/{id}/stop": [403],
  "GET /importer/recordings/{id}/mock": [403],
  "GET /exporters/correlation": [403],
  "GET /exporters/correlation/pages/{id}": [403],
  // Scripts and beacons are the same for all: a page has the host name of its session.
  "GET /exporters/correlation/client.js": [200],
  "GET /exporters/correlation/web-vitals.js": [200],
  "POST /exporters/correlation": [400, {}],
};

/** Calls below the control path whose answer never ends, for the session alone. */
const ENDLESS = "GET /live";

async function call(
  server: Perfmock,
  method: string,
  url: string,
  body?: unknown,
) {
  const response = await server.fetch(
    new Request(url, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  return {
    status: response.status,
    json: text.startsWith("{") ? JSON.parse(text) : text,
  };
}

/** Everything that the server and a sibling show of themselves, but for the use of memory and the like. */
async function stateOf(server: Perfmock): Promise<unknown> {
  const get = async (url: string) => {
    const { json } = await call(server, "GET", url);
    delete json.process;
    // Each call puts off the end of the session that makes it.
    json.sessions = json.sessions?.filter(({ name }: { name: string }) =>
      name !== "w1"
    );
    return json;
  };
  const urls = [
    ...[SERVER, SIBLING].flatMap((base) =>
      ["config", "routes", "plugins", "stats", "requests", "limiter/pools"]
        .map((path) => `${base}/${path}`)
    ),
    ...["sessions", "resource_stress/scenarios", "load_engine/runs"]
      .map((path) => `${SERVER}/${path}`),
  ];
  return [
    await Promise.all(urls.map(get)),
    (await get(`${SERVER}/health`)).revision,
    (await get(`${SIBLING}/health`)).revision,
    server.draw("r", 0),
  ];
}

Deno.test("whatever a session calls, the server and its siblings stay as they are", async () => {
  await using test = await createTestServer(CONFIG);
  const { server } = test;
  for (const name of ["w1", "w2"]) {
    await call(server, "POST", `${SERVER}/sessions`, { name });
  }
  for (const host of ["localhost", "w1.localhost", "w2.localhost"]) {
    equal((await test.request(`http://${host}/r`)).response.status, 200);
  }
  const { json: { paths } } = await call(
    server,
    "GET",
    `${SERVER}/openapi.json`,
  );
  const calls = Object.entries(paths as Record<string, object>)
    .filter(([path]) => path.startsWith("/_perfmock/"))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) =>
        `${method.toUpperCase()} ${path.slice("/_perfmock".length)}`
      )
    );
  deepEqual(
    calls.filter((call) => call !== ENDLESS).sort(),
    Object.keys(CALLS).sort(),
    "each call is in the table above",
  );
  const before = await stateOf(server);
  for (const [named, [status, body]] of Object.entries(CALLS)) {
    const [method, pattern] = named.split(" ");
    const path = pattern.replaceAll(
      /\{(\w+)\}/g,
      (_, name: string) =>
        pattern.includes("/pools/") ? "db" : PARAMETERS[name],
    );
    const answer = await call(server, method, OWN + path, body);
    equal(answer.status, status, `${named}: ${JSON.stringify(answer.json)}`);
    if (status === 403) equal(answer.json.code, "SESSION_CONFINED", named);
    deepEqual(await stateOf(server), before, named);
    // The next call finds the route again.
    if (named.startsWith("DELETE /routes")) {
      await call(server, "PUT", `${OWN}/routes/r`, CONFIG.routes[0]);
    }
  }
});

Deno.test("a session shows itself, and can end itself", async () => {
  await using test = await createTestServer(CONFIG);
  const { server } = test;
  for (const name of ["w1", "w2"]) {
    await call(server, "POST", `${SERVER}/sessions`, { name });
  }
  const { json } = await call(server, "GET", `${OWN}/sessions`);
  deepEqual(json.sessions.map(({ name }: { name: string }) => name), ["w1"]);
  equal((await call(server, "GET", `${OWN}/sessions/w1`)).json.name, "w1");
  equal((await call(server, "DELETE", `${OWN}/sessions/w1`)).status, 204);
  const left = await call(server, "GET", `${SERVER}/sessions`);
  deepEqual(
    left.json.sessions.map(({ name }: { name: string }) => name),
    ["w2"],
  );
});

Deno.test("a session refuses settings that the server alone reads, and takes its own", async () => {
  await using test = await createTestServer(CONFIG);
  const { server } = test;
  await call(server, "POST", `${SERVER}/sessions`, { name: "w1" });
  const refused: [string, unknown][] = [
    ["/server/host", { server: { host: "localhost" } }],
    ["/server/drainTimeout", { server: { drainTimeout: "1s" } }],
    ["/server/limits", { server: { limits: { headers: 5 } } }],
    ["/control/path", { control: { path: "/other" } }],
    ["/control/token", { control: { token: "mine" } }],
    ["/sessions/limit", { sessions: { limit: 1 } }],
    ["/plugins/load_engine", {
      plugins: { load_engine: { targets: ["http://127.0.0.1:1"] } },
    }],
    ["/plugins/exporters", { plugins: { exporters: false } }],
    ["/plugins/resource_stress", {
      plugins: { resource_stress: { maxCpu: 0.1 } },
    }],
  ];
  for (const [path, patch] of refused) {
    const { status, json } = await call(
      server,
      "PATCH",
      `${OWN}/config`,
      patch,
    );
    equal(status, 403, path);
    equal(json.code, "SESSION_CONFINED", path);
    equal(json.issues[0].path, path);
  }
  for (
    const patch of [
      { server: { cors: false } },
      { journal: { capacity: 5 } },
      { overrides: { delay: true } },
      { plugins: { limiter: { pools: { db: { concurrency: 1 } } } } },
    ]
  ) {
    equal((await call(server, "PATCH", `${OWN}/config`, patch)).status, 200);
  }
});

Deno.test("a session's control API demands the server's token as it is now", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { token: "old" },
  }, { listen: false, log: () => {} });
  const ask = async (url: string, token: string, init: RequestInit = {}) => {
    const response = await server.fetch(
      new Request(url, {
        ...init,
        headers: { authorization: `Bearer ${token}` },
      }),
    );
    await response.body?.cancel();
    return response.status;
  };
  const body = JSON.stringify({ name: "w1" });
  equal(
    await ask(`${SERVER}/sessions`, "old", { method: "POST", body }),
    201,
  );
  equal(await ask(`${OWN}/health`, "old"), 200);
  await server.update({ control: { token: "new" } });
  equal(await ask(`${OWN}/health`, "old"), 401);
  equal(await ask(`${OWN}/health`, "new"), 200);
});

Deno.test("a session that cannot reach the server's calls still reads its metrics, which change nothing", async () => {
  await using test = await createTestServer(CONFIG);
  const { server } = test;
  await call(server, "POST", `${SERVER}/sessions`, { name: "w1" });
  const { status, json } = await call(
    server,
    "GET",
    "http://w1.localhost/metrics",
  );
  equal(status, 200);
  match(String(json), /^perfmock_build_info/m);
  const posted = await call(server, "POST", "http://w1.localhost/metrics");
  ok(posted.status >= 400, "nothing but a reading");
});

eachEngine.test("a session's host name is compared without case", async () => {
  await using server = await createPerfmock(CONFIG, { log: () => {} });
  await call(server, "POST", `${SERVER}/sessions`, {
    name: "w1",
    routes: { mine: { path: "/mine", response: { text: "mine" } } },
  });
  for (const host of ["w1.localhost", "W1.LOCALHOST", "w1.LocalHost."]) {
    using request = await rawRequest(server.url, [
      "GET /mine HTTP/1.1",
      `Host: ${host}:${server.url.port}`,
      "Connection: close",
    ]);
    match((await request.answer).text, /mine$/, host);
  }
});
