/** Tests of the command line in processes of its own: signals, files, environment. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { run, serving } from "../support/cli.ts";
import { json, rawRequest } from "../support/http.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

const CONFIG = `seed: 7
server: { port: 0 }
routes:
  - { id: quick, path: /quick, serviceTime: 2ms, response: { text: ok } }
  - { id: hour, path: /hour, serviceTime: 1h }
  - { id: random, path: /random/:id, method: [GET, PUT], serviceTime: { uniform: { min: 0, max: 1s } } }
`;

/** Figures of one route. */
interface Figures {
  readonly inFlight: number;
  readonly answered: number;
  readonly early: number;
}

async function figures(url: URL, route: string): Promise<Figures> {
  const response = await fetch(new URL("/_perfmock/stats", url));
  return (await response.json()).routes[route];
}

async function underWay(url: URL, route: string, count: number) {
  await until(async () => (await figures(url, route)).inFlight === count);
}

function request(url: URL, path: string) {
  return rawRequest(url, [
    `GET ${path} HTTP/1.1`,
    "host: localhost",
    "connection: close",
  ]);
}

Deno.test("serve prints address, routes and a curl command, and ends at SIGTERM with a summary and status 0", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  const file = `${folder.path}/c.yaml`;
  await using server = await serving(["--config", file]);
  const { url } = server;
  const response = await fetch(new URL("/quick", url));
  equal(await response.text(), "ok");
  const { engine } = await json(fetch(new URL("/_perfmock/health", url)));
  server.signal("SIGTERM");
  const { status, out, err } = await server.ended;
  deepEqual([status, err], [0, ""]);
  const lines = out.split("\n");
  deepEqual(lines.slice(0, 9), [
    `perfmock on ${url.href}  ${file}, engine ${engine}`,
    "",
    "  GET      /quick       2 ms (constant)",
    "  GET      /hour        3600 s (constant)",
    "  GET,PUT  /random/:id  half within 500 ms, 99 % within 990 ms (uniform)",
    "",
    `  curl -i ${url.href}quick`,
    "",
    "Draining, 0 under way",
  ]);
  match(out, /\nroute {2,}requests .*\nquick +1 .*\n$/);
  equal(out.includes("\u001b"), false, "a pipe is shown no colours");
});

Deno.test("serve suggests the health check if no route has a fixed path, and reports that no requests arrived", async () => {
  await using folder = await folderWith({
    "c.yaml":
      "server: { port: 0 }\nroutes: [{ path: /a/:id, serviceTime: { normal: { mean: 1, sd: 2 } } }]\n",
  });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  server.signal("SIGINT");
  const { status, out, err } = await server.ended;
  equal(status, 0);
  match(out, /curl -i http:\S+\/_perfmock\/health\n/);
  match(out, /No requests arrived\n$/);
  match(err, /^warning: \/routes\/0\/serviceTime\/normal: Truncation/);
});

Deno.test("serve reports requests that arrived in sessions, and those that matched no route", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  const call = async (path: string, init?: RequestInit) => {
    await (await fetch(new URL(path, server.url), init)).body?.cancel();
  };
  await call("/_perfmock/sessions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"w1"}',
  });
  const headers = { "perfmock-session": "w1" };
  await call("/quick", { headers });
  await call("/quick", { headers });
  await call("/_perfmock/sessions/w1", { method: "DELETE" });
  await call("/nowhere");
  server.signal("SIGINT");
  const { out } = await server.ended;
  match(
    out,
    /\n1 request matched no route\n2 requests arrived in sessions, or before the last reset\n$/,
  );
  equal(out.includes("No requests arrived"), false);
});

Deno.test("serve --quiet prints nothing", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  await using server = await serving([
    "--quiet",
    "--config",
    `${folder.path}/c.yaml`,
  ]);
  const response = await fetch(new URL("/quick", server.url));
  await response.body?.cancel();
  server.signal("SIGINT");
  deepEqual(await server.ended, { status: 0, out: "", err: "" });
});

Deno.test("serve --ready-file writes address and process id, and leaves no temporary file", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  deepEqual(
    Array.from(Deno.readDirSync(server.folder), ({ name }) => name),
    ["ready.json"],
  );
  const text = await Deno.readTextFile(`${server.folder}/ready.json`);
  deepEqual(JSON.parse(text), { url: server.url.href, pid: server.pid });
  ok(text.endsWith("\n"));
});

Deno.test("serve answers 1000 pending requests after SIGTERM, none early, and ends with 0", async () => {
  const delay = 3000;
  await using folder = await folderWith({
    "c.yaml":
      `server: { port: 0 }\nroutes: [{ id: slow, path: /slow, serviceTime: ${delay}ms, response: { text: done } }]\n`,
  });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  const started = performance.now();
  const clients = await Promise.all(
    Array.from({ length: 1000 }, () => request(server.url, "/slow")),
  );
  await underWay(server.url, "slow", 1000);
  server.signal("SIGTERM");
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  ok(performance.now() - started >= delay);
  const { status, out } = await server.ended;
  equal(status, 0);
  match(out, /\nDraining, 1000 under way\n/);
  match(out, /\nslow +1000 .* 0\n$/);
  for (const { text, reset } of answers) {
    equal(reset, false);
    match(text, /^HTTP\/1\.1 200 OK\r\n[^]*done/);
    const [, total] = /total;dur=([\d.]+)/.exec(text) ?? [];
    ok(Number(total) >= delay, total);
  }
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("serve cuts requests that are pending after drainTimeout without a byte, and ends with 0", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG.replace("port: 0", "port: 0, drainTimeout: 100ms"),
  });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  using client = await request(server.url, "/hour");
  await underWay(server.url, "hour", 1);
  server.signal("SIGTERM");
  equal((await client.answer).text, "");
  const { status, out } = await server.ended;
  equal(status, 0);
  match(out, /\nhour +1 /);
});

