import { equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { folderWith } from "../support/plugins.ts";

const MOD = fileURLToPath(new URL("../../mod.ts", import.meta.url));

const CONFIG = `server: { port: 0 }
routes: [ { id: first, path: /first, serviceTime: 5ms, response: { json: {} } } ]
`;

const PROGRAM = `
const response = await fetch(new URL("/first", Deno.env.get("PERFMOCK_URL")));
await response.text();
await new Promise((resolve) => setTimeout(resolve, 100 * Math.random()));
`;

Deno.test("a signal ends find with 130 and the answer so far", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "page.js": PROGRAM,
    "s.yaml":
      `command: '"${Deno.execPath()}" run --no-config -A page.js'\nprecision: 0.001\n`,
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MOD, "find", "s.yaml", "--config", "c.yaml"],
    cwd: folder.path,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const out = new Response(child.stdout).text();
  let err = "";
  for await (
    const part of child.stderr.pipeThrough(new TextDecoderStream())
  ) {
    err += part;
    // The plan is printed: the loads of the plan have begun.
    if (err.includes("Plan: ")) {
      setTimeout(() => child.kill("SIGINT"), 1500);
      err = err.replace("Plan: ", "Plan; ");
    }
  }
  const { code } = await child.status;
  equal(code, 130, err);
  match(await out, /first/);
  match(await out, /interrupted/);
});

Deno.test("a module of actions that never ends to load ends with the experiment's time, and by a signal", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "endless.ts":
      "console.error('loading');\nawait new Promise(() => {});\nexport default () => {};\n",
    "short.yaml": "page: { url: /, actions: endless.ts }\nduration: 300ms\n",
    "long.yaml": "page: { url: /, actions: endless.ts }\n",
  });
  const start = (script: string) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MOD, "find", script, "--config", "c.yaml"],
      cwd: folder.path,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  const short = await start("short.yaml").output();
  const err = new TextDecoder().decode(short.stderr);
  equal(short.code, 2, err);
  match(err, /its duration was over after 0 loads, while its probe started/);
  const long = start("long.yaml");
  let text = "";
  for await (const part of long.stderr.pipeThrough(new TextDecoderStream())) {
    if (text === "") long.kill("SIGTERM");
    text += part;
  }
  equal((await long.status).code, 130, text);
  match(
    text,
    /^loading\nCannot find the bottleneck: it was interrupted after 0 loads, while its probe started \[FIND_FAILED\]\n$/,
  );
});
