/**
 * `deno task graph`: prints the folders of the code with their sizes, the imports between folders, and the layer of each
 * folder. Fails if files import one another in a circle, type imports included, and prints the imports that form the circle.
 *
 * Here a folder is a folder of core, a plugin, or a file beside the folders: directly in core or at the root.
 *
 * @module
 */
import { denoQuietly, print } from "./run.ts";
import { type Module, target } from "./sources.ts";

/** Directed graph: successors of each node. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Size of one folder. */
export interface Folder {
  /** Name: `core/config`, `plugins/limiter`, `core/app.ts`. */
  readonly name: string;
  /** Number of files. */
  readonly files: number;
  /** Number of lines. */
  readonly lines: number;
  /** Median number of lines of a file. */
  readonly median: number;
}

/** Circle of files that import one another. */
export interface Circle {
  /** One shortest circle, as `core/a.ts -> core/b.ts: Name, other`. */
  readonly imports: readonly string[];
  /** All files that can reach one another, sorted; more than those of the shortest circle if circles overlap. */
  readonly files: readonly string[];
}

/** Returns the name of a file's folder. */
export function folderOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** Builds the graph of imports of any kind among the given files. */
export function fileGraph(files: readonly Module[]): Graph {
  const known = new Set(files.map(({ path }) => path));
  return new Map(files.map((file) => [
    file.path,
    new Set(
      file.imports.map(({ specifier }) => target(file, specifier))
        .filter((to): to is string => to !== undefined && known.has(to)),
    ),
  ]));
}

/** Builds the graph of imports between folders, without imports within a folder. */
export function folderGraph(graph: Graph): Graph {
  const folders = new Map<string, Set<string>>();
  for (const [from, targets] of graph) {
    const folder = folders.get(folderOf(from)) ?? new Set();
    folders.set(folderOf(from), folder);
    for (const to of targets) {
      if (folderOf(to) !== folderOf(from)) folder.add(folderOf(to));
    }
  }
  return folders;
}

/** Returns the sizes of all folders, sorted by name. */
export function folders(files: readonly Module[]): Folder[] {
  return [...Map.groupBy(files, ({ path }) => folderOf(path))]
    .map(([name, inside]) => size(name, inside))
    .toSorted((a, b) => a.name < b.name ? -1 : 1);
}

function size(name: string, files: readonly Module[]): Folder {
  const lines = files.map(({ text }) => text.split("\n").length - 1)
    .toSorted((a, b) => a - b);
  return {
    name,
    files: lines.length,
    lines: lines.reduce((sum, n) => sum + n, 0),
    median: lines[Math.floor((lines.length - 1) / 2)] ?? 0,
  };
}

/**
 * Returns the strongly connected components by Tarjan's algorithm: groups of nodes that reach one another. A group comes after all
 * groups that it can reach.
 */
