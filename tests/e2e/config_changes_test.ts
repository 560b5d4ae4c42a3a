import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import { PerfmockError } from "../../core/errors.ts";
import { createTestServer } from "../../core/testing.ts";
import type { Host, Instance, Plugin } from "../../core/plugin.ts";
import { eachEngine, resetting } from "../support/each_engine.ts";

const quiet = { log: () => {} };

/** Calls the control API. */
async function call(
  server: Perfmock,
  given: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const [method, path] = given.split(" ");
  const response = await server.fetch(
    new Request(`http://localhost/_perfmock/${path}`, {
      method,
      headers,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get("etag"),
    json: text === "" ? undefined : JSON.parse(text),
  };
}

eachEngine.test("200 changes under load lose no request, and every exchange has one revision's settings", async () => {
  await using server = await createPerfmock({
    routes: [
      { id: "r", path: "/r", serviceTime: "2ms", response: { text: "0" } },
      { id: "other", path: "/other" },
    ],
  }, quiet);
  const url = new URL("/r", server.url);
  const sequences: number[] = [];
  const bodies = new Set<string>();
  let going = true;
  const client = async () => {
    while (going) {
      const response = await fetch(url);
      equal(response.status, 200);
      sequences.push(Number(response.headers.get("perfmock-sequence")));
      bodies.add(await response.text());
    }
  };
  const clients = Array.from({ length: 10 }, client);
  for (let change = 1; change <= 200; change++) {
    const changed = await fetch(new URL("/_perfmock/routes/r", server.url), {
      method: "PATCH",
      body: JSON.stringify({
        scale: 1 + change / 1000,
        response: { text: `${change}` },
      }),
    });
    equal(changed.status, 200);
    await changed.body?.cancel();
  }
  going = false;
  await Promise.all(clients);
  equal(server.revision, 201);
  sequences.sort((a, b) => a - b);
  deepEqual(sequences, sequences.map((_, index) => index));
  ok(bodies.size > 20, `${bodies.size} revisions were seen`);
  equal(server.stats().routes.r.answered, sequences.length);
});

Deno.test("an exchange in flight keeps its settings, and its revision is not disposed before it ends", async () => {
  const disposed: number[] = [];
  let setups = 0;
  const plugin: Plugin = {
    name: "probe",
    version: "1.0.0",
    setup() {
      const number = ++setups;
      return {
        [Symbol.asyncDispose]: () => {
          disposed.push(number);
          return Promise.resolve();
        },
      };
    },
  };
  const test = await createTestServer(
    { routes: [{ path: "/r", serviceTime: "50ms" }] },
    { plugins: [plugin] },
  );
  const early = test.server.fetch(new Request("http://localhost/r"));
  await call(test.server, "PATCH routes/get-r", { serviceTime: "10ms" });
  await call(test.server, "PATCH routes/get-r", { serviceTime: "20ms" });
  deepEqual(disposed, [], "the first revision still serves");
  equal((await test.request("/r")).duration, 20);
  test.clock.advance(30);
  equal((await early).status, 200);
  equal(test.server.requests()[1].totalMs, 50);
  await call(test.server, "PATCH config", { seed: 1 });
  await test.server[Symbol.asyncDispose]();
  deepEqual(disposed, [1, 2, 3, 4], "in the order of their revisions");
});

/** A plugin that keeps a counter over revisions, and fails for routes with a certain setting. */
function keeper(seen: string[]): Plugin {
  return {
    name: "keeper",
    version: "1.0.0",
    options: ({ z }) => z.strictObject({ value: z.number().default(0) }),
    routeKeys: ({ z }) => ({ refuse: z.boolean() }),
    setup(host: Host, options: unknown): Instance {
      const { value } = options as { value: number };
      const state = host.keep("state", () => {
        seen.push("made");
        return {
          value: NaN,
          [Symbol.dispose]: () => void seen.push("state disposed"),
        };
      });
      return {
        route(_route, own) {
          if ((own as { refuse?: boolean }).refuse) throw new Error("no");
          return undefined;
        },
        adopt() {
          seen.push(`adopted ${state.value} -> ${value}`);
          state.value = value;
        },
        snapshot: () => ({ value: state.value }),
        [Symbol.asyncDispose]: () => {
          seen.push(`disposed ${value}`);
          return Promise.resolve();
        },
      };
    },
  };
}

Deno.test("a change that fails in its last route changes nothing, plugin state included", async () => {
  const seen: string[] = [];
  const server = await createPerfmock({
    plugins: { keeper: { value: 1 } },
    routes: [{ path: "/a" }, { path: "/b" }],
  }, { ...quiet, listen: false, plugins: [keeper(seen)] });
  deepEqual(seen, ["made", "adopted NaN -> 1"]);
  const before = await call(server, "GET config");
  const refused = await call(server, "PUT config", {
    plugins: { keeper: { value: 2 } },
    routes: [{ path: "/a", serviceTime: "1s" }, { path: "/b", refuse: true }],
  });
  equal(refused.status, 400);
  equal(refused.json.issues[0].path, "/routes/1");
  deepEqual(await call(server, "GET config"), before);
  deepEqual(server.stats().plugins.keeper, { value: 1 });
  deepEqual(seen.splice(0), ["made", "adopted NaN -> 1", "disposed 2"]);
  equal(
    (await call(server, "PATCH config", { plugins: { keeper: { value: 3 } } }))
      .status,
    200,
  );
  await Promise.resolve();
  equal(seen[0], "adopted 1 -> 3");
  deepEqual(server.stats().plugins.keeper, { value: 3 });
  await call(server, "PATCH config", { plugins: { keeper: false } });
  await server[Symbol.asyncDispose]();
  deepEqual(seen.slice(1), ["disposed 1", "disposed 3", "state disposed"]);
});

Deno.test("config can be read, patched and replaced, with the revision as ETag and If-Match", async () => {
  await using server = await createPerfmock({
    seed: 1,
    routes: [{ path: "/a" }],
  }, { ...quiet, listen: false });
  const first = await call(server, "GET config");
  equal(first.etag, '"1"');
  deepEqual(first.json.routes, [{ path: "/a" }]);
  const patched = await call(server, "PATCH config", { seed: 2 }, {
    "if-match": '"1"',
  });
  deepEqual([patched.status, patched.etag], [200, '"2"']);
  equal(patched.json.seed, 2);
  const stale = await call(server, "PATCH config", { seed: 3 }, {
    "if-match": '"1"',
  });
  deepEqual([stale.status, stale.json.code], [412, "REVISION_STALE"]);
  equal(
    (await call(server, "PUT config", {}, { "if-match": "*" })).status,
    200,
  );
  deepEqual(server.config.routes, []);
  equal(server.config.server.port, 0, "what is fixed stays where not named");
  equal(server.config.seed, 42);
});

Deno.test("PATCH config refuses routes and names the call to use instead", async () => {
  await using server = await createPerfmock({}, { ...quiet, listen: false });
  for (const body of [{ routes: [] }, { routes: { a: 1 } }, [], "x", null, 7]) {
    const { status, json } = await call(server, "PATCH config", body);
    equal(status, 400, JSON.stringify(body));
    equal(json.issues.length, 1);
  }
  const { json } = await call(server, "PATCH config", { routes: [] });
  equal(json.issues[0].suggestion, "PATCH routes/{id}");
  equal(server.revision, 1);
});

Deno.test("routes can be appended, merged into and removed", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/a" }, { id: "b", path: "/b" }],
  }, { ...quiet, listen: false });
  await call(server, "PUT routes/c", { path: "/c", response: { text: "c" } });
  deepEqual(server.routes.map(({ id }) => id), ["get-a", "b", "c"]);
  const answer = await server.fetch(new Request("http://localhost/c"));
  equal(await answer.text(), "c");
  await call(server, "PATCH routes/get-a", { path: "/moved", method: "POST" });
  deepEqual(
    (await call(server, "GET routes/get-a")).json,
    { path: "/moved", method: "POST", id: "get-a" },
  );
  equal((await call(server, "DELETE routes/b")).status, 204);
  deepEqual(server.routes.map(({ id }) => id), ["get-a", "c"]);
  for (const verb of ["PATCH", "DELETE", "GET"]) {
    const { status, json } = await call(
      server,
      `${verb} routes/cc`,
      verb === "PATCH" ? {} : undefined,
    );
    deepEqual([status, json.code], [404, "ROUTE_UNKNOWN"]);
  }
  const renamed = await call(server, "PATCH routes/c", { id: "d" });
  equal(renamed.json.issues[0].path, "/id");
  equal((await call(server, "PUT routes/c", [])).status, 400);
});

