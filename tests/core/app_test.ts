import { deepEqual, equal, match, ok } from "node:assert/strict";
import { configurationSchema, createPerfmock } from "../../core/app.ts";
import type { PerfmockInput } from "../../core/config/mod.ts";
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
  equal(server.url.port, "0");
  equal(await (await call(server, "/")).text(), "hi");
  equal((await call(server, "/_perfmock/health")).status, 200);
});

Deno.test("configurationSchema() returns a JSON Schema that includes the settings of plugins", async () => {
  const schema = await configurationSchema({}, { plugins: [plugin("mine")] });
  equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  match(JSON.stringify(schema), /"mine"/);
});
