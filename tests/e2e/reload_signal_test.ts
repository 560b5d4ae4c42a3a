import { deepEqual, equal, match } from "node:assert/strict";
import { serving } from "../support/cli.ts";
import { until } from "../support/wait.ts";

Deno.test("SIGHUP reads the file again: an invalid file changes nothing; changes made by the API are discarded with a message", async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/mock.yaml`;
  const write = (text: string) => Deno.writeTextFile(file, text);
  await write(
    "server: { port: 0 }\nroutes: [ { id: r, path: /r, serviceTime: 1ms } ]\n",
  );
  {
    await using server = await serving(["--config", file]);
    const config = async () => {
      const response = await fetch(new URL("/_perfmock/config", server.url));
      return {
        etag: response.headers.get("etag"),
        value: await response.json(),
      };
    };
    const patched = await fetch(new URL("/_perfmock/routes/r", server.url), {
      method: "PATCH",
      body: '{ "scale": 3 }',
    });
    await patched.body?.cancel();
    equal((await config()).value.routes[0].scale, 3);
    await write(
      "server: { port: 0 }\nroutes: [ { id: r, path: /r, scal: 1 } ]\n",
    );
    server.signal("SIGHUP");
    await until(() => /stays in force/.test(server.err));
    await write("server: { port: 0 }\nroutes: [ { id: new, path: /new } ]\n");
    server.signal("SIGHUP");
    await until(async () => (await config()).value.routes[0].id === "new");
    deepEqual((await config()).value.routes, [{ id: "new", path: "/new" }]);
    server.signal("SIGTERM");
    equal((await server.ended).status, 0);
    match(
      server.err,
      /revision \d+, changes made through the control API are discarded/,
    );
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SIGHUP with an invalid file lists all errors with their positions, and the revision remains in force", async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/mock.yaml`;
  await Deno.writeTextFile(file, "server: { port: 0 }\nroutes: []\n");
  {
    await using server = await serving(["--config", file]);
    await Deno.writeTextFile(file, "server: { prt: 0 }\nsed: 1\n");
    server.signal("SIGHUP");
    await until(() => /stays in force/.test(server.err));
    const response = await fetch(new URL("/_perfmock/config", server.url));
    await response.body?.cancel();
    equal(response.headers.get("etag"), '"1"');
    match(server.err, /\/server\/prt: Unknown key "prt"/);
    match(server.err, /\/sed: Unknown key "sed"/);
    match(server.err, /at .*mock\.yaml:2:1/);
    match(server.err, /Revision 1 stays in force: nothing was changed/);
    server.signal("SIGTERM");
    equal((await server.ended).status, 0);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SIGHUP with a large file keeps no answer waiting while it is read", async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/mock.yaml`;
  const head = "server: { port: 0 }\nroutes:\n  - { id: r, path: /r }\n";
  await Deno.writeTextFile(file, head);
  {
    await using server = await serving(["--config", file]);
    const routes = Array.from(
      { length: 4000 },
      (_, n) => `  - id: r${n}\n    path: /r/${n}\n    serviceTime: 1ms\n`,
    );
    await Deno.writeTextFile(file, head + routes.join(""));
    const answers = async (path: string) => {
      const response = await fetch(new URL(path, server.url));
      await response.body?.cancel();
      return response.status === 200;
    };
    server.signal("SIGHUP");
    let count = 0;
    await until(async () => {
      await answers("/r");
      count++;
      return await answers("/r/3999");
    });
    // Read at once, the file would hold back the second or third answer until the end.
    equal(count > 20, true, `${count} answers`);
  }
  await Deno.remove(folder, { recursive: true });
});
