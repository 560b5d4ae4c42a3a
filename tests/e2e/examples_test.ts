// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { run as runSlowBackend } from "../../examples/slow_backend/main.ts";
import { start as startDevServer } from "../../examples/dev_server/main.ts";
import { root } from "../../tools/run.ts";
import { cli } from "../support/cli.ts";

/** Examples whose README has one command, and the output that it must have. */
const EXAMPLES: Readonly<Record<string, RegExp>> = {
  custom_distribution: /ok \| 8 passed/,
  custom_plugin: /ok \| 4 passed/,
  deno_test: /ok \| 4 passed/,
  slow_backend:
    /^backend +median +[\d.]+ ms .*\nperfmock +median +\d\d\.\d ms /m,
  dev_server: /^(GET \/api\/orders: 2 orders, service;dur=[\d.]+\n){5}/m,
};

/** Most lines of a README, its title, its blank lines and its command included. */
const MOST_LINES = 15;

for (const [name, expected] of Object.entries(EXAMPLES)) {
  Deno.test(`examples/${name}: its README is short, and its one command works`, async () => {
    const readme = await Deno.readTextFile(
      `${root}/examples/${name}/README.md`,
    );
    ok(readme.trimEnd().split("\n").length <= MOST_LINES);
    const commands = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)]
      .flatMap(([, block]) => block.trimEnd().split("\n"));
    equal(commands.length, 1, readme);
    const [program, ...args] = commands[0].split(" ");
    equal(program, "deno");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    const output = text.decode(stdout);
    equal(code, 0, `${output}${text.decode(stderr)}`);
    match(output, expected);
  });
}

Deno.test("examples: each configuration is valid", async () => {
  for (const name of ["custom_distribution", "custom_plugin", "slow_backend"]) {
    const file = `${root}/examples/${name}/perfmock.yaml`;
    const { status, out, err } = await cli("check", "--config", file);
    equal(status, 0, `${name}: ${out}${err}`);
  }
});

Deno.test("examples/slow_backend: the answers are the backend's, the times and failures those of the configuration", async () => {
  const [backend, perfmock] = await runSlowBackend();
  deepEqual(backend.answers, ['{"path":"/api/orders"}']);
  deepEqual(perfmock.answers, backend.answers);
  equal(backend.failed, 0);
  ok(perfmock.failed > 0 && perfmock.failed < 15, `${perfmock.failed}`);
  ok(perfmock.median > 20 && perfmock.median < 90, `${perfmock.median}`);
  ok(perfmock.p95 > 80, `${perfmock.p95}`);
});

Deno.test("examples/dev_server: the dev server serves its page, and passes calls on with method, body and session", async () => {
  await using site = await startDevServer();
  match(await (await fetch(site.url)).text(), /<title>Orders<\/title>/);
  const orders = new URL("/api/orders", site.url);
  const response = await fetch(orders);
  equal((await response.json()).length, 2);
  match(response.headers.get("server-timing") ?? "", /service;dur=/);
  const made = await fetch(new URL("/_perfmock/sessions", site.backend.url), {
    method: "POST",
    body: '{ "name": "w1" }',
  });
  equal(made.status, 201);
  await made.body?.cancel();
  const own = await fetch(orders, { headers: { "perfmock-session": "w1" } });
  equal(own.headers.get("perfmock-sequence"), "0");
  await own.body?.cancel();
  equal(site.backend.stats().routes["get-api-orders"].arrivals, 1);
  const posted = await fetch(orders, { method: "POST", body: "{}" });
  equal(posted.status, 405);
  await posted.body?.cancel();
});
