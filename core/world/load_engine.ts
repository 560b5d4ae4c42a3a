/**
 * Finds the plugin that runs load scripts.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Key } from "../plugin.ts";
import type { LoadEngine } from "../contract/load.ts";
import type { Services } from "./registry.ts";

/** The name under which a plugin provides it. */
const KEY: Key<LoadEngine> = { name: "load_engine.engine" };

/**
 * The load engine of a revision.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where the configuration has none
 */
export function loadEngineIn(services: Services): LoadEngine {
  const engine = services.find(KEY);
  if (engine !== undefined) return engine;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot run the script", [{
    path: "/plugins/load_engine",
    message: "The configuration switches the load engine off",
    value: false,
    allowed: "the plugin load_engine, switched on",
  }]);
}
