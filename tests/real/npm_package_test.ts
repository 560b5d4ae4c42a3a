import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gone, NpmProject, type Running } from "./_npm_project.ts";
import { root } from "../../tools/run.ts";
import { freePort, required, until } from "./_software.ts";

const CONFIG = `
routes:
  - { id: fast, path: /fast, response: { json: { ok: true } } }
  - { id: slow, path: /slow, serviceTime: 1s, response: { text: slow } }
  - { id: long, path: /long, serviceTime: 1h }
`;

const SCRIPT = (limit: string) => `
scenarios:
  s: { executor: arrival-rate, rate: 50/s, duration: 200ms, requests: [ { path: /fast } ] }
thresholds: { s.responseTime: [ "p(95)<${limit}" ] }
`;

/** Arguments of a server that writes a ready file. */
const SERVE = [
  ...["serve", "--config", "mock.yaml", "--port", "0"],
  ...["--ready-file", "ready.json"],
];

/** Program that starts a server, prints its URL and process id, and waits. */
const PROGRAM = `
import { startPerfmock } from "perfmock";
const server = await startPerfmock("mock.yaml");
console.log(JSON.stringify({ url: server.url, pid: server.pid }));
`;

/** Waits for the line that a program prints. */
async function printed(
  running: Running,
): Promise<{ readonly url: string; readonly pid: number }> {
  const line = await until(() =>
    Promise.resolve(/^\{.*\}$/m.exec(running.out)?.[0])
  );
  return JSON.parse(line);
}

