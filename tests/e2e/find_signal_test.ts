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
