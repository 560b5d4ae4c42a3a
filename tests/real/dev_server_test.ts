import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { readConfig } from "../../core/config/mod.ts";
import { root } from "../../tools/run.ts";
import { npmInstallWhole, temporaryFolder } from "./_packages.ts";
import { freePort, required, until } from "./_software.ts";

const EXAMPLE = `${root}/examples/dev_server`;

Deno.test({
  name:
    "Vite in front of perfmock serves the page, and passes calls of the API on with their times and their session",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await Deno.mkdir(`${folder.path}/vite`);
    await npmInstallWhole(`${folder.path}/vite`, "vite@7.1.12");
    for (const name of ["index.html", "vite/vite.config.js"]) {
      await Deno.copyFile(`${EXAMPLE}/${name}`, `${folder.path}/${name}`);
    }
    const { value } = await readConfig(`${EXAMPLE}/vite/perfmock.yaml`);
    await using backend = await createPerfmock(value);
    const port = freePort();
    const vite = new Deno.Command("node", {
      args: [
        ...["node_modules/vite/bin/vite.js", "--port", `${port}`],
        ...["--strictPort", "--host", "127.0.0.1"],
      ],
      cwd: `${folder.path}/vite`,
      env: { PERFMOCK_URL: backend.url.href },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const url = `http://127.0.0.1:${port}/`;
      const page = await until(async () => await (await fetch(url)).text());
      match(page, /<h1>Orders<\/h1>/);
      const call = (session: string | undefined) =>
        fetch(new URL("/api/orders", url), {
          headers: session === undefined ? {} : { "Perfmock-Session": session },
        });
      const plain = await call(undefined);
      deepEqual(await plain.json(), [{ id: 1 }, { id: 2 }]);
      match(plain.headers.get("server-timing") ?? "", /service;dur=[\d.]+/);
      const [{ drawnMs }] = backend.requests();
      ok(drawnMs > 0);
      equal(backend.stats().routes["get-api-orders"].arrivals, 1);
      await fetch(new URL("/_perfmock/sessions", backend.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "w1" }),
      }).then((response) => response.body?.cancel());
      const own = await call("w1");
      await own.body?.cancel();
      equal(own.headers.get("perfmock-sequence"), "0");
      equal(backend.stats().routes["get-api-orders"].arrivals, 1);
    } finally {
      vite.kill("SIGKILL");
      await vite.status;
    }
  },
});
