/** Tests that run once per HTTP server. */
import { runInThisContext } from "node:vm";
import { obstacle } from "../../core/net/libc.ts";
import type { EngineName } from "../../mod.ts";

/** Permissions without which the engine `native` cannot run, so that `auto` chooses as it does on other systems. */
const WITHOUT_NATIVE: Deno.PermissionOptions = {
  env: "inherit",
  ffi: false,
  import: "inherit",
  net: "inherit",
  read: "inherit",
  run: "inherit",
  sys: "inherit",
  write: "inherit",
};

/** True if the engine `native` runs here. */
const NATIVE = obstacle() === undefined;

/** Values of `server.engine` that name an engine which runs here. */
export const ENGINES: readonly EngineName[] = NATIVE
  ? ["native", "deno", "node"]
  : ["deno", "node"];

/** The engines among which `auto` chooses: `deno` stands for Deno's server, and Node's where a route resets connections. */
export type AutoEngine = "native" | "deno";

/** Returns the value of `server.engine` for a test whose faults reset connections, although none does so at the start. */
export function resetting(engine: AutoEngine): EngineName {
  return engine === "native" ? "native" : "node";
}

/** Registers tests that run on each engine which `auto` chooses; their servers leave `server.engine` to its default. */
export const eachEngine = {
  /**
   * Registers a test for each engine.
   *
   * @param name name of the test, without the engine
   */
  test(name: string, run: (engine: AutoEngine) => Promise<void>): void {
    for (
      const engine of NATIVE ? ["native", "deno"] as const : ["deno"] as const
    ) {
      registerAt(caller(), {
        name: `${engine}: ${name}`,
        permissions: engine === "native" ? "inherit" : WITHOUT_NATIVE,
        fn: () => run(engine),
      });
    }
  },
};

/** Place in a source file. */
interface Place {
  /** URL of the file. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
}

/** Finds the place from which this module was called. */
function caller(): Place {
  for (const line of new Error().stack?.split("\n") ?? []) {
    const [, file, at] = /(file:\/\/[^\s()]+):(\d+):\d+/.exec(line) ?? [];
    if (file !== undefined && file !== import.meta.url) {
      return { file, line: Number(at) };
    }
  }
  throw new Error("A test must be registered by a file");
}

/**
 * Registers a test under the place of its own. Deno reports a test under the file that calls Deno.test(), which would be this
 * one: the call is made by code that bears the name of the test's file.
 */
function registerAt(
  { file, line }: Place,
  definition: Deno.TestDefinition,
): void {
  const register = runInThisContext(
    "(register, definition) => register(definition)",
    { filename: file, lineOffset: line - 1 },
  );
  register(Deno.test, definition);
}
