/** Tests that run once per HTTP server. */
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
      Deno.test({
        name: `${engine}: ${name}`,
        permissions: engine === "native" ? "inherit" : WITHOUT_NATIVE,
        fn: () => run(engine),
      });
    }
  },
};
