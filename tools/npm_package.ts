/**
 * The npm package as data: its package.json, its modules with the names that Node.js and Deno look up below node_modules, and the
 * declarations that its users need.
 *
 * @module
 */
import { posix } from "node:path";
import { type Module, target } from "./sources.ts";

/** Part of deno.json that the package takes over. */
export interface DenoJson {
  /** Version of the package. */
  readonly version: string;
  /** Licence. */
  readonly license: string;
  /** Import map. */
  readonly imports: Readonly<Record<string, string>>;
}

/** Entry points of the package: names in `exports`, and the source of each. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  ".": "npm/index.ts",
  "./plugin": "core/plugin.ts",
};

/** Optional packages that entry points are for. */
const PEERS: Readonly<Record<string, string>> = {};

/** Returns the modules of a package with their specifiers rewritten, by path: `.ts` becomes `.js`, our own names become paths. */
export function rewritten(
  modules: readonly Module[],
): ReadonlyMap<string, string> {
  return new Map(modules.map((module) => [module.path, rewrite(module)]));
}

function rewrite({ path, text, imports }: Module): string {
  let result = text;
  for (const { specifier, range: [from, to] } of imports.toReversed()) {
    const file = ownFile(path, specifier);
    if (file === undefined) continue;
    const near = posix.relative(posix.dirname(path), emitted(file));
    const written = near.startsWith(".") ? near : `./${near}`;
    result = result.slice(0, from) + JSON.stringify(written) + result.slice(to);
  }
  return result;
}

/** Path of the source that a specifier stands for; undefined for another package, and for a text that is imported as such. */
function ownFile(path: string, specifier: string): string | undefined {
  const file = target({ path, text: "", imports: [] }, specifier);
  return file?.endsWith(".ts") ? file : undefined;
}

/** Path of the JavaScript of a source. */
function emitted(source: string): string {
  return source.replace(/\.ts$/, ".js");
}

/** Path of the declarations of a source. */
function declared(source: string): string {
  return source.replace(/\.ts$/, ".d.ts");
}

/** Returns the paths of the declarations that the entry points need, directly or not. */
export function neededDeclarations(
  modules: readonly Module[],
): ReadonlySet<string> {
  const known = new Map(modules.map((module) => [module.path, module]));
  const needed = new Set<string>();
  const waiting = Object.values(ENTRY_POINTS).map(declared);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const module = known.get(path);
    if (module === undefined || needed.has(path)) continue;
    needed.add(path);
    for (const { specifier } of module.imports) {
      const file = ownFile(path, specifier);
      if (file !== undefined) waiting.push(declared(file));
    }
  }
  return needed;
}

/** Returns the versions of the packages that modules import, from the import map. */
export function dependencies(
  modules: readonly Module[],
  imports: DenoJson["imports"],
): Record<string, string> {
  const versions = new Map(
    Object.values(imports).flatMap((written) => {
      const [, name, version] =
        /^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(written) ?? [];
      return name === undefined ? [] : [[name, version] as const];
    }),
  );
  const names = new Set(
    modules.flatMap((module) =>
      module.imports.flatMap(({ specifier }) => packageOf(specifier) ?? [])
    ),
  );
  return Object.fromEntries(
    [...names].toSorted().map((name) => {
      const version = versions.get(name);
      if (version === undefined) {
        throw new Error(
          `Cannot make the npm package: deno.json names no version of ${name}, which a module imports`,
        );
      }
      return [name, version];
    }),
  );
}

/** Name of the package of a specifier; undefined for a file, a module of Node.js and one of ours. */
function packageOf(specifier: string): string | undefined {
  if (/^(\.|node:|@perfmock\/)/.test(specifier)) return undefined;
  if (Object.hasOwn(PEERS, specifier)) return undefined;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

/** Returns the package.json. */
export function packageJson(
  { version, license }: Pick<DenoJson, "license" | "version">,
  options: {
    /** Version of Deno that runs it. */
    readonly deno: string;
    /** Versions of the packages that its modules import. */
    readonly dependencies: Readonly<Record<string, string>>;
  },
): Record<string, unknown> {
  return {
    name: "perfmock",
    version,
    description:
      "HTTP API mock server for performance tests: response times follow the distributions that you configure",
    keywords: ["mock", "performance", "latency", "load-testing", "api"],
    license,
    type: "module",
    engines: { node: ">=20" },
    bin: { perfmock: "npm/bin.cjs" },
    exports: {
      ...Object.fromEntries(
        Object.entries(ENTRY_POINTS).map(([name, source]) => [name, {
          types: `./${declared(source)}`,
          default: `./${emitted(source)}`,
        }]),
      ),
      "./package.json": "./package.json",
    },
    dependencies: { ...options.dependencies, deno: options.deno },
    ...Object.keys(PEERS).length > 0 && {
      peerDependencies: PEERS,
      peerDependenciesMeta: Object.fromEntries(
        Object.keys(PEERS).map((name) => [name, { optional: true }]),
      ),
    },
  };
}

/** Returns the paths of all files below a folder, relative to it and sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)) {
      if (isDirectory) await walk(`${path}${name}/`);
      else found.push(path + name);
    }
  };
  await walk("");
  return found.toSorted();
}
