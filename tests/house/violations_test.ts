import { deepEqual } from "node:assert/strict";
import {
  boundaries,
  contractIsTypes,
  denoNamespace,
  doors,
  groupMarkers,
  noCircles,
  nodeLoads,
  noJsrImports,
  plainComments,
  shape,
  testsAssert,
  timeAndChance,
} from "./_rules.ts";
import { parse, type Source } from "../../tools/sources.ts";

function one(path: string, text: string): Source[] {
  return [parse(path, text)];
}

Deno.test("parse() finds every kind of import and tells types apart", () => {
  const source = parse(
    "core/a.ts",
    `import type { A } from "./a.ts";
     import { type B } from "./b.ts";
     import c, { type C } from "c";
     import "./d.ts";
     export { e } from "./e.ts";
     export type { F } from "./f.ts";
     export * from "./g.ts";
     const h = await import("./h.ts");
     let i: import("./i.ts").I;
     const j = new URL("./j.ts", import.meta.url);
     const k = [new URL("./k.txt", import.meta.url), new URL("./k.ts", base)];
     // import "./comment.ts";
     const text = 'import "./text.ts"';`,
  );
  deepEqual(source.imports.map((i) => [i.specifier, i.typeOnly, ...i.names]), [
    ["./a.ts", true, "A"],
    ["./b.ts", true, "B"],
    ["c", false, "default", "C"],
    ["./d.ts", false],
    ["./e.ts", false, "e"],
    ["./f.ts", true, "F"],
    ["./g.ts", false, "*"],
    ["./h.ts", false, "import()"],
    ["./i.ts", true, "import()"],
    ["./j.ts", false, "new URL()"],
  ]);
});

Deno.test("parse() finds references, not keys, comments or strings of the same name", () => {
  const { references } = parse(
    "core/a.ts",
    `const started = Date.now(); // Math.random()
     globalThis.setInterval(tick, 10);
     const later = setTimeout;
     const o = { performance: 1 };
     clock.now();
     interface Timers { setTimeout(): void }
     let socket: Deno.Conn;`,
  );
  const wanted = ["Date.now", "setInterval", "setTimeout", "Deno"];
  deepEqual(wanted.filter((name) => !references.has(name)), []);
  const unwanted = ["Math.random", "performance", "performance.now"];
  deepEqual(unwanted.filter((name) => references.has(name)), []);
});

Deno.test("boundaries() reports a plugin that imports the inside of core or another plugin", () => {
  const text = `import type { Plugin } from "../../core/plugin.ts";
    import { z } from "zod";
    import { own } from "./own.ts";
    import { Clock } from "../../core/time/mod.ts";
    import { normal } from "../distributions/mod.ts";
    import { createPerfmock } from "@perfmock/perfmock";`;
  const reason =
    "a plugin may import core/plugin.ts, core/load.ts, core/find.ts, core/import.ts, packages and its own files";
  deepEqual(boundaries(one("plugins/limiter/mod.ts", text)), [
    `plugins/limiter/mod.ts imports ../../core/time/mod.ts: ${reason}`,
    `plugins/limiter/mod.ts imports ../distributions/mod.ts: ${reason}`,
    `plugins/limiter/mod.ts imports @perfmock/perfmock: ${reason}`,
  ]);
});

Deno.test("boundaries() lets core import no plugin", () => {
  const text = `import limiter from "../plugins/limiter/mod.ts";`;
  deepEqual(boundaries(one("core/app.ts", text)), [
    "core/app.ts imports ../plugins/limiter/mod.ts: core may import plugins in core/builtin.ts alone",
  ]);
});

Deno.test("boundaries() covers workers' scripts and types written as import()", () => {
  const text =
    `new Worker(new URL("../limiter/worker.ts", import.meta.url), { type: "module" });
     let pool: import("../limiter/pool.ts").Pool;`;
  const reason =
    "a plugin may import core/plugin.ts, core/load.ts, core/find.ts, core/import.ts, packages and its own files";
  deepEqual(boundaries(one("plugins/load_engine/mod.ts", text)), [
    `plugins/load_engine/mod.ts imports ../limiter/worker.ts: ${reason}`,
    `plugins/load_engine/mod.ts imports ../limiter/pool.ts: ${reason}`,
  ]);
});