eachEngine.test("changes that require a restart are refused, all of them in one answer", async (engine) => {
  await using server = await createPerfmock(
    { routes: [{ id: "r", path: "/r" }] },
    quiet,
  );
  const { status, json } = await call(server, "PATCH config", {
    server: { port: 1, host: "localhost", tls: "self-signed", engine: "node" },
  });
  equal(status, 400);
  deepEqual(
    json.issues.map(({ path }: { path: string }) => path).sort(),
    ["/server/engine", "/server/host", "/server/port", "/server/tls"],
  );
  ok(/restart/.test(json.title));
  const reset = await call(server, "PATCH routes/r", {
    faults: [{ share: 1, action: "connection-reset" }],
  });
  // Deno's server cannot reset connections; for native nothing changes.
  deepEqual(
    [reset.status, reset.json.code, server.revision],
    engine === "deno" ? [400, "RESTART_REQUIRED", 1] : [200, undefined, 2],
  );
});

eachEngine.test("faults can be added while the server runs, connection resets too if the engine supports them", async (engine) => {
  await using server = await createPerfmock({
    server: { engine: resetting(engine) },
    routes: [{ id: "r", path: "/r", response: { text: "whole" } }],
  }, quiet);
  const url = new URL("/r", server.url);
  equal(await (await fetch(url)).text(), "whole");
  await call(server, "PATCH routes/r", { faults: [{ share: 1, status: 503 }] });
  const refused = await fetch(url);
  await refused.body?.cancel();
  equal(refused.status, 503);
  await call(server, "PATCH routes/r", {
    faults: [{ share: 1, action: "connection-reset" }],
  });
  await rejects(fetch(url));
  await call(server, "PATCH routes/r", { faults: null });
  equal(await (await fetch(url)).text(), "whole");
});

