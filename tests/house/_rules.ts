/**
 * The rules of the house as functions from parsed files to violations, one sentence each.
 *
 * @module
 */
import { posix } from "node:path";
import { circles } from "../../tools/graph.ts";
import { COMMAND, ENTRY_POINTS } from "../../tools/npm_package.ts";
import { type Source, target } from "../../tools/sources.ts";
import { isMarker, MARKER_LIKE, markers } from "../../tools/test_groups.ts";

/** The door of the contract: types, and the values that a plugin needs. */
const CONTRACT = "core/plugin.ts";

/** The doors for bottleneck finders, for importers and for load engines. */
const DOORS = ["core/find.ts", "core/import.ts", "core/load.ts"];

/** The table of built-in plugins: the one file that may import several plugins, each by its door. */
const BUILT_IN = "core/builtin.ts";

/** The files that make up the contract. */
function isContract({ path }: Source): boolean {
  return path.startsWith("core/contract/");
}

/**
 * Rule 1: a plugin imports the contract, packages and its own files. core imports no plugin, but for the table of built-in
 * plugins.
 */
export function boundaries(files: readonly Source[]): string[] {
  return eachImport(files, (file, to) => {
    const [area, name] = file.path.split("/");
    if (area === "core") {
      if (!to.startsWith("plugins/")) return undefined;
      if (file.path !== BUILT_IN) {
        return "core may import plugins in core/builtin.ts alone";
      }
      return /^plugins\/[a-z_]+\/mod\.ts$/.test(to)
        ? undefined
        : "the table of built-in plugins may import each plugin's mod.ts alone";
    }
    if (area !== "plugins" || to === CONTRACT) return undefined;
    return DOORS.includes(to) || to.startsWith(`plugins/${name}/`)
      ? undefined
      : "a plugin may import core/plugin.ts, core/load.ts, core/find.ts, core/import.ts, packages and its own files";
  });
}

/** The contract is types only: it must cost nothing at run time. */
export function contractIsTypes(files: readonly Source[]): string[] {
  return files.filter(isContract).flatMap(({ path, imports }) =>
    imports.filter((i) => !i.typeOnly).map(({ specifier }) =>
      `${path} imports ${specifier}: the contract may import types alone`
    )
  );
}

/**
 * A folder's mod.ts is its only door, and a file whose name starts with `_` is for its own folder. The contract and the doors for
 * plugins may name a leaf, so that they do not pull a whole folder into a plugin's module graph.
 */
export function doors(files: readonly Source[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return eachImport(files, (file, to, typeOnly) => {
    const inside = (folder: string) => file.path.startsWith(`${folder}/`);
    if (posix.basename(to).startsWith("_") && !inside(posix.dirname(to))) {
      return "a file whose name starts with _ is for its own folder";
    }
    const isDoor = file.path === CONTRACT || DOORS.includes(file.path);
    if (isDoor || isContract(file) && typeOnly) return undefined;
    for (
      let folder = posix.dirname(to);
      folder.includes("/");
      folder = posix.dirname(folder)
    ) {
      const door = `${folder}/mod.ts`;
      if (!inside(folder) && paths.has(door) && to !== door) {
        return `${door} is the only door of its folder`;
      }
    }
    return undefined;
  });
}

/** No file imports another in a circle, types, dynamic imports and workers' scripts included. */
export function noCircles(files: readonly Source[]): string[] {
  return circles(files).map(({ imports }) => imports.join("; "));
}

/** JSR cannot be reached where the project is built and tested. */
export function noJsrImports(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    file.imports.filter((i) => i.specifier.startsWith("jsr:"))
      .map((i) => `${file.path} imports ${i.specifier}`)
  );
}

/** Names that rule 2 forbids. */
const TIME_AND_CHANCE = [
  "Math.random",
  "Date.now",
  "performance.now",
  "setTimeout",
  "setInterval",
];

/** Rule 2: time comes from a Clock, chance from a stream. A worker script has its own thread and no Clock. */
export function timeAndChance(files: readonly Source[]): string[] {
  return files
    .filter((f) =>
      !/^core\/(lib\/time|net|cli)\/|(^|[/_])worker\.ts$/.test(f.path)
    )
    .flatMap((file) =>
      TIME_AND_CHANCE.filter((name) => file.references.has(name))
        .map((name) => `${file.path} refers to ${name}`)
    );
}

/** Files that rule 10 exempts: serving, sockets of the kernel, reading files (named read….ts), the CLI, stress, and connections of the load engine. */
const DENO_ALLOWED =
  /^core\/server\/serve[a-z_]*\.ts$|^core\/net\/|^core\/cli\/|\/_?read[a-z_]*\.ts$|^plugins\/resource_stress\/|^plugins\/load_engine\/http\/|(^|[/_])worker\.ts$|^mod\.ts$/;

/** Rule 10: all other files use Web APIs, types included. */
export function denoNamespace(files: readonly Source[]): string[] {
  return files.filter((file) => !DENO_ALLOWED.test(file.path))
    .flatMap((file) =>
      [...file.references]
        .filter((name) => name === "Deno" || name.startsWith("Deno."))
        .slice(0, 1)
        .map((name) => `${file.path} refers to ${name}`)
    );
}