Deno.test("boundaries() lets the table of built-in plugins import each plugin by its door", () => {
  const text = `import limiter from "../plugins/limiter/mod.ts";
    import exporters from "../plugins/exporters/mod.ts";
    import { pool } from "../plugins/limiter/pool.ts";
    import type { Plugin } from "./plugin.ts";`;
  deepEqual(boundaries(one("core/builtin.ts", text)), [
    "core/builtin.ts imports ../plugins/limiter/pool.ts: the table of built-in plugins may import each plugin's mod.ts alone",
  ]);
  deepEqual(boundaries(one("core/other.ts", text)).length, 3);
});

Deno.test("noCircles() shows the imports that close a circle, types included", () => {
  const files = [
    parse("core/a.ts", `import { b, type B } from "./b.ts";`),
    parse("core/b.ts", `import type { C } from "./c.ts";`),
    parse("core/c.ts", `const worker = new URL("./a.ts", import.meta.url);`),
    parse("core/d.ts", `import { a } from "./a.ts";`),
  ];
  deepEqual(noCircles(files), [
    "core/a.ts -> core/b.ts: b, B; core/b.ts -> core/c.ts: C; core/c.ts -> core/a.ts: new URL()",
  ]);
  deepEqual(noCircles(files.slice(1)), []);
});

Deno.test("contractIsTypes() reports an import of values", () => {
  const text = `import type { z } from "zod"; import { Hono } from "hono";`;
  deepEqual(contractIsTypes(one("core/contract/values.ts", text)), [
    "core/contract/values.ts imports hono: the contract may import types alone",
  ]);
});

Deno.test("doors() reports imports that bypass a folder's mod.ts", () => {
  const files = [
    parse("core/time/mod.ts", `export * from "./precise_clock.ts";`),
    parse("core/time/precise_clock.ts", `import { heap } from "./_heap.ts";`),
    parse("core/time/_heap.ts", ""),
    parse("core/routes/match.ts", ""),
    parse(
      "core/app.ts",
      `import { PreciseClock } from "./time/precise_clock.ts";
       import { Clock } from "./time/mod.ts";
       import { match } from "./routes/match.ts";
       import { heap } from "./time/_heap.ts";`,
    ),
    parse(
      "core/plugin.ts",
      `import type { Clock } from "./time/precise_clock.ts";`,
    ),
  ];
  deepEqual(doors(files), [
    "core/app.ts imports ./time/precise_clock.ts: core/time/mod.ts is the only door of its folder",
    "core/app.ts imports ./time/_heap.ts: a file whose name starts with _ is for its own folder",
  ]);
});

Deno.test("noJsrImports() reports imports from JSR", () => {
  deepEqual(
    noJsrImports(one("core/a.ts", `import "jsr:@std/assert@1";`)),
    ["core/a.ts imports jsr:@std/assert@1"],
  );
});

Deno.test("timeAndChance() allows core/lib/time, core/cli and worker scripts", () => {
  const text = "export const t = performance.now();";
  const paths = [
    "core/lib/time/precise_clock.ts",
    "core/cli/serve.ts",
    "plugins/resource_stress/cpu_worker.ts",
    "plugins/resource_stress/cpu.ts",
  ];
  deepEqual(timeAndChance(paths.flatMap((path) => one(path, text))), [
    "plugins/resource_stress/cpu.ts refers to performance.now",
  ]);
});

Deno.test("denoNamespace() allows serving, reading files, stress and the CLI", () => {
  const text = "export const text = Deno.readTextFileSync('x');";
  const paths = [
    "core/server/serve.ts",
    "core/config/read.ts",
    "core/config/read_yaml.ts",
    "core/cli/main.ts",
    "plugins/distributions/_read.ts",
    "plugins/resource_stress/memory.ts",
    "core/config/thread.ts",
  ];
  deepEqual(denoNamespace(paths.flatMap((path) => one(path, text))), [
    "core/config/thread.ts refers to Deno.readTextFileSync",
  ]);
});

Deno.test("shape() reports long files and names that are not snake_case", () => {
  deepEqual(
    shape([
      ...one("core/preciseClock.ts", ""),
      ...one("core/long.ts", "\n".repeat(601)),
      ...one("core/precise_clock.ts", "\n".repeat(600)),
    ]),
    [
      "core/preciseClock.ts is not named in snake_case",
      "core/long.ts has 601 lines, allowed are 600",
    ],
  );
});

