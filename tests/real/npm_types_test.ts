import { deepEqual, equal } from "node:assert/strict";
import { ENTRY_POINTS } from "../../tools/npm_package.ts";
import { NpmProject } from "./_npm_project.ts";
import { required } from "./_software.ts";

/** Program that uses all that the package declares; one line is wrong on purpose. */
const PROGRAM = `
import { type Issue, PerfmockError, type PerfmockInput, type Session, startPerfmock } from "perfmock";

declare module "perfmock" {
  interface PluginRouteKeys {
    readonly coldStart?: { readonly after: string };
  }
}

/** Checked, and not run: there is no such plugin. */
export const further: PerfmockInput = {
  "x-parts": { times: ["2ms"] },
  plugins: {
    "./cold_start.ts": {},
    distributions: { profiles: { quick: "normal(mean=2ms, sd=1ms)" } },
    limiter: { pools: { db: { concurrency: 4, queue: 20 } } },
  },
  presets: { slow: { backend: { scale: 3 }, routes: { a: { serviceTime: "1s", wire: null } } } },
  routes: [
    { path: "/b", coldStart: { after: "1m" }, limiter: "db", serviceTime: { bimodal: { fast: "quick", slow: "9ms", slowShare: 0.1 } } },
    { path: "/c", method: ["GET", "POST"], serviceTime: { lognormal: { median: "2ms", p95: "5ms" } }, response: { status: 201, json: { a: [1] } } },
    { path: "/d", faults: [{ share: 0.1, status: 503 }, { share: 0.1, action: "hang" }] },
  ],
};
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

/** Lines that are wrong, each in one way. */
const WRONG = [
  'await startPerfmock({ routes: [{ path: "/a", response: { status: "200" } }] });',
  "server.stop(1);",
  "await startPerfmock({ sed: 1 });",
  'await startPerfmock({ routes: [{ path: "/a", serviceTme: "5ms" }] });',
  'await startPerfmock({ routes: [{ path: "/a", serviceTime: { lognormall: { median: "5ms" } } }] });',
  'await startPerfmock({ routes: [{ path: "/a", response: { jsn: 1 } }] });',
  "await startPerfmock({ plugins: { limiter: { pools: { db: { concurency: 1 } } } } });",
  "await startPerfmock({ presets: { slow: { bakend: { scale: 3 } } } });",
  'await startPerfmock({ presets: { slow: { routes: { a: { servicetime: "1s" } } } } });',
  "await startPerfmock({}, { sed: 1 });",
  'await server.session({ routes: { a: { servicetime: "1ms" } } });',
  "await server.update({ sesions: { limit: 3 } });",
];

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

/** Package with the program of Node.js for this machine. */
const OLDEST = `node-${Deno.build.os}-${
  Deno.build.arch === "x86_64" ? "x64" : "arm64"
}`;

/** Loads each entry point that the arguments name. */
const LOAD = `
for (const name of process.argv.slice(2)) {
  await import(name).catch((error) => { console.log(name, String(error)); });
}
console.log(process.version);
`;

Deno.test({
  name:
    "the npm package is typed for strict projects, as Node.js and bundlers look modules up, and runs on Bun",
  ignore: !required,
  fn: async (t) => {
    await using project = await NpmProject.install(
      ...["typescript@5.9", "@types/node@20", "bun@1"],
      ...["@playwright/test@1.57.0", `${OLDEST}@20.0.0`],
    );
    await project.write(
      "package.json",
      JSON.stringify({ private: true, type: "module" }),
    );
    await project.write("program.ts", PROGRAM);
    await project.write("plugin.ts", PLUGIN);
    await project.write(
      "wrong.ts",
      [
        'import { startPerfmock } from "perfmock";',
        "const server = await startPerfmock();",
        ...WRONG,
        "",
      ].join("\n"),
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
        // Types of zod need it there.
        ...resolution === "node10" ? ["--esModuleInterop"] : [],
        ...["--outDir", `out-${resolution}`, ...files],
      ]);
    for (
      const [module, resolution] of [
        ["node16", "node16"],
        ["nodenext", "nodenext"],
        ["esnext", "bundler"],
        ["esnext", "node10"],
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
        const lines = [...wrong.out.matchAll(/^wrong\.ts\((\d+),/gm)]
          .map(([, line]) => Number(line));
        deepEqual(
          [...new Set(lines)],
          WRONG.map((_, index) => index + 3),
          wrong.out,
        );
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
    await t.step(
      "the oldest Node.js that the package takes loads each entry point",
      async () => {
        await project.write("load.mjs", LOAD);
        const { err, out } = await project.run(
          `${project.path}/node_modules/${OLDEST}/bin/node`,
          [
            "load.mjs",
            ...Object.keys(ENTRY_POINTS).map((name) =>
              name.replace(".", "perfmock")
            ),
          ],
        );
        equal(out, "v20.0.0\n", err);
      },
    );
    await t.step("the program runs on Bun", async () => {
      const bun = await project.bun();
      const { err, out } = await project.run(bun, ["program.ts"]);
      equal(out, expected, err);
    });
  },
});
