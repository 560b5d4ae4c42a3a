import { deepEqual, equal } from "node:assert/strict";
import {
  circles,
  components,
  fileGraph,
  folderGraph,
  folderOf,
  folders,
  type Graph,
  layers,
} from "../../tools/graph.ts";
import { parse } from "../../tools/sources.ts";

function graph(edges: Readonly<Record<string, string>>): Graph {
  return new Map(
    Object.entries(edges).map(([from, to]) => [from, new Set(to)]),
  );
}

const FILES = [
  parse("mod.ts", `export { start } from "./core/app.ts";`),
  parse("core/app.ts", `import limiter from "@perfmock/perfmock/limiter";`),
  parse("core/lib/time/mod.ts", `import "./clock.ts";\nimport "zod";\n`),
  parse("core/lib/time/clock.ts", "\n\n\n"),
  parse(
    "plugins/limiter/mod.ts",
    `import type { Clock } from "../../core/lib/time/mod.ts";\n`,
  ),
];

Deno.test("folderOf() returns a folder of core, a plugin, or a file outside of them", () => {
  deepEqual(FILES.map(({ path }) => folderOf(path)), [
    "mod.ts",
    "core/app.ts",
    "core/lib",
    "core/lib",
    "plugins/limiter",
  ]);
});

Deno.test("fileGraph() follows relative paths and the import map, and leaves packages out", () => {
  deepEqual([...fileGraph(FILES)].map(([from, to]) => [from, ...to]), [
    ["mod.ts", "core/app.ts"],
    ["core/app.ts", "plugins/limiter/mod.ts"],
    ["core/lib/time/mod.ts", "core/lib/time/clock.ts"],
    ["core/lib/time/clock.ts"],
    ["plugins/limiter/mod.ts", "core/lib/time/mod.ts"],
  ]);
});

Deno.test("folderGraph() joins the files of a folder and leaves imports within a folder out", () => {
  deepEqual(
    [...folderGraph(fileGraph(FILES))].map(([from, to]) => [from, ...to]),
    [
      ["mod.ts", "core/app.ts"],
      ["core/app.ts", "plugins/limiter"],
      ["core/lib"],
      ["plugins/limiter", "core/lib"],
    ],
  );
});

Deno.test("folders() counts files and lines and takes the median of the lines", () => {
  deepEqual(folders(FILES).slice(1, 3), [
    { name: "core/lib", files: 2, lines: 5, median: 2 },
    { name: "mod.ts", files: 1, lines: 0, median: 0 },
  ]);
});

Deno.test("components() groups nodes that reach one another and puts a group after the groups that it can reach", () => {
  deepEqual(
    components(graph({ a: "b", b: "cd", c: "b", d: "e", e: "", f: "f" })),
    [["e"], ["d"], ["b", "c"], ["a"], ["f"]],
  );
});

Deno.test("layers() puts each node one above its highest successor, and a group on one layer", () => {
  const found = layers(graph({ a: "be", b: "c", c: "bd", d: "", e: "" }));
  deepEqual(Object.fromEntries(found), { a: 3, b: 2, c: 2, d: 1, e: 1 });
});

Deno.test("circles() shows a shortest circle of each group with the imported names", () => {
  const found = circles([
    parse("core/a.ts", `import { b } from "./b.ts";`),
    parse("core/b.ts", `import { c } from "./c.ts";`),
    parse(
      "core/c.ts",
      `import type { A } from "./a.ts"; export * from "./b.ts";`,
    ),
    parse("core/own.ts", `import { own } from "./own.ts";`),
  ]);
  deepEqual(found, [
    {
      imports: [
        "core/b.ts -> core/c.ts: c",
        "core/c.ts -> core/b.ts: *",
      ],
      files: ["core/a.ts", "core/b.ts", "core/c.ts"],
    },
    {
      imports: ["core/own.ts -> core/own.ts: own"],
      files: ["core/own.ts"],
    },
  ]);
});

Deno.test("circles() finds none among files that only share imports", () => {
  equal(
    circles([
      parse("core/a.ts", `import "./c.ts"; import "./b.ts";`),
      parse("core/b.ts", `import "./c.ts";`),
      parse("core/c.ts", ""),
    ]).length,
    0,
  );
});