Deno.test("testsAssert() reports tests that cannot fail", () => {
  deepEqual(
    testsAssert([
      ...one("tests/a_test.ts", `Deno.test("a", () => {});`),
      ...one(
        "tests/b_test.ts",
        `import { ok } from "node:assert/strict"; Deno.test.only("b", ok);`,
      ),
      ...one("tests/c_test.ts", `import { ok } from "node:assert/strict";`),
      ...one(
        "tests/d_test.ts",
        `import { check } from "./_helper.ts"; Deno.test("d", check);`,
      ),
      ...one("tests/_helper.ts", `import { ok } from "node:assert/strict";`),
      ...one(
        "tests/e_test.ts",
        `import { ok } from "node:assert/strict"; import { eachEngine } from "./engines.ts"; eachEngine.test("e", ok);`,
      ),
    ]),
    [
      "tests/a_test.ts imports no assertion",
      "tests/b_test.ts uses Deno.test.only",
      "tests/c_test.ts registers no Deno.test",
    ],
  );
});

Deno.test("groupMarkers() reports markers that are misspelt, late, or more than one", () => {
  const right = "// Runs alone, without the profiler: measures time.\n";
  const end = `import { ok } from "node:assert/strict";\n`;
  deepEqual(
    groupMarkers([
      ...one("tests/a_test.ts", `// Runs alone: measures time.\n${end}`),
      ...one("tests/b_test.ts", `/** Runs without a profiler. */\n${end}`),
      ...one("tests/c_test.ts", right + right + end),
      ...one("tests/d_test.ts", end + right),
      ...one("tests/e_test.ts", right + end),
      ...one("tests/f_test.ts", `const text = "runs alone";`),
    ]),
    [
      "tests/a_test.ts has an unknown marker: // Runs alone: measures time.",
      "tests/b_test.ts has an unknown marker: /** Runs without a profiler. */",
      "tests/c_test.ts has 2 markers",
      "tests/d_test.ts has a marker below its first import",
    ],
  );
});

Deno.test("plainComments() reports sentences that begin with a word for an unnamed subject, in comments only", () => {
  deepEqual(
    plainComments(one(
      "core/a.ts",
      [
        "/** What is left. */",
        "/**",
        " * Number of those. Who asks waits.",
        " */",
        "// Whether it ends.",
        "// Says what is left, and how.",
        'const text = "x. What now";',
      ].join("\n"),
    )),
    [
      'core/a.ts:1 begins a sentence with "What"',
      'core/a.ts:3 begins a sentence with "Who"',
      'core/a.ts:5 begins a sentence with "Whether"',
    ],
  );
});

Deno.test("nodeLoads() reports newer syntax of all modules that Node.js loads, and newer names of those that it runs", () => {
  const files = [
    ...one(
      "npm/index.ts",
      'import "../core/a.ts"; import type { C } from "./c.ts"; const w = new WebSocket("ws://a");',
    ),
    ...one(
      "core/a.ts",
      'import data from "./b.json" with { type: "json" }; export const a = Promise.try(f);',
    ),
    ...one("npm/c.ts", "using c = open();"),
    ...one(
      "core/plugin.ts",
      "export function* f() { using a = open(); const b = URL.parse(c); }",
    ),
    ...one("npm/jest.ts", 'const load = () => import("./lazy.ts");'),
    ...one("npm/lazy.ts", "for (await using d of e) f(d, /(?i:g)/);"),
    ...one(
      "npm/cli.ts",
      'navigator.hardwareConcurrency; new Worker(new URL("./c.ts", import.meta.url));',
    ),
  ];
  const lacks = (text: string) => `${text}, which Node.js 20 lacks`;
  deepEqual(nodeLoads(files).toSorted(), [
    lacks("core/a.ts has import attributes"),
    lacks("core/a.ts refers to Promise.try"),
    lacks("core/plugin.ts has using"),
    lacks("npm/cli.ts refers to navigator"),
    lacks("npm/index.ts refers to WebSocket"),
    lacks("npm/lazy.ts has await using"),
    lacks("npm/lazy.ts has modifiers in a regular expression"),
  ]);
});
