/**
 * Finds the program of Deno for this machine, which is in an optional package of its own for each platform. The package `deno` chooses
 * among them too; it is left out, since some package managers fail where a package has an install script, as that one has.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import type { PerfmockError } from "../core/errors.ts";
import { listedError } from "./errors.ts";

/** Environment variable that names another program of Deno. */
const VARIABLE = "PERFMOCK_DENO";

/** A machine, as Node.js names it. */
export interface Machine {
  /** Operating system, such as `linux`. */
  readonly platform: string;
  /** Processor, such as `x64`. */
  readonly arch: string;
  /** False on Linux with another C library than glibc. Default that of this machine. */
  readonly glibc?: boolean;
}

/** Name of this package, in whose package.json the packages of programs are. */
const OWN = "perfmock/package.json";

/** Commands that install all packages of a project again, by the package manager that runs this program. */
const INSTALL: ReadonlyMap<string, string> = new Map([
  ["pnpm", "pnpm install"],
  ["yarn", "yarn install"],
  ["bun", "bun install"],
]);

/**
 * Returns the path of the program.
 *
 * @param from URL or path of a module of this package. Default this one
 * @param machine default this machine
 * @param named value of PERFMOCK_DENO. Default that of the environment
 * @param runtime versions of the runtime. Default those of this process
 * @throws PerfmockError `SERVER_NOT_STARTED` if there is no program for this machine, or it was not installed
 */
export function denoProgram(
  from: string | URL = import.meta.url,
  machine: Machine = process,
  named: string | undefined = process.env[VARIABLE],
  runtime: Readonly<Record<string, string | undefined>> = process.versions,
): string {
  // Yarn's Plug'n'Play keeps packages in archives, whose modules only a patched Node.js finds.
  if (runtime.pnp !== undefined) {
    throw notStarted(
      "Deno cannot read the packages of Yarn's Plug'n'Play",
      "Write `nodeLinker: node-modules` into .yarnrc.yml, and run yarn install",
    );
  }
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw notStarted(`there is no file ${named}, which ${VARIABLE} names`);
  }
  // A program that runs on Deno itself needs no other one.
  if (runtime.deno !== undefined) return process.execPath;
  const { platform, arch, glibc } = machine;
  const file = resolved(createRequire(from), OWN);
  if (file === undefined) {
    throw notStarted(
      "this program was bundled, and its own package is missing",
      "Leave the package perfmock out of the bundle, as an external one, and install it",
    );
  }
  const require = createRequire(file);
  const { optionalDependencies } = require(file) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const packages = Object.keys(optionalDependencies);
  // Deno has programs for Linux with glibc only, which the name says.
  const name = packages.find((each) =>
    each.replace(/-glibc$/, "") === `@deno/${platform}-${arch}`
  );
  if (name === undefined) {
    throw notStarted(
      `there is no program of Deno for ${platform}-${arch}, only for ${
        packages.map((each) => each.replace("@deno/", "")).join(", ")
      }`,
      `Set ${VARIABLE} to a program of Deno ${
        optionalDependencies[packages[0]]
      } or later for this machine`,
    );
  }
  const own = resolved(require, `${name}/package.json`);
  if (own !== undefined) {
    const program = platform === "win32" ? "deno.exe" : "deno";
    const path = join(dirname(own), program);
    if (existsSync(path)) return path;
  }
  if (platform === "linux" && !(glibc ?? hasGlibc())) {
    throw otherLibrary("Deno");
  }
  throw notStarted(
    `the package ${name}, which has the program of Deno for this machine, is not installed: optional dependencies were left out, or node_modules come from another machine`,
    INSTALL.get(packageManager() ?? "") ?? "npm install --include=optional",
  );
}

/** Name of the package manager that runs this program, such as `pnpm`; undefined for none. */
export function packageManager(
  agent: string | undefined = process.env.npm_config_user_agent,
): string | undefined {
  return /^[a-z]+/.exec(agent ?? "")?.[0];
}

/** True unless this is Linux with another C library, as Node.js reports it; Bun reports none. */
function hasGlibc(): boolean {
  const report = process.report?.getReport?.() as unknown as
    | { readonly header?: { readonly glibcVersionRuntime?: string } }
    | undefined;
  return report?.header === undefined || process.versions.bun !== undefined ||
    report.header.glibcVersionRuntime !== undefined;
}

/** Returns the error of a system with another C library than the one that a program needs. */
function otherLibrary(program: string): PerfmockError {
  return notStarted(
    `${program} cannot run here: it needs Linux with glibc, and this system has another C library, as Alpine does`,
    `Use an image with glibc, such as node:22-slim, or set ${VARIABLE} to a program of Deno for this system`,
  );
}

/**
 * Returns the error of a program that cannot be run.
 *
 * @param path path of the program
 * @param error error of the operating system
 */
export function cannotRun(path: string, error: unknown): PerfmockError {
  const { code, message } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  // The program exists, so its loader is missing: that of glibc on a system with another C library.
  return code === "ENOENT" && existsSync(path)
    ? otherLibrary(path)
    : notStarted(`${path} cannot be run: ${message}`);
}

/** Returns the error of a server that cannot be started, with the next step to take. */
export function notStarted(reason: string, step?: string): PerfmockError {
  return listedError(
    "SERVER_NOT_STARTED",
    `Cannot start perfmock: ${reason}${step === undefined ? "" : `. ${step}`}`,
  );
}

function resolved(
  require: NodeJS.Require,
  specifier: string,
): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}
