import { deepEqual, equal, ok } from "node:assert/strict";
import {
  ENTRY_POINTS,
  packaged,
  packageJson,
  scripts,
} from "../../tools/npm_package.ts";

const MODULE = `
import page from "./page.js" with { type: "text" };
const one = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const two = new URL(
  "../lib/other_worker.ts",
  import.meta.url,
);
const said = 'write import "./rayleigh.ts"';
const elsewhere = new URL("./rayleigh.ts", folder);
`;

Deno.test("scripts() finds the scripts that a module starts", () => {
  deepEqual(scripts("core/config/reader.ts", MODULE), [
    "core/config/worker.ts",
    "core/lib/other_worker.ts",
  ]);
});

Deno.test("packaged() addresses the emitted scripts, and leaves texts and files of users alone", () => {
  equal(
    packaged("core/config/reader.js", MODULE),
    MODULE.replace("./worker.ts", "./worker.js")
      .replace("other_worker.ts", "other_worker.js"),
  );
});

Deno.test("packaged() takes the version from the package.json", () => {
  const text = `import config from "../deno.json" with { type: "json" };`;
  equal(
    packaged("core/version.js", text),
    `import config from "../package.json" with { type: "json" };`,
  );
  equal(packaged("core/other.js", text), text);
});

Deno.test("packageJson() pins the tested versions, and gives each entry point its types first", () => {
  const { exports, dependencies, optionalDependencies } = packageJson(
    {
      version: "1.2.3",
      license: "MIT",
      dependencies: {
        "zod": "^4.6.7",
        "@x/y": "^1.0.0",
        "@playwright/test": "^1.57.0",
      },
    },
    { deno: "2.9.6" },
  ) as {
    exports: Record<string, unknown>;
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  deepEqual(dependencies, { "zod": "4.6.7", "@x/y": "1.0.0" });
  equal(optionalDependencies["@deno/linux-x64-glibc"], "2.9.6");
  for (const name of Object.keys(ENTRY_POINTS)) {
    const entry = exports[name];
    ok(typeof entry === "object" && entry !== null);
    deepEqual(Object.keys(entry), ["types", "default"]);
  }
});