Deno.test({
  name:
    "the npm package works in a new project, without a download after its installation",
  ignore: !required,
  fn: async (t) => {
    await using project = await NpmProject.install();
    await project.write("mock.yaml", CONFIG);
    await project.write("met.yaml", SCRIPT("10s"));
    await project.write("failed.yaml", SCRIPT("1us"));
    await project.write("bad.yaml", "routes: [{ pth: /a }]\nsed: 1\n");

    await t.step(
      "it holds sources' JavaScript and declarations, and no more",
      () => {
        const { files, size } = project.packed;
        const paths = files.map(({ path }) => path);
        for (
          const path of [
            ...["package.json", "README.md", "LICENSE", "npm/bin.cjs"],
            ...["npm/index.js", "npm/index.d.ts", "core/config/text_worker.js"],
            ...["plugins/exporters/correlation/page_client.js"],
          ]
        ) ok(paths.includes(path), path);
        deepEqual(
          paths.filter((path) =>
            /(^|\/)(tests?|node_modules)\//.test(path) ||
            /\.ts$/.test(path) && !/\.d\.ts$/.test(path)
          ),
          [],
        );
        ok(size < 2_000_000, `${size} bytes`);
      },
    );

    await t.step(
      "its first start needs no network and no cache of Deno",
      async () => {
        await using cache = await emptyFolder();
        const { status, out, err } = await project.run("npx", [
          ...["perfmock", "explain", "lognormal(median=120ms, p99=800ms)"],
        ], { DENO_DIR: cache.path });
        equal(status, 0, err);
        match(out, /mean/);
      },
    );

    await t.step(
      "commands end with their exit statuses, and errors are lists",
      async () => {
        equal((await project.npx("--version")).status, 0);
        equal((await project.npx("check", "mock.yaml")).status, 0);
        const bad = await project.npx("check", "bad.yaml");
        equal(bad.status, 2);
        match(bad.err, /Cannot use the configuration: 2 errors/);
        match(bad.err, /at bad\.yaml:1:/);
        equal(/\.js:\d+/.test(bad.err), false, bad.err);
        const none = await project.npx("check");
        equal(none.status, 2);
        match(none.err, /suggestion: npx perfmock check --config FILE/);
        const load = (script: string) =>
          project.npx("load", script, "--config", "mock.yaml");
        equal((await load("met.yaml")).status, 0);
        equal((await load("failed.yaml")).status, 99);
        using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const busy = await project.npx(
          ...["serve", "--config", "mock.yaml", "--port", `${taken.addr.port}`],
        );
        equal(busy.status, 1);
        match(busy.err, /the port is in use/);
      },
    );

    await t.step(
      "neither a project's deno.json nor options of Node.js nor a missing working directory stop it without a word",
      async () => {
        const bin = `${project.path}/node_modules/.bin/perfmock`;
        for (const text of ["{ broken", '{ "nodeModulesDir": "none" }']) {
          await project.write("deno.json", text);
          const { status, err } = await project.run(bin, [
            ...["check", "mock.yaml"],
          ]);
          equal(status, 0, err);
        }
        await Deno.remove(`${project.path}/deno.json`);
        await project.write(
          "stopped.mjs",
          'import { startPerfmock } from "perfmock";\nawait (await startPerfmock("mock.yaml")).stop();\n',
        );
        // Both would listen for a debugger.
        const debugged = await project.run("node", ["stopped.mjs"], {
          NODE_OPTIONS: `--inspect=127.0.0.1:${freePort()}`,
        });
        equal(debugged.status, 0, debugged.err);
        const gone = await project.run("sh", [
          ...[
            "-c",
            'mkdir gone && cd gone && rmdir ../gone && exec "$0" check',
          ],
          bin,
        ]);
        equal(gone.status, 1);
        match(gone.err, /its working directory does not exist any more/);
        equal(gone.err.trimEnd().split("\n").length, 1, gone.err);
      },
    );

    await t.step(
      "a server that can no longer read the program's messages says so, and ends",
      async () => {
        await project.write(
          "channel.mjs",
          `import { Connection } from "./node_modules/perfmock/npm/connection.js";
import { spawnDeno } from "./node_modules/perfmock/npm/spawn_deno.js";
const spawned = spawnDeno(new URL("./node_modules/perfmock/npm/deno_server.js", import.meta.url), [], { env: process.env, stdin: "ignore" });
const connection = new Connection(spawned);
await connection.start({ config: { routes: [] }, placeholders: false }, { frames: "" });
// Half of a surrogate pair, which Deno does not read.
spawned.child.send("\\ud800");
console.log(await connection.ask({ kind: "call", method: "GET", path: "/stats" }, { frames: "" }).catch((error) => error.message));
`,
        );
        const { status, out, err } = await project.run("node", ["channel.mjs"]);
        equal(status, 0, err);
        match(out, /its process ended with the exit status 1/);
        match(err, /^Cannot go on serving: messages of the program/m);
      },
    );

    await t.step("find runs an experiment on a command", async () => {
      await project.write(
        "find.yaml",
        'command: "curl -s $PERFMOCK_URL/fast"\nroutes: [fast]\nloads: 24\n',
      );
      const { status, out, err } = await project.npx(
        ...["find", "find.yaml", "--config", "mock.yaml", "--port", "0"],
        ...["--out", "find.html"],
      );
      equal(status, 0, err);
      match(out, /fast/);
    });

    // npx passes signals on to a shell, and that only SIGTERM can end while it waits for the command.
    for (
      const [signal, programs] of [
        ["SIGINT", ["node"]],
        ["SIGTERM", ["npx", "node"]],
      ] as const
    ) {
      for (const program of programs) {
        await t.step(`${signal} to ${program} drains the server`, async () => {
          const args = program === "npx"
            ? ["perfmock"]
            : ["node_modules/perfmock/npm/bin.cjs"];
          await using running = project.start(program, [...args, ...SERVE]);
          const { url, pid } = await project.ready();
          const answer = fetch(new URL("/slow", url)).then((r) => r.text());
          await until(async () => await inFlight(url) === 1 ? true : undefined);
          Deno.kill(running.pid, signal);
          equal(await answer, "slow");
          const { status, signal: ending, out } = await running.ended;
          // npx itself ends by the signal, as npm has it.
          if (program === "npx") ok(status === 0 || ending === signal, out);
          else equal(status, 0);
          match(out, /Draining, 1 under way/);
          await gone(pid);
        });
      }
    }

    await t.step("a second signal ends the server at once", async () => {
      await using running = project.start("node", [
        "node_modules/perfmock/npm/bin.cjs",
        ...SERVE,
      ]);
      const { url, pid } = await project.ready();
      const answer = fetch(new URL("/long", url)).then(
        () => "answered",
        () => "cut",
      );
      await until(async () => await inFlight(url) === 1 ? true : undefined);
      Deno.kill(running.pid, "SIGINT");
      await until(() =>
        Promise.resolve(running.out.includes("Draining") || undefined)
      );
      // Signals that follow at once count as one, since npx passes on those of the terminal.
      await new Promise((resolve) => setTimeout(resolve, 400));
      Deno.kill(running.pid, "SIGINT");
      equal((await running.ended).status, 130);
      equal(await answer, "cut");
      await gone(pid);
    });

    await t.step("SIGHUP reads the configuration again", async () => {
      await using running = project.start("node", [
        "node_modules/perfmock/npm/bin.cjs",
        ...SERVE,
      ]);
      const { url } = await project.ready();
      await project.write("mock.yaml", CONFIG.replace("ok: true", "ok: 2"));
      Deno.kill(running.pid, "SIGHUP");
      await until(async () => {
        const { ok } = await (await fetch(new URL("/fast", url))).json();
        return ok === 2 || undefined;
      });
      await project.write("mock.yaml", CONFIG);
      Deno.kill(running.pid, "SIGTERM");
      equal((await running.ended).status, 0);
    });

    await t.step(
      "on a terminal there are colours, and Ctrl-C drains once",
      async () => {
        const terminal = (env: Readonly<Record<string, string>>) =>
          project.start(
            "script",
            ["-qefc", `npx perfmock ${SERVE.join(" ")}`, "/dev/null"],
            { env: { TERM: "xterm", ...env }, stdin: "piped" },
          );
        for (
          const [env, coloured] of [[{}, true], [{ NO_COLOR: "1" }, false]]
        ) {
          await using running = terminal(env as Record<string, string>);
          const { pid } = await project.ready();
          await running.type("\x03");
          const { status, out } = await running.ended;
          // npx itself ends by the signal, as npm has it.
          ok([0, 130].includes(status), `${status}: ${out}`);
          match(out, /Draining, 0 under way/);
          equal(out.includes("\x1b[1mperfmock on"), coloured, out);
          await gone(pid);
        }
        await using piped = project.start("npx", ["perfmock", ...SERVE]);
        const { pid } = await project.ready();
        Deno.kill(piped.pid, "SIGTERM");
        const { out } = await piped.ended;
        match(out, /perfmock on/);
        equal(out.includes("\x1b["), false, out);
        await gone(pid);
      },
    );

    await t.step(
      "no server outlives the command, however that ends",
      async () => {
        for (const program of ["npx", "node"]) {
          const args = program === "npx"
            ? ["perfmock"]
            : ["node_modules/perfmock/npm/bin.cjs"];
          await using running = project.start(program, [...args, ...SERVE]);
          const { pid } = await project.ready();
          Deno.kill(running.pid, "SIGKILL");
          await gone(pid);
        }
      },
    );

    await t.step(
      "no server outlives a program, however that ends",
      async () => {
        await project.write("serve.mjs", PROGRAM);
        await project.write(
          "busy.mjs",
          PROGRAM + `
setInterval(() => server.stats(), 1);
server.load({ scenarios: { s: { executor: "arrival-rate", rate: "200/s", duration: "10m", requests: [{ path: "/fast" }] } } });
setTimeout(() => { for (;;); }, 300);
`,
        );
        // An answer lies in the channel that the program never reads: the system then resets the channel.
        await project.write(
          "unread.mjs",
          `${PROGRAM}\nvoid server.stats();\nsetTimeout(() => { for (;;); });\n`,
        );
        await project.write("over.mjs", `${PROGRAM}\nprocess.exit(3);\n`);
        for (const name of ["serve.mjs", "unread.mjs", "busy.mjs"]) {
          await using running = project.start("node", [name]);
          const { url, pid } = await printed(running);
          equal(
            (await fetch(new URL("/fast", url)).then((r) => r.json())).ok,
            true,
          );
          // The program is busy by then, and has not read the last messages.
          if (name !== "serve.mjs") {
            await new Promise((resolve) => setTimeout(resolve, 600));
          }
          Deno.kill(running.pid, "SIGKILL");
          await gone(pid);
        }
        await using over = project.start("node", ["over.mjs"]);
        const { pid } = await printed(over);
        equal((await over.ended).status, 3);
        await gone(pid);
      },
    );

    await t.step(
      "a configuration error in a program is a list and the program's own stack",
      async () => {
        await project.write(
          "wrong.mjs",
          `import { startPerfmock } from "perfmock";
await startPerfmock("bad.yaml");
`,
        );
        const { status, err } = await project.run("node", ["wrong.mjs"]);
        equal(status, 1);
        match(err, /PerfmockError: Cannot use the configuration: 2 errors/);
        match(err, /at bad\.yaml:1:/);
        match(err, /wrong\.mjs:2:/);
        equal(/at .*node_modules\/perfmock/.test(err), false, err);
      },
    );

    await t.step("the tests of docs/node.md pass", async () => {
      const page = await Deno.readTextFile(`${root}/docs/node.md`);
      const [, block] =
        /```js ignore\n(\/\/ orders\.test\.mjs\n[^]*?)```/.exec(page) ?? [];
      ok(block !== undefined);
      await project.write("orders.test.mjs", block);
      const { status, out } = await project.run("node", [
        ...["--test", "orders.test.mjs"],
      ]);
      equal(status, 0, out);
      match(out, /^# pass 1$/m);
    });

    await t.step("a plugin takes its contract from the package", async () => {
      await project.write(
        "twice.ts",
        `import { definePlugin, type Plugin } from "perfmock/plugin";
const plugin: Plugin = definePlugin({
  name: "twice",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "twice",
      parameters: ({ z, duration }) => z.strictObject({ of: duration({ above: 0 }) }),
      create: ({ of }: { of: number }) => ({ quantile: () => 2 * of }),
    }],
  },
});
export default plugin;
`,
      );
      await project.write(
        "plugin.yaml",
        "plugins: { ./twice.ts: {} }\nroutes: [{ id: r, path: /r, serviceTime: { twice: { of: 21ms } } }]\n",
      );
      const { status, out, err } = await project.npx(
        ...["draw", "--route", "r", "--sequence", "0"],
        ...["--config", "plugin.yaml"],
      );
      equal(status, 0, err);
      match(out, /42/);
    });

    await t.step(
      "a plugin that imports the names of JSR, or a package that is not installed, is told the right ones",
      async () => {
        await project.write(
          "jsr.ts",
          'export { default } from "@perfmock/perfmock/plugin";\n',
        );
        await project.write(
          "names.yaml",
          "plugins: { ./jsr.ts: {}, mine: {} }\nroutes: []\n",
        );
        const { status, err } = await project.npx("check", "names.yaml");
        equal(status, 2);
        match(err, /suggestion: import "perfmock\/plugin"/);
        match(err, /"mine": there is .* no installed package of this name/);
      },
    );

    await t.step("two copies of the package run at once", async () => {
      const copy = "node_modules/other/node_modules/perfmock";
      await Deno.mkdir(`${project.path}/node_modules/other/node_modules`, {
        recursive: true,
      });
      await copyFolder(
        `${project.path}/node_modules/perfmock`,
        `${project.path}/${copy}`,
      );
      await project.write(
        "copies.mjs",
        `import * as one from "perfmock";
import * as other from "./${copy}/npm/index.js";
const servers = await Promise.all([one.startPerfmock("mock.yaml"), other.startPerfmock("mock.yaml")]);
for (const { url } of servers) console.log((await fetch(new URL("/fast", url))).status);
const error = await other.startPerfmock("bad.yaml").catch((error) => error);
console.log(one.startPerfmock !== other.startPerfmock, error.name, error.code);
await Promise.all(servers.map((server) => server.stop()));
`,
      );
      const { status, out, err } = await project.run("node", ["copies.mjs"]);
      equal(status, 0, err);
      equal(out, "200\n200\ntrue PerfmockError CONFIG_INVALID\n");
    });

    await t.step(
      "workers that want one port get an error that says what to do",
      async () => {
        await project.write(
          "workers.mjs",
          `import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { startPerfmock } from "perfmock";
if (isMainThread) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  const results = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  console.log(JSON.stringify(results.toSorted()));
  await Promise.all(workers.map((worker) => worker.terminate()));
  process.exit();
} else {
  const result = await startPerfmock("mock.yaml", { port: ${freePort()} }).then(() => "started", (error) => error.message);
  parentPort.postMessage(result);
}
`,
        );
        const { status, out, err } = await project.run("node", ["workers.mjs"]);
        equal(status, 0, err);
        const results: string[] = JSON.parse(out);
        equal(results.filter((result) => result === "started").length, 1, out);
        for (const result of results.filter((result) => result !== "started")) {
          match(result, /the port is in use \[PORT_IN_USE\]/);
          match(result, /suggestion: port 0 for a server in each worker/);
        }
      },
    );

    await t.step(
      "an unsupported Node.js, or machine, is told in a sentence",
      async () => {
        const as = (key: string, value: string, more = "") =>
          project.run("node", [
            "-e",
            `Object.defineProperty(process, "${key}", { value: ${value} });
process.argv.splice(1, 0, "perfmock");
${more}require("./node_modules/perfmock/npm/bin.cjs");`,
          ]);
        const old = await as(
          "versions",
          `{ ...process.versions, node: "18.20.0" }`,
        );
        equal(old.status, 1);
        match(old.err, /^Cannot start perfmock: it needs Node\.js 20 or later/);
        const strange = await as("platform", '"freebsd"');
        equal(strange.status, 1);
        match(
          strange.err,
          /^Cannot start perfmock: there is no program of Deno for freebsd-\S+, only for linux-x64-glibc/,
        );
        for (const { err } of [old, strange]) {
          equal(err.trimEnd().split("\n").length, 1, err);
        }
        const imported = await project.run("node", [
          "--input-type=module",
          "-e",
          `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.0" } });
const { startPerfmock } = await import("perfmock");
console.log(await startPerfmock({}).catch((error) => error.message));`,
        ]);
        match(imported.out, /^Cannot start perfmock: it needs Node\.js 20/);
      },
    );
  },
});

/** Number of requests that a server is answering. */
async function inFlight(url: string): Promise<number> {
  const { inFlight } = await (await fetch(
    new URL("/_perfmock/stats", url),
  )).json();
  return inFlight;
}

async function emptyFolder(): Promise<
  { readonly path: string } & AsyncDisposable
> {
  const path = await Deno.makeTempDir({ prefix: "perfmock-real-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
