/** Registers a test once per HTTP server. */
import { obstacle } from "../../core/net/libc.ts";

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

/** The HTTP servers that `server.engine: auto` chooses here; `deno` stands for Deno's, and Node's where a route resets connections. */
export const ENGINES: readonly ("native" | "deno")[] = obstacle() === undefined
  ? ["native", "deno"]
  : ["deno"];

/**
 * Registers a test for each HTTP server that runs here. Servers of the test leave `server.engine` to its default.
 *
 * @param name name of the test, which follows that of the engine
 */
export function eachEngine(
  name: string,
  test: (engine: "native" | "deno") => Promise<void>,
): void {
  for (const engine of ENGINES) {
    Deno.test({
      name: `${engine}: ${name}`,
      permissions: engine === "native" ? "inherit" : WITHOUT_NATIVE,
      fn: () => test(engine),
    });
  }
}
