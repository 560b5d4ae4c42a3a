/**
 * Configurations. In the package, this module has exact types in place of core's, which leave room for the keys of plugins: tools/npm.ts
 * writes them from the JSON Schema.
 *
 * @module
 */
export type { PerfmockInput, RouteInput } from "../mod.ts";
export type * from "./patch.ts";
