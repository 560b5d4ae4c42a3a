import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  configurationSchema,
  createPerfmock,
  type PerfmockOptions,
} from "../../core/app.ts";
import type { PerfmockInput } from "../../core/config/mod.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { errorOf } from "../support/errors.ts";
import { call } from "../support/http.ts";
import { folderWith, plugin } from "../support/plugins.ts";

const QUIET = { listen: false, log: () => {} };

Deno.test("createPerfmock() uses a free port and the seed 42 without a configuration", async () => {
  await using server = await createPerfmock();
  const { seed, server: { host, port }, routes } = server.config;
  deepEqual([seed, host, port, routes], [42, "127.0.0.1", 0, []]);
  ok(Number(server.url.port) > 0);
});

Deno.test("createPerfmock() uses the configured port, or a free one if only other settings are configured", async () => {
  await using first = await createPerfmock({ server: { cors: false } });
  equal(first.config.server.port, 0);
  const port = Number(first.url.port);
  const error = await errorOf(() => createPerfmock({ server: { port } }));
  equal(error.code, "PORT_IN_USE");
});

Deno.test("createPerfmock() disposes its plugins if the port is in use", async () => {
  await using first = await createPerfmock();
  let disposed = 0;
  const own = plugin("own", {
    [Symbol.asyncDispose]: () => Promise.resolve(void disposed++),
  });
  await errorOf(() =>
    createPerfmock({ server: { port: Number(first.url.port) } }, {
      plugins: [own],
    })
  );
  equal(disposed, 1);
});

Deno.test("createPerfmock() rejects values that are not configurations", async () => {
  for (const value of [null, [], "text", 5]) {
    const error = await errorOf(() =>
      createPerfmock(value as PerfmockInput, QUIET)
    );
    deepEqual([error.code, error.issues[0].path], ["CONFIG_INVALID", ""]);
  }
  const error = await errorOf(() =>
    createPerfmock({ server: null } as unknown as PerfmockInput, QUIET)
  );
  equal(error.issues[0].path, "/server");
});

Deno.test("createPerfmock() never reads deno.json", async () => {
  const here = await Deno.readTextFile("deno.json");
  ok("perfmock" in JSON.parse(here), "the file has a configuration to be read");
  await using server = await createPerfmock({}, QUIET);
  deepEqual(server.routes, []);
});

Deno.test("createPerfmock() does not change the caller's configuration", async () => {
  const config = { server: { cors: true }, routes: [{ path: "/" }] };
  await using server = await createPerfmock(config, QUIET);
  deepEqual(config, { server: { cors: true }, routes: [{ path: "/" }] });
  equal(Object.isFrozen(config.routes[0]), false);
  equal(Object.isFrozen(server.config.routes[0]), true);
});

Deno.test("createPerfmock() resolves relative paths from the given folder, a path or URL", async () => {
  await using folder = await folderWith({
    "mine.ts": `export default { name: "mine", version: "1.0.0" };`,
  });
  for (const place of [folder.path, folder.url]) {
    await using server = await createPerfmock(
      { plugins: { "./mine.ts": {} } },
      { ...QUIET, folder: place },
    );
    const { plugins } = await (await call(server, "/_perfmock/plugins")).json();
    equal(plugins.at(-1).key, "./mine.ts");
  }
});

Deno.test("a server that does not listen answers within the process, under a placeholder URL", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/", response: { text: "hi" } }],
  }, QUIET);
  equal(server.url.href, "http://this-server-does-not-listen.invalid/");
  equal(await (await call(server, "/")).text(), "hi");
  equal((await call(server, "/_perfmock/health")).status, 200);
});

Deno.test("the URL of a server that does not listen fails by its name outside of the process", async () => {
  await using server = await createPerfmock({}, QUIET);
  await rejects(
    () => fetch(server.url),
    ({ cause }: Error) => `${cause}`.includes(server.url.href),
  );
});

Deno.test("createPerfmock() refuses unknown options and values that an option does not accept, all at once", async () => {
  const options = { listn: true, listen: 1, clock: undefined, seed: 2 };
  const { code, message, issues } = await errorOf(() =>
    createPerfmock({}, options as unknown as PerfmockOptions)
  );
  equal(code, "ARGUMENT_INVALID");
  equal(message, "Cannot create the server: 3 errors");
  deepEqual(
    issues.map(({ path, suggestion }) => [path, suggestion]),
    [
      ["options.listn", "listen"],
      ["options.listen", undefined],
      ["options.seed", undefined],
    ],
  );
  equal(
    issues[0].allowed,
    "clock, listen, folder, plugins, segment, log or replica",
  );
});

Deno.test("createPerfmock() suggests another port in the words of a program", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, issues: [issue] } = await errorOf(() =>
    createPerfmock({ server: { port } })
  );
  deepEqual([code, issue.path, issue.suggestion], [
    "PORT_IN_USE",
    "/server/port",
    "0",
  ]);
});