Deno.test("serve ends at once with 130 at a second signal", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG.replace("port: 0", "port: 0, drainTimeout: 1h"),
  });
  await using server = await serving(["--config", `${folder.path}/c.yaml`]);
  using client = await request(server.url, "/hour");
  await underWay(server.url, "hour", 1);
  server.signal("SIGTERM");
  await until(async () => {
    const response = await fetch(new URL("/quick", server.url));
    await response.body?.cancel();
    return response.status === 503;
  });
  server.signal("SIGINT");
  const { status } = await server.ended;
  equal(status, 130);
  equal((await client.answer.catch(() => ({ text: "" }))).text, "");
});

Deno.test("serve ends with 1 if the port is in use, and suggests a free one", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { status, out, err } = await run([
    "--config",
    `${folder.path}/c.yaml`,
    "--port",
    `${port}`,
  ]);
  deepEqual([status, out], [1, ""]);
  match(err, /the port is in use \[PORT_IN_USE\]/);
  match(err, /received: \d+\n.*\n {4}suggestion: --port 0/);
  equal(/^ {4}at .*\.ts:/m.test(err), false, "users get no stack trace");
});

Deno.test("Commands end with 2 in a folder without a configuration, and say what is missing", async () => {
  await using folder = await folderWith({ "deno.json": '{ "tasks": {} }' });
  for (const command of ["serve", "check", "draw"]) {
    const args = command === "draw"
      ? [command, "--route", "r", "--sequence", "0"]
      : [command];
    const { status, err } = await run(args, { cwd: folder.path });
    equal(status, 2);
    match(err, /Cannot find a configuration \[CONFIG_UNREADABLE\]/);
    match(
      err,
      new RegExp(
        `suggestion: deno run -A \\S+mod\\.ts ${command} --config FILE`,
      ),
    );
  }
});

Deno.test("check reads deno.json by default, and locates its errors", async () => {
  await using folder = await folderWith({
    "deno.json": '{\n  "perfmock": {\n    "sed": 1,\n    "seed": 1\n  }\n}\n',
    "good.yaml": "routes: [{ path: /a }]\n",
  });
  const surroundings = { cwd: folder.path };
  const invalid = await run(["check"], surroundings);
  equal(invalid.status, 2);
  match(invalid.err, /\/sed: .*\n[^]* {4}at deno\.json:3:5\n/);
  deepEqual(
    await run(["check"], {
      ...surroundings,
      env: { PERFMOCK_CONFIG: "good.yaml" },
    }),
    { status: 0, out: "OK good.yaml: 1 route\n", err: "" },
  );
});

Deno.test("Command line takes precedence over environment, environment over file", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "other.yaml": "routes: []\n",
  });
  const file = `${folder.path}/c.yaml`;
  const draw = async (
    env: Readonly<Record<string, string>>,
    ...more: string[]
  ) => {
    const { status, out } = await run(
      ["draw", "--route", "random", "--sequence", "0", ...more],
      { env },
    );
    equal(status, 0);
    return out;
  };
  const config = { PERFMOCK_CONFIG: file };
  const eight = await draw(config, "--seed", "8");
  deepEqual(
    await Promise.all([
      draw({ ...config, PERFMOCK_SEED: "8" }),
      draw({ ...config, PERFMOCK_SEED: "9" }, "--seed", "8"),
      draw(
        { PERFMOCK_CONFIG: `${folder.path}/other.yaml` },
        "--config",
        file,
        "--seed",
        "8",
      ),
    ]),
    [eight, eight, eight],
  );
  const seven = await draw({ ...config, PERFMOCK_SEED: "" });
  ok(seven !== eight, "an empty variable is none");
  equal(await draw(config, "--seed", "7"), seven);
});

Deno.test("serve reads host, port and token from the environment, and errors name the variable", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  const config = ["--config", `${folder.path}/c.yaml`];
  const invalid = await run(["check", ...config], {
    env: { PERFMOCK_PORT: "80x", PERFMOCK_SEED: "" },
  });
  equal(invalid.status, 2);
  match(invalid.err, /\/server\/port: .* \(from PERFMOCK_PORT\)\n/);
  await using server = await serving([...config, "--port", "0"], {
    env: {
      PERFMOCK_HOST: "localhost",
      PERFMOCK_PORT: "1",
      PERFMOCK_TOKEN: "secret",
    },
  });
  equal(server.url.hostname, "localhost");
  const path = new URL("/_perfmock/routes", server.url);
  const refused = await fetch(path);
  await refused.body?.cancel();
  equal(refused.status, 401);
  const taken = await fetch(path, {
    headers: { authorization: "Bearer secret" },
  });
  await taken.body?.cancel();
  equal(taken.status, 200);
});

Deno.test("explain reports no error if the reader closes the pipe", async () => {
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      '"$0" run -A "$1" explain "exponential(mean=1ms)" | head -n 1',
      Deno.execPath(),
      new URL("../../mod.ts", import.meta.url).pathname,
    ],
    stderr: "piped",
  });
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder();
  equal(text.decode(stdout), "mean                1 ms\n");
  equal(text.decode(stderr), "");
});