/** A file has one subject and at most 600 lines; its name is snake_case. */
export function shape(files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    const allowed = 600;
    return [
      ...(lines > allowed
        ? [`${path} has ${lines} lines, allowed are ${allowed}`]
        : []),
      // The files of other test runners have names that those look for.
      ...(/^([a-z0-9_]+\/)*[a-z0-9_]+(\.(d|config|setup|spec|test))?\.ts$/.test(
          path,
        )
        ? []
        : [`${path} is not named in snake_case`]),
    ];
  });
}

/** Words with which no sentence of a comment begins: the reader would have to guess what it is about. */
const GUESSED =
  /^\s*(?:\/\/|\/\*\*|\*) (?:.*[.:;] )?(What|Whatever|Who|Whoever|Whose|How|Whether)\b/;

/** A sentence of a comment names its subject. */
export function plainComments(files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const word = GUESSED.exec(line)?.[1];
      return word === undefined
        ? []
        : [`${path}:${index + 1} begins a sentence with "${word}"`];
    })
  );
}

/**
 * The line that tells how a test file runs stands once, before the first import, and is spelled as tools/test_groups.ts
 * expects: any other spelling would be ignored.
 */
export function groupMarkers(files: readonly Source[]): string[] {
  return files.filter(({ path }) => path.endsWith("_test.ts"))
    .flatMap(({ path, text }) => {
      const similar = text.split("\n").filter((line) => MARKER_LIKE.test(line));
      const wrong = similar.filter((line) => !isMarker(line));
      const valid = similar.length - wrong.length;
      return [
        ...wrong.map((line) => `${path} has an unknown marker: ${line.trim()}`),
        ...(valid > 1 ? [`${path} has ${valid} markers`] : []),
        ...(valid > markers(text).length
          ? [`${path} has a marker below its first import`]
          : []),
      ];
    });
}

/** A test without an assertion, in its file or in a helper it imports, cannot fail; `only` hides all other tests. */
export function testsAssert(files: readonly Source[]): string[] {
  const helpers = new Map(files.map((file) => [file.path, file]));
  const asserts = (file: Source): boolean =>
    file.imports.some(({ specifier, typeOnly }) =>
      !typeOnly && ["node:assert/strict", "fast-check"].includes(specifier)
    );
  return files.filter((file) => file.path.endsWith("_test.ts"))
    .flatMap((file) => {
      const imported = file.imports.map(({ specifier }) =>
        helpers.get(target(file, specifier) ?? "")
      );
      return [
        ...([file, ...imported].some((f) => f !== undefined && asserts(f))
          ? []
          : [`${file.path} imports no assertion`]),
        ...(["Deno.test", "eachEngine.test"].some((name) =>
            file.references.has(name)
          )
          ? []
          : [`${file.path} registers no Deno.test`]),
        ...["Deno.test.ignore", "Deno.test.only"]
          .filter((name) => file.references.has(name))
          .map((name) => `${file.path} uses ${name}`),
      ];
    });
}

function eachImport(
  files: readonly Source[],
  rule: (file: Source, to: string, typeOnly: boolean) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap(({ specifier, typeOnly }) => {
      const to = target(file, specifier);
      const reason = to === undefined ? undefined : rule(file, to, typeOnly);
      return reason === undefined
        ? []
        : [`${file.path} imports ${specifier}: ${reason}`];
    })
  );
}

/** Names of the runtime that Node.js 20 lacks, or has in its later versions only. */
const NEWER_THAN_NODE_20 = [
  "Array.fromAsync",
  "AsyncDisposableStack",
  "Deno",
  "DisposableStack",
  "Error.isError",
  "EventSource",
  "Float16Array",
  "Iterator",
  "Map.groupBy",
  "Math.f16round",
  "Math.sumPrecise",
  "Object.groupBy",
  "Promise.try",
  "Promise.withResolvers",
  "RegExp.escape",
  "URL.parse",
  "WebSocket",
  "navigator",
];

/** The door for plugins: Node.js loads it to test one, and Deno runs it. */
const PLUGIN_DOOR = ENTRY_POINTS["./plugin"];

/** Node.js 20 can parse all that it loads of the npm package, and has the names that the package's own programs use. */
export function nodeLoads(files: readonly Source[]): string[] {
  const starts = [...Object.values(ENTRY_POINTS), COMMAND];
  const programs = reachedFrom(
    starts.filter((path) => path !== PLUGIN_DOOR),
    files,
  );
  return [
    ...[...reachedFrom(starts, files)].flatMap(({ path, newSyntax }) =>
      [...newSyntax].map((syntax) => `${path} has ${syntax}`)
    ),
    ...[...programs].flatMap(({ path, references }) =>
      NEWER_THAN_NODE_20.filter((newer) =>
        references.has(newer) ||
        [...references].some((name) => name.startsWith(`${newer}.`))
      ).map((name) => `${path} refers to ${name}`)
    ),
  ].map((violation) => `${violation}, which Node.js 20 lacks`);
}

/** Files that are loaded with some of them, those included. */
function reachedFrom(
  paths: readonly string[],
  files: readonly Source[],
): Set<Source> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<Source>();
  const visit = (path: string | undefined) => {
    const file = byPath.get(path ?? "");
    if (file === undefined || reached.has(file)) return;
    reached.add(file);
    for (const { specifier, typeOnly, names } of file.imports) {
      if (!typeOnly && !names.includes("new URL()")) {
        visit(target(file, specifier));
      }
    }
  };
  paths.forEach(visit);
  return reached;
}
