// Runs without the profiler: computes much.
import { equal, match } from "node:assert/strict";
import { denoQuietly, root } from "../../tools/run.ts";
import { serveRegistry } from "./_jsr_registry.ts";

Deno.test("The documented line of `deno install -g` installs the command perfmock, which names itself in hints", async () => {
  const page = await Deno.readTextFile(`${root}/docs/node.md`);
  const [, line] = /^deno (install -g .+)$/m.exec(page) ?? [];
  await using registry = await serveRegistry();
  const folder = await Deno.makeTempDir({ prefix: "perfmock-jsr-" });
  try {
    await Deno.mkdir(`${folder}/cache`);
    const { npmCache } = JSON.parse(
      (await denoQuietly(["info", "--json"])).output,
    );
    await Deno.symlink(npmCache, `${folder}/cache/npm`);
    // The installed command runs the `deno` of the PATH.
    await Deno.mkdir(`${folder}/bin`);
    await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
    const { DENO_COVERAGE_DIR: _, PATH = "", ...env } = Deno.env.toObject();
    const run = async (program: string, args: readonly string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args: [...args],
        cwd: folder,
        clearEnv: true,
        env: {
          ...env,
          PATH: `${folder}/bin:${PATH}`,
          JSR_URL: registry.url,
          DENO_DIR: `${folder}/cache`,
          DENO_INSTALL_ROOT: folder,
          NO_COLOR: "1",
        },
      }).output();
      const text = new TextDecoder();
      return {
        code,
        out: text.decode(stdout),
        err: text.decode(stderr),
      };
    };
    const installed = await run(Deno.execPath(), line.split(" "));
    equal(installed.code, 0, installed.err);
    const { code, err } = await run(`${folder}/bin/perfmock`, ["check"]);
    equal(code, 2, err);
    match(err, /suggestion: perfmock check --config FILE/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