Deno.test("sequence numbers and stats continue over revisions, and a reset starts them again", async () => {
  await using test = await createTestServer({ routes: [{ path: "/r" }] });
  await test.request("/r");
  await call(test.server, "PATCH config", { seed: 9 });
  const { response } = await test.request("/r");
  equal(response.headers.get("perfmock-sequence"), "1");
  equal(test.server.stats().routes["get-r"].arrivals, 2);
  equal((await call(test.server, "POST reset")).status, 204);
  deepEqual(test.server.requests(), []);
  equal(test.server.stats().routes["get-r"].arrivals, 0);
  const again = await test.request("/r");
  equal(again.response.headers.get("perfmock-sequence"), "0");
});

Deno.test("update() changes the configuration of a server in the library, or throws all issues", async () => {
  await using server = await createPerfmock({}, { ...quiet, listen: false });
  await server.update({ seed: 7 });
  equal(server.config.seed, 7);
  await rejects(
    server.update({ sed: 7, server: { cors: "no" } } as never),
    (error) => {
      ok(error instanceof PerfmockError);
      deepEqual(error.issues.map(({ path }) => path).sort(), [
        "/sed",
        "/server/cors",
      ]);
      return true;
    },
  );
  equal(server.config.seed, 7);
});

Deno.test("concurrent changes are made one after another", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "r", path: "/r" }],
  }, { ...quiet, listen: false });
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) =>
        call(server, `PUT routes/n${index}`, { path: `/n/${index}` }),
    ),
  );
  ok(answers.every(({ status }) => status === 200));
  deepEqual([server.routes.length, server.revision], [21, 21]);
  const raced = await Promise.all(
    Array.from(
      { length: 5 },
      () => call(server, "PATCH config", { seed: 3 }, { "if-match": '"21"' }),
    ),
  );
  deepEqual(
    raced.map(({ status }) => status).sort(),
    [200, 412, 412, 412, 412],
  );
});

Deno.test("a change after the end of the server is refused and leaves nothing pending", async () => {
  const server = await createPerfmock({}, { ...quiet, listen: false });
  const late = server.update({ seed: 1 });
  const ended = server[Symbol.asyncDispose]();
  await rejects(late, /ended/);
  await ended;
});
