import { equal, match } from "node:assert/strict";
import { NpmProject } from "./_npm_project.ts";
import { required } from "./_software.ts";

/** Program that uses all that the package declares; one line is wrong on purpose. */
const PROGRAM = `
import { type Issue, PerfmockError, type PerfmockInput, type Session, startPerfmock } from "perfmock";

const config: PerfmockInput = {
  routes: [{ id: "a", path: "/a", serviceTime: { lognormal: { median: "2ms", p99: "9ms" } }, response: { json: [] } }],
};
await using server = await startPerfmock(config, { seed: 7, env: process.env });
await using session: Session = await server.session({ name: "w1" });
const arrivals: number = (await session.stats()).routes["a"]?.arrivals ?? 0;
const entries: string[] = (await server.requests({ route: "a", limit: 3 })).map(({ route }) => route);
const { ok, thresholds } = await server.simulate({ scenarios: {
  s: { executor: "arrival-rate", rate: "10/s", duration: "1s", requests: [{ path: "/a" }] },
} });
const error: unknown = await startPerfmock("absent.yaml").catch((error: unknown) => error);
const issues: readonly Issue[] = error instanceof PerfmockError ? error.issues : [];
console.log(JSON.stringify({ arrivals, entries, ok, thresholds, issues: issues.length }));
`;

/** A plugin, which Deno loads: it is compiled, and not run here. */
const PLUGIN = `
import { definePlugin, type Plugin } from "perfmock/plugin";

const plugin: Plugin = definePlugin({
  name: "own",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "own",
      parameters: ({ z, duration }) => z.strictObject({ of: duration({ above: 0 }) }),
      create: ({ of }: { of: number }) => ({ quantile: () => of }),
    }],
  },
});
export default plugin;
`;

Deno.test({
  name:
    "the npm package is typed for strict projects, as Node.js and bundlers look modules up, and runs on Bun",
  ignore: !required,
  fn: async (t) => {
    await using project = await NpmProject.install(
      ...["typescript@5.9", "@types/node@20", "bun@1"],
    );
    await project.write(
      "package.json",
      JSON.stringify({ private: true, type: "module" }),
    );
    await project.write("program.ts", PROGRAM);
    await project.write("plugin.ts", PLUGIN);
    await project.write(
      "wrong.ts",
      `import { startPerfmock } from "perfmock";
const server = await startPerfmock({ routes: [{ path: "/a", response: { status: "200" } }] });
server.stop(1);
`,
    );
    const compile = (
      module: string,
      resolution: string,
      ...files: readonly string[]
    ) =>
      project.run("npx", [
        ...["tsc", "--strict", "--target", "es2022"],
        ...["--lib", "esnext", "--types", "node", "--skipLibCheck", "false"],
        ...["--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"],
        ...["--module", module, "--moduleResolution", resolution],
        ...["--outDir", `out-${resolution}`, ...files],
      ]);
    for (
      const [module, resolution] of [
        ["node16", "node16"],
        ["nodenext", "nodenext"],
        ["esnext", "bundler"],
      ]
    ) {
      await t.step(`moduleResolution ${resolution}`, async () => {
        const { status, out } = await compile(
          module,
          resolution,
          "program.ts",
          "plugin.ts",
        );
        equal(out, "");
        equal(status, 0);
        const wrong = await compile(module, resolution, "wrong.ts");
        match(wrong.out, /wrong\.ts\(2,/);
        match(wrong.out, /wrong\.ts\(3,/);
      });
    }
    const expected = `${
      JSON.stringify({
        arrivals: 0,
        entries: [],
        ok: true,
        thresholds: [],
        issues: 1,
      })
    }\n`;
    await t.step("the compiled program runs on Node.js", async () => {
      const { err, out } = await project.run("node", ["out-node16/program.js"]);
      equal(out, expected, err);
    });
    await t.step("the program runs on Bun", async () => {
      const bun = await project.bun();
      const { err, out } = await project.run(bun, ["program.ts"]);
      equal(out, expected, err);
    });
  },
});