export function components(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): number => {
    const own = index.size;
    index.set(node, own);
    stack.push(node);
    let least = own;
    for (const next of graph.get(node) ?? []) {
      const seen = index.get(next);
      if (seen === undefined) least = Math.min(least, visit(next));
      // Nodes of a finished group are no longer on the stack.
      else if (stack.includes(next)) least = Math.min(least, seen);
    }
    if (least === own) found.push(stack.splice(stack.indexOf(node)));
    return least;
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

/**
 * Returns the layer of each node, from 1: one above the highest layer among its successors. Nodes that reach one another share a
 * layer. The highest layer is the length of the longest chain.
 */
export function layers(graph: Graph): Map<string, number> {
  const layer = new Map<string, number>();
  for (const group of components(graph)) {
    const below = group.flatMap((node) => [...graph.get(node) ?? []])
      .filter((to) => !group.includes(to))
      .map((to) => layer.get(to) ?? 0);
    for (const node of group) layer.set(node, Math.max(0, ...below) + 1);
  }
  return layer;
}

/** Returns the shortest circle of each group of files that reach one another. */
export function circles(files: readonly Module[]): Circle[] {
  const graph = fileGraph(files);
  const sources = new Map(files.map((file) => [file.path, file]));
  return components(graph)
    .filter((group) => group.length > 1 || graph.get(group[0])?.has(group[0]))
    .map((group) => {
      const path = shortestCircle(graph, group.toSorted());
      const imports = path.map((from, i) => {
        const to = path[(i + 1) % path.length];
        return `${from} -> ${to}: ${names(sources.get(from), to)}`;
      });
      return { imports, files: group.toSorted() };
    });
}

function names(from: Module | undefined, to: string): string {
  const imports =
    from?.imports.filter(({ specifier }) => target(from, specifier) === to) ??
      [];
  return [...new Set(imports.flatMap(({ names }) => names))].join(", ");
}

/** Returns the files of a shortest circle within a group; each imports the next, and the last imports the first. */
function shortestCircle(graph: Graph, group: readonly string[]): string[] {
  let shortest: string[] = [];
  for (const start of group) {
    const path = pathBack(graph, start);
    if (path && (shortest.length === 0 || path.length < shortest.length)) {
      shortest = path;
    }
  }
  return shortest;
}

/** Finds the shortest path from a node back to itself, by breadth-first search. */
function pathBack(graph: Graph, start: string): string[] | undefined {
  const paths: string[][] = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const next of graph.get(path[path.length - 1]) ?? []) {
      if (next === start) return path;
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return undefined;
}

function printFolders(files: readonly Module[]): void {
  const row = (name: string, ...figures: (number | string)[]) =>
    print(
      `  ${name.padEnd(28)}${figures.map((n) => `${n}`.padStart(8)).join("")}`,
    );
  print("Folders");
  row("", "files", "lines", "median");
  for (const folder of folders(files)) {
    row(folder.name, folder.files, folder.lines, folder.median);
  }
  const { files: count, lines, median } = size("all", files);
  row("all", count, lines, median);
}

function printArrows(graph: Graph): void {
  const arrows = [...graph.values()].reduce((sum, { size }) => sum + size, 0);
  print(`\nImports between folders: ${arrows}`);
  for (const [folder, targets] of [...graph].toSorted()) {
    if (targets.size === 0) continue;
    print(`  ${folder} -> ${[...targets].toSorted().join(", ")}`);
  }
}

function printLayers(graph: Graph): void {
  const byLayer = Map.groupBy(layers(graph), ([, layer]) => layer);
  print(`\nLayers: ${byLayer.size}`);
  for (const [layer, folders] of [...byLayer].toSorted(([a], [b]) => b - a)) {
    const names = folders.map(([name]) => name).toSorted();
    print(`${`${layer}`.padStart(4)}  ${names.join(", ")}`);
  }
  for (const group of components(graph)) {
    if (group.length === 1) continue;
    print(
      `  On one layer because they import one another: ${group.join(", ")}`,
    );
  }
}

/** Parses the product's files in a separate process: see tools/parse_modules.ts. */
async function parsed(): Promise<Module[]> {
  const file = await Deno.makeTempFile({ prefix: "perfmock-graph-" });
  try {
    const { code, output } = await denoQuietly(
      ["test", "-A", "--no-check", "tools/parse_modules.ts", "--", file],
    );
    if (code !== 0) throw new Error(`Cannot parse the files:\n${output}`);
    return JSON.parse(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(file);
  }
}

async function main(): Promise<number> {
  const files = await parsed();
  const graph = folderGraph(fileGraph(files));
  printFolders(files);
  printArrows(graph);
  printLayers(graph);
  const found = circles(files);
  print(`\nCircles of files: ${found.length}`);
  for (const { imports, files } of found) {
    print(`  ${files.length} files import one another, among them`);
    for (const line of imports) print(`    ${line}`);
  }
  return found.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
