// Runs without the profiler: starts processes.
import { ok } from "node:assert/strict";
import { until } from "../support/wait.ts";

/** Start of each program: it starts the server's process, and prints its process id. */
const START = `
import { callSite } from ${from("../../npm/call_site.ts")};
import { Connection } from ${from("../../npm/connection.ts")};
import { spawnDeno } from ${from("../../npm/spawn_deno.ts")};
const spawned = spawnDeno(
  new URL(${from("../../npm/deno_server.ts")}),
  [],
  { env: Deno.env.toObject(), stdin: "ignore" },
);
const connection = new Connection(spawned);
console.log(spawned.child.pid);
const site = callSite(() => {});
const start = (config) => connection.start({ config, placeholders: false }, site);
const call = (path) => connection.ask({ kind: "call", method: "GET", path }, site).catch(() => {});
const block = () => { console.log("ready"); for (;;); };
const ready = () => { console.log("ready"); setInterval(() => {}, 1000); };
`;

const ROUTES = `routes: [{ id: "a", path: "/a", response: { json: [] } }]`;

/** Programs that are killed once they have printed "ready", by the state in which that finds the server. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "is idle": `await start({ ${ROUTES} }); ready();`,
  "has answered, and the program has not read it": `
    await start({ ${ROUTES} });
    void call("/stats");
    await new Promise((resolve) => setTimeout(resolve, 1));
    block();`,
  "waits to send, since the channel is full": `
    await start({ ${ROUTES} });
    for (let i = 0; i < 300; i++) void call("/openapi.json");
    await new Promise((resolve) => setTimeout(resolve, 1));
    block();`,
  "runs a load": `
    const { url } = await start({ ${ROUTES} });
    void connection.ask({ kind: "load", script: { scenarios: { s: {
      executor: "arrival-rate", rate: "200/s", duration: "10m", requests: [{ path: "/a" }],
    } } } }, site);
    await (await fetch(url + "a")).text();
    ready();`,
  "is busy for ever, in a plugin": `
    const { url } = await start({ plugins: { ${
    from("./_endless_plugin.ts")
  }: {} }, ${ROUTES} });
    fetch(url + "a").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    ready();`,
  "starts": `void start({ ${ROUTES} }); ready();`,
  "has been told to stop": `
    await start({ ${ROUTES} });
    void connection.stop();
    block();`,
  "stops, and a plugin does not end": `
    await start({ plugins: { ${
    from("./_stubborn_plugin.ts")
  }: {} }, ${ROUTES} });
    void connection.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    ready();`,
};

/** A file beside this one, as a text in a program. */
function from(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}

/** True as long as a process runs. One that nobody has asked for its exit status does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    return !/\) Z /.test(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Starts a program, and waits until it says that it is ready. */
async function started(
  program: string,
): Promise<{ readonly child: Deno.ChildProcess; readonly server: number }> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, program);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, file],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("ready")) break;
  }
  await Deno.remove(file);
  ok(text.includes("ready"), text);
  return { child, server: parseInt(text) };
}

const CONFIG = decodeURIComponent(
  new URL("../../deno.json", import.meta.url).pathname,
);

for (const [state, program] of Object.entries(PROGRAMS)) {
  Deno.test({
    name: `A server whose program is killed ends, even if it ${state}`,
    // Processes are looked up in /proc.
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await endsWith(START + program);
    },
  });
}

for (
  const [state, plugin] of [
    ["is idle", "{}"],
    [
      "is busy for ever, in a plugin",
      `{ ${from("./_endless_plugin.ts")}: {} }`,
    ],
  ]
) {
  Deno.test({
    name: `A command whose program is killed ends, even if it ${state}`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
      try {
        await Deno.writeTextFile(
          `${folder}/mock.yaml`,
          `plugins: ${plugin}\nroutes: [{ id: a, path: /a }]\n`,
        );
        await endsWith(`
import { spawnDeno } from ${from("../../npm/spawn_deno.ts")};
const ready = ${JSON.stringify(`${folder}/ready.json`)};
const { child } = spawnDeno(
  new URL(${from("../../npm/deno_cli.ts")}),
  ["perfmock", "serve", "--quiet", "--port", "0", "--config", ${
          JSON.stringify(`${folder}/mock.yaml`)
        }, "--ready-file", ready],
  { env: Deno.env.toObject(), stdin: "ignore" },
);
console.log(child.pid);
let text;
while (text === undefined) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  text = await Deno.readTextFile(ready).catch(() => undefined);
}
fetch(JSON.parse(text).url + "a").catch(() => {});
await new Promise((resolve) => setTimeout(resolve, 50));
console.log("ready");
setInterval(() => {}, 1000);
`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Starts a program, kills it, and checks that its server ends. */
async function endsWith(program: string): Promise<void> {
  const { child, server } = await started(program);
  ok(server > 0);
  child.kill("SIGKILL");
  await child.status;
  try {
    await until(async () => !await runs(server));
  } finally {
    if (await runs(server)) Deno.kill(server, "SIGKILL");
  }
}
