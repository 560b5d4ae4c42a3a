import { deepEqual, ok } from "node:assert/strict";
import { denoQuietly } from "../../tools/run.ts";
import { folderWith } from "../support/plugins.ts";
import { serveRegistry } from "./_jsr_registry.ts";

const MAIN = `
import { createPerfmock } from "jsr:@perfmock/perfmock@0.1";

await using server = await createPerfmock({ plugins: { resource_stress: { spareCore: false } } });
const scenarios = new URL("_perfmock/resource_stress/scenarios", server.url);
const body = JSON.stringify({ cpu: { load: 0.2 }, memory: { size: "8MiB" } });
const { id } = await (await fetch(scenarios, { method: "POST", body })).json();
for (;;) {
  const { state, reason, resources } = await (await fetch(scenarios + "/" + id)).json();
  if (state === "ended") throw new Error(reason);
  if (resources.memory.held === 2 ** 23 && resources.cpu.achieved > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const { scenarios: [{ reason }] } = await (await fetch(scenarios, { method: "DELETE" })).json();
console.log(reason);
`;

Deno.test("Stress threads start where perfmock was imported through the JSR protocol", async () => {
  await using registry = await serveRegistry();
  await using project = await folderWith({ "main.ts": MAIN });
  // A cache of its own, since the port will mean another working copy next time; npm's packages are shared.
  await Deno.mkdir(`${project.path}/cache`);
  const { npmCache } = JSON.parse(
    (await denoQuietly(["info", "--json"])).output,
  );
  await Deno.symlink(npmCache, `${project.path}/cache/npm`);
  const { DENO_COVERAGE_DIR: _, ...env } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--no-config", "main.ts"],
    cwd: project.path,
    clearEnv: true,
    env: {
      ...env,
      JSR_URL: registry.url,
      DENO_DIR: `${project.path}/cache`,
      NO_COLOR: "1",
    },
    signal: AbortSignal.timeout(30_000),
  }).output();
  const text = new TextDecoder();
  deepEqual(
    [code, text.decode(stdout)],
    [0, "it was told to\n"],
    text.decode(stderr),
  );
  ok(
    registry.served.has(
      "/@perfmock/perfmock/0.1.0/plugins/resource_stress/cpu_worker.ts",
    ),
  );
});
