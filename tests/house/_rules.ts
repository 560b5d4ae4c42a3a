/**
 * The rules of the house as functions from parsed files to violations, one sentence each.
 *
 * @module
 */
import { posix } from "node:path";
import type { Source } from "../_sources.ts";

/** The door of the contract: types, and the values that a plugin needs. */
const CONTRACT = "core/plugin.ts";

/** The door for load engines. */
const LOAD = "core/load.ts";

/** The files that make up the contract. */
function isContract({ path }: Source): boolean {
  return path.startsWith("core/contract/");
}

/** The one file of core that names plugins: the table of built-ins. */
const BUILT_IN = "core/builtin.ts";

/** The repository's path an import leads to; undefined for a package. */
export function target(source: Source, specifier: string): string | undefined {
  if (specifier === "@perfmock/perfmock") return "mod.ts";
  if (specifier === "@perfmock/perfmock/plugin") return CONTRACT;
  if (specifier === "@perfmock/perfmock/testing") return "core/testing.ts";
  if (specifier.startsWith("@perfmock/perfmock/")) {
    return specifier.replace("@perfmock/perfmock", "plugins") + "/mod.ts";
  }
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return posix.join(posix.dirname(source.path), specifier);
}

/** Rule 1: a plugin imports the contract, packages and itself; core imports no plugin but in the table of built-ins. */
export function boundaries(files: readonly Source[]): string[] {
  return eachImport(files, (file, to) => {
    const [area, name] = file.path.split("/");
    if (area === "plugins") {
      if (
        to === CONTRACT || to === LOAD || to.startsWith(`plugins/${name}/`)
      ) {
        return undefined;
      }
      return "a plugin may import core/plugin.ts, core/load.ts, packages and its own files";
    }
    return area === "core" && to.startsWith("plugins/") &&
        file.path !== BUILT_IN
      ? "core may import plugins in core/builtin.ts alone"
      : undefined;
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
 * A folder's mod.ts is its only door, and a file whose name starts with `_` is for its own folder. The contract may name a
 * leaf's types, so that it does not pull a whole folder into a plugin's module graph.
 */
export function doors(files: readonly Source[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return eachImport(files, (file, to, typeOnly) => {
    const inside = (folder: string) => file.path.startsWith(`${folder}/`);
    if (posix.basename(to).startsWith("_") && !inside(posix.dirname(to))) {
      return "a file whose name starts with _ is for its own folder";
    }
    if (file.path === CONTRACT || isContract(file) && typeOnly) {
      return undefined;
    }
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

/** JSR cannot be reached where the project is built and tested. */
export function noJsrImports(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    file.imports.filter((i) => i.specifier.startsWith("jsr:"))
      .map((i) => `${file.path} imports ${i.specifier}`)
  );
}

/** Rule 2's names. */
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
    .filter((f) => !/^core\/(lib\/time|cli)\/|(^|[/_])worker\.ts$/.test(f.path))
    .flatMap((file) =>
      TIME_AND_CHANCE.filter((name) => file.references.has(name))
        .map((name) => `${file.path} refers to ${name}`)
    );
}

/** Rule 10's places: serving, reading files (files named read….ts), the CLI, stress, and the connections of the load engine. */
const DENO_ALLOWED =
  /^core\/server\/serve[a-z_]*\.ts$|^core\/cli\/|\/_?read[a-z_]*\.ts$|^plugins\/distributions\/_lines\.ts$|^plugins\/resource_stress\/|^plugins\/load_engine\/http\/|(^|[/_])worker\.ts$|^mod\.ts$/;

/** Rule 10: everything else uses Web APIs, types included. */
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
      ...(/^([a-z0-9_]+\/)*[a-z0-9_]+(\.d)?\.ts$/.test(path)
        ? []
        : [`${path} is not named in snake_case`]),
    ];
  });
}

/** A test that asserts nothing, itself or through a helper it imports, cannot fail; one alone hides all others. */
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
        ...(file.references.has("Deno.test")
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