Deno.test("update() with routes suggests a call that a program can make, and which works", async () => {
  await using server = await createPerfmock({
    control: { path: "/own" },
    routes: [{ id: "a", path: "/a", response: { text: "before" } }],
  }, QUIET);
  const { stack = "", issues: [issue] } = await errorOf(() =>
    server.update({ routes: [] })
  );
  match(stack, /^PerfmockError: .*\n\[ARGUMENT_INVALID\]\n\n {2}\/routes: /);
  match(stack, /\n {4}at .*app_test\.ts:/);
  const [, path, method] =
    /^server\.fetch\(new Request\(new URL\("(.+)\/ID", server\.url\), \{ method: "(\w+)"/
      .exec(`${issue.suggestion}`) ?? [];
  const response = await server.fetch(
    new Request(new URL(`${path}/a`, server.url), {
      method,
      body: JSON.stringify({ response: { text: "after" } }),
    }),
  );
  equal(response.status, 200);
  await response.body?.cancel();
  equal(await (await call(server, "/a")).text(), "after");
});

Deno.test("configurationSchema() returns a JSON Schema that includes the settings of plugins", async () => {
  const schema = await configurationSchema({}, { plugins: [plugin("mine")] });
  equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  match(JSON.stringify(schema), /"mine"/);
});

Deno.test("The stack of an error in the configuration is the list of all errors and the caller's own lines", async () => {
  const { stack = "" } = await errorOf(() =>
    createPerfmock({
      routes: [{ path: "/a", serviceTime: "soon" }, { path: "/b", scale: -1 }],
    })
  );
  match(
    stack,
    /^PerfmockError: Cannot use the configuration: 2 errors\n\[CONFIG_INVALID\]\n\n {2}\/routes\/0\/serviceTime: .*\n {4}received: "soon"\n/,
  );
  match(stack, /^ {2}\/routes\/1\/scale: .*\n {4}received: -1\n/m);
  match(stack, /^ {4}at .*app_test\.ts:\d+:\d+/m);
  ok(
    !/\/(core|plugins)\/(?!app_test)[\w/]+\.ts:/.test(
      stack.replaceAll("/tests/core/", "/"),
    ),
    stack,
  );
});

Deno.test("createPerfmock() refuses to listen with a virtual clock, also with one of another copy of the module", async () => {
  const copy = await import(
    `${new URL("../../core/lib/time/virtual_clock.ts", import.meta.url)}?copy`
  );
  for (const clock of [new VirtualClock(), new copy.VirtualClock()]) {
    const error = await errorOf(() => createPerfmock({}, { clock }));
    equal(error.code, "ARGUMENT_INVALID");
    match(
      error.message,
      /^Cannot listen with a virtual clock: .*listen: false/,
    );
    await using server = await createPerfmock({}, { clock, listen: false });
    equal(server.url.href, "http://this-server-does-not-listen.invalid/");
  }
});

Deno.test("A server that has ended keeps its figures, and refuses work with SERVER_NOT_STARTED", async () => {
  const server = await createPerfmock({
    routes: [{ id: "a", path: "/a" }],
  }, QUIET);
  await (await call(server, "/a")).body?.cancel();
  await server[Symbol.asyncDispose]();
  equal(server.stats().routes.a.arrivals, 1);
  equal(server.requests().length, 1);
  equal(server.draw("a", 0), 0);
  const script = { scenarios: { s: {} } };
  for (
    const work of [
      () => server.update({ seed: 1 }),
      () => server.load(script),
      () => server.simulate(script),
      () => server.find({ command: "true" }),
      () => server.sweep({ command: "true" }),
    ]
  ) {
    const error = await errorOf(work);
    equal(error.code, "SERVER_NOT_STARTED");
    match(error.message, /^Cannot .* server.* has ended$/);
  }
  const answer = await server.fetch(new Request("http://localhost/a"));
  equal(answer.status, 503);
  await answer.body?.cancel();
});

Deno.test("Errors of a server's calls have the code, all issues and the caller's lines as their stack", async () => {
  await using server = await createPerfmock({}, QUIET);
  for (
    const act of [
      () => createPerfmock({ sed: 1 } as PerfmockInput, QUIET),
      () => server.update({ sed: 1 } as PerfmockInput),
      () => server.load({ scenarios: 1 }),
      () => server.simulate({ scenarios: 1 }),
      () => server.find({ loads: -1 }),
      () => server.sweep({ loads: -1 }),
    ]
  ) {
    const { stack = "", code, issues } = await errorOf(act);
    ok(issues.length > 0);
    ok(stack.includes(`\n[${code}]\n\n  ${issues[0].path}`), stack);
    const frames = stack.split("\n").filter((line) =>
      line.startsWith("    at ") && /\.[jt]s:/.test(line)
    );
    match(frames[0], /app_test\.ts/, stack);
  }
});
