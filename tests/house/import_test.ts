import { deepEqual, equal } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { root, sources } from "../../tools/run.ts";

/** All modules, without the scripts of workers: those handle the messages of their thread. */
const modules = (await sources("core", "plugins"))
  .filter((path) => !/(^|[/_])worker\.ts$/.test(path))
  .concat("mod.ts")
  .map((path) => pathToFileURL(`${root}/${path}`).href);

Deno.test("Rule 3: importing every module starts nothing and needs no permission except to read its source", async () => {
  // Writing a coverage profile would need a permission.
  const { DENO_COVERAGE_DIR: _, ...env } = Deno.env.toObject();
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--frozen",
      `--allow-read=${root}`,
      new URL("./_import_all.ts", import.meta.url).href,
      ...modules,
    ],
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
    signal: AbortSignal.timeout(30_000),
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  deepEqual([code, text.decode(stdout), text.decode(stderr)], [
    0,
    "imported",
    "",
  ]);
});

Deno.test("Every module can be imported, so that coverage counts files that no other test loads", async () => {
  const imported = await Promise.all(modules.map((url) => import(url)));
  equal(imported.length, modules.length);
});
