import { deepEqual, equal, ok, throws } from "node:assert/strict";
import {
  dependencies,
  ENTRY_POINTS,
  neededDeclarations,
  packageJson,
  rewritten,
} from "../../tools/npm_package.ts";
import { parse } from "../../tools/sources.ts";

Deno.test("rewritten() names the emitted files, of workers too, and leaves packages and texts alone", () => {
  const { path, text, imports } = parse(
    "plugins/limiter/mod.ts",
    `import { a } from "../../core/plugin.ts";
import b from "@perfmock/perfmock/degrade";
import { z } from "zod";
import page from "./page.js" with { type: "text" };
export * from "./own.ts";
const script = new URL("./worker.ts", import.meta.url);
const later = () => import("../../mod.ts");
const said = 'write import "./rayleigh.ts"';
`,
  );
  equal(
    rewritten([{ path: "plugins/limiter/mod.js", text, imports }])
      .get("plugins/limiter/mod.js"),
    `import { a } from "../../core/plugin.js";
import b from "../degrade/mod.js";
import { z } from "zod";
import page from "./page.js" with { type: "text" };
export * from "./own.js";
const script = new URL("./worker.js", import.meta.url);
const later = () => import("../../mod.js");
const said = 'write import "./rayleigh.ts"';
`,
  );
  equal(path, "plugins/limiter/mod.ts");
});

Deno.test("neededDeclarations() follows the imports of the entry points", () => {
  const module = (path: string, text: string) => ({ ...parse(path, text), path });
  deepEqual(
    [
      ...neededDeclarations([
        module("npm/index.d.ts", `export type { A } from "../core/a.ts";`),
        module("core/plugin.d.ts", `export type B = import("./b.ts").B;`),
        module("core/a.d.ts", `import { z } from "zod"; export type A = z.A;`),
        module("core/b.d.ts", `export interface B {}`),
        module("core/internal.d.ts", `export {};`),
      ]),
    ].toSorted(),
    ["core/a.d.ts", "core/b.d.ts", "core/plugin.d.ts", "npm/index.d.ts"],
  );
});

Deno.test("dependencies() takes the versions from the import map, and misses none", () => {
  const imports = {
    "hono": "npm:hono@4.13.19",
    "hono/": "npm:/hono@4.13.19/",
    "@xmldom/xmldom": "npm:@xmldom/xmldom@0.9.12",
    "web-vitals/attribution": "npm:web-vitals@6.2.3/attribution",
    "unused": "npm:unused@1.0.0",
  };
  const module = parse(
    "core/a.ts",
    `import "hono/router"; import "node:fs"; import "./b.ts"; import "@perfmock/perfmock/plugin";
import "web-vitals/attribution"; import "@xmldom/xmldom"; import "hono";`,
  );
  deepEqual(dependencies([module], imports), {
    "@xmldom/xmldom": "0.9.12",
    "hono": "4.13.19",
    "web-vitals": "6.2.3",
  });
  throws(
    () => dependencies([parse("core/a.ts", `import "left-pad";`)], imports),
    /deno\.json names no version of left-pad/,
  );
});

Deno.test("packageJson() gives each entry point its types first", () => {
  const { exports, dependencies } = packageJson(
    { version: "1.2.3", license: "MIT" },
    { deno: "2.9.6", dependencies: { zod: "4.0.0" } },
  ) as {
    exports: Record<string, unknown>;
    dependencies: Record<string, string>;
  };
  deepEqual(dependencies, { zod: "4.0.0", deno: "2.9.6" });
  for (const name of Object.keys(ENTRY_POINTS)) {
    const entry = exports[name];
    ok(typeof entry === "object" && entry !== null);
    deepEqual(Object.keys(entry), ["types", "default"]);
  }
});
