import { deepEqual, ok } from "node:assert/strict";
import { root } from "../../tools/run.ts";
import { parse, parseAll, type Source, target } from "../../tools/sources.ts";

const files = new Map(
  [
    ...await parseAll("core", "npm", "plugins"),
    parse("mod.ts", await Deno.readTextFile(`${root}/mod.ts`)),
  ].map((file) => [file.path, file]),
);

/** Everything that an import of a module loads at once: files of this repository, and packages by their specifier. */
function loaded(entry: string): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    const file = files.get(path);
    for (const { specifier, typeOnly, names } of file?.imports ?? []) {
      if (typeOnly || names.includes("import()")) continue;
      if (names.includes("new URL()")) continue;
      visit(target(file as Source, specifier) ?? specifier);
    }
  };
  visit(entry);
  return reached;
}

/** All but texts, options and modules of Node.js. */
const NOT_FOR_FIXTURES =
  /^(?!node:|npm\/)[^/]+$|^mod\.ts$|^plugins\/|^core\/(?!errors\.ts|lib\/[a-z_]+\.ts)|^core\/lib\/(bounded|ascii_writer|http|agreement|tables)\.ts$/;

/** Modules that an import must not load. */
const NEVER: readonly (readonly [entry: string, forbidden: RegExp])[] = [
  [
    "mod.ts",
    /^(yaml|commander|vega|hdr-histogram-js|openapi-sampler|selfsigned|playwright-core|@scalar\/.*)$|^core\/cli\/|^core\/testing|^core\/config\/_yaml|^plugins\/importer\/(?!mod\.ts|recording\/endpoints\.ts)|^plugins\/bottleneck_finder\/(probes|report|statistics|script|cliffs|finder\.ts)/,
  ],
  [
    "core/cli/mod.ts",
    /^core\/cli\/(check|correlate|draw|explain|find|fit|load|preview|serve)\.ts$/,
  ],
  [
    "core/cli/serve.ts",
    /^(yaml|vega)$|^core\/cli\/(check|correlate|draw|explain|find|fit|import|load|preview)\.ts$|^plugins\/importer\/(?!mod\.ts|recording\/endpoints\.ts)/,
  ],
  [
    "core/testing.ts",
    /^(yaml|hono)$|^core\/(app|builtin)\.ts$|^core\/(world|server|pipeline|respond|control)\/|^plugins\//,
  ],
  [
    "core/load.ts",
    /^(yaml|hono|jsonc-parser)$|^core\/world\/(?!service_keys\.ts)|^core\/(server|pipeline|respond|control)\/|^plugins\//,
  ],
  ["core/find.ts", /^(yaml|hono|zod|vega)$|^core\/world\/(?!service_keys\.ts)/],
  ["core/import.ts", /^(yaml|hono|zod)$|^core\/world\/(?!service_keys\.ts)/],
  [
    "plugins/importer/mod.ts",
    /^plugins\/importer\/(?!mod\.ts|recording\/endpoints\.ts)|^yaml$/,
  ],
  // Test files may run in a stand-in for a browser, which lacks much that others need at once, such as TextEncoder.
  ["npm/jest.ts", NOT_FOR_FIXTURES],
  ["npm/vitest.ts", NOT_FOR_FIXTURES],
];

for (const [entry, forbidden] of NEVER) {
  Deno.test(`Importing ${entry} loads only what it needs`, () => {
    const reached = loaded(entry);
    ok(reached.has(entry) && files.has(entry));
    deepEqual([...reached].filter((path) => forbidden.test(path)), []);
  });
}

Deno.test("loaded() follows imports and re-exports, and no types, dynamic imports or scripts of threads", () => {
  const reached = loaded("core/load.ts");
  ok(reached.has("core/lib/time/mod.ts"), "a re-export");
  ok(!reached.has("core/contract/load.ts"), "types");
  ok(!reached.has("core/config/text_worker.ts"), "a thread's script");
  ok(!reached.has("core/world/virtual_world.ts"), "a dynamic import");
});
