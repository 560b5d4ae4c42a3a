/**
 * The npm package as data: its entry points, its package.json, and what has to change in emitted modules.
 *
 * @module
 */
import { posix } from "node:path";

/** Part of the package.json that `deno pack` writes. */
export interface PackedDescription {
  /** Version of the package. */
  readonly version: string;
  /** Licence. */
  readonly license: string;
  /** Packages that its modules import, each with a range of versions such as `^4.6.7`. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Entry points of the package: names in `exports`, and the source of each. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  ".": "npm/index.ts",
  "./jest": "npm/jest.ts",
  "./jest/teardown": "npm/jest_teardown.ts",
  "./playwright": "npm/playwright.ts",
  "./plugin": "core/plugin.ts",
  "./vitest": "npm/vitest.ts",
};

/** The command, which Node.js starts. */
export const COMMAND = "npm/cli.ts";

/** Modules that are started by their path, and imported by no other. */
export const STARTED: readonly string[] = [
  COMMAND,
  "npm/deno_cli.ts",
  "npm/deno_server.ts",
];

/** Optional packages that entry points are for, with the versions that will do. */
const PEERS: Readonly<Record<string, string>> = {
  "@playwright/test": ">=1.40",
  "jest": ">=29",
  "vitest": ">=2",
};

/**
 * Packages with the program of Deno, one for each platform, of which package managers install the one that fits. The package `deno`, which
 * depends on them, has an install script besides: pnpm ends with an error until its user has said whether that may run.
 */
const PROGRAMS: readonly string[] = [
  ...["linux-x64-glibc", "linux-arm64-glibc", "darwin-x64", "darwin-arm64"],
  ...["win32-x64", "win32-arm64"],
];

/** The address of a script beside a module, as `new URL("./worker.ts", import.meta.url)`. */
const SCRIPT =
  /(new URL\(\s*")(\.\.?\/[^"\n]+)\.ts("\s*,\s*import\.meta\.url\s*,?\s*\))/g;

/** Returns the paths of the scripts that a module addresses; `path` is its own. */
export function scripts(path: string, text: string): string[] {
  return [...text.matchAll(SCRIPT)].map(([, , name]) =>
    `${posix.join(posix.dirname(path), name)}.ts`
  );
}

/** Returns the text of an emitted module for the package: it addresses emitted scripts, and has its version from package.json. */
export function packaged(path: string, text: string): string {
  const addressed = text.replaceAll(SCRIPT, "$1$2.js$3");
  return path === "core/version.js"
    ? addressed.replace('"../deno.json"', '"../package.json"')
    : addressed;
}

/** Path of a file that is made of a source. */
function file(source: string, extension: "d.ts" | "js"): string {
  return `./${source.replace(/\.ts$/, `.${extension}`)}`;
}

/** Returns the package.json. */
export function packageJson(
  { version, license, dependencies }: PackedDescription,
  options: {
    /** Version of Deno that runs it. */
    readonly deno: string;
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
    // For TypeScript's moduleResolution node10, which does not read exports.
    main: file(ENTRY_POINTS["."], "js"),
    types: file(ENTRY_POINTS["."], "d.ts"),
    typesVersions: {
      "*": Object.fromEntries(
        Object.entries(ENTRY_POINTS).filter(([name]) => name !== ".")
          .map(([name, source]) => [name.slice(2), [file(source, "d.ts")]]),
      ),
    },
    exports: {
      ...Object.fromEntries(
        Object.entries(ENTRY_POINTS).map(([name, source]) => [name, {
          types: file(source, "d.ts"),
          default: file(source, "js"),
        }]),
      ),
      "./package.json": "./package.json",
    },
    dependencies: {
      // deno.json names exact versions, which are those that the tests ran with.
      ...Object.fromEntries(
        Object.entries(dependencies)
          .filter(([name]) => !Object.hasOwn(PEERS, name))
          .map(([name, range]) => [name, range.replace(/^\^/, "")]),
      ),
    },
    optionalDependencies: Object.fromEntries(
      PROGRAMS.map((name) => [`@deno/${name}`, options.deno]),
    ),
    ...Object.keys(PEERS).length > 0 && {
      peerDependencies: PEERS,
      peerDependenciesMeta: Object.fromEntries(
        Object.keys(PEERS).map((name) => [name, { optional: true }]),
      ),
    },
  };
}
