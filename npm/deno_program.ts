/**
 * Finds the program of Deno that the package `deno` has installed for this machine. Its own command is left out: it would stand
 * between signals and the server.
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
}

/** Part of the package.json of `deno` that names its programs. */
interface DenoPackage {
  readonly version: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Returns the path of the program.
 *
 * @param from URL or path of the module whose dependency `deno` is. Default this one
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
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw notStarted(`there is no file ${named}, which ${VARIABLE} names`);
  }
  // A program that runs on Deno itself needs no other one.
  if (runtime.deno !== undefined) return process.execPath;
  const { platform, arch } = machine;
  const file = resolved(createRequire(from), "deno/package.json");
  if (file === undefined) {
    throw notStarted(
      "the package deno, which it depends on, is not installed",
      "npm install",
    );
  }
  const require = createRequire(file);
  const { version, optionalDependencies = {} } = require(file) as DenoPackage;
  // Deno has programs for Linux with glibc only, which the name says.
  const name = Object.keys(optionalDependencies).find((each) =>
    each.replace(/-glibc$/, "") === `@deno/${platform}-${arch}`
  );
  if (name === undefined) {
    throw notStarted(
      `the package deno ${version} has no program for ${platform}-${arch}, only for ${
        Object.keys(optionalDependencies)
          .map((each) => each.replace("@deno/", "")).join(", ")
      }`,
      `Set ${VARIABLE} to a program of Deno ${version} or later for this machine`,
    );
  }
  const program = platform === "win32" ? "deno.exe" : "deno";
  const own = resolved(require, `${name}/package.json`);
  for (const folder of [own, file]) {
    if (folder === undefined) continue;
    const path = join(dirname(folder), program);
    if (existsSync(path)) return path;
  }
  throw notStarted(
    `the package ${name}, which has the program of Deno for this machine, is not installed: optional dependencies were left out, or node_modules come from another machine`,
    "npm install --include=optional",
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
    ? notStarted(
      `${path} cannot run here: it needs Linux with glibc, and this system has another C library, as Alpine does`,
      `Use an image with glibc, such as node:22-slim, or set ${VARIABLE} to a program of Deno for this system`,
    )
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
