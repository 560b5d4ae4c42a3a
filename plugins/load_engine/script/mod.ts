/**
 * Load scripts: from text to what can be run.
 *
 * @module
 */
export { parseScript } from "./parse.ts";
export { readScript, SCRIPT_LIMIT, scriptIn } from "./read.ts";
export { isLoopback } from "./_target.ts";
export type {
  ScriptServer,
  ScriptTools,
  StressHandle,
  StressScenarios,
} from "./_tools.ts";
export type * from "./types.ts";
