/**
 * Changing the configuration while it is in force.
 *
 * @module
 */
export { etag, revisionsIn } from "./etag.ts";
export { mergeRoutes, patchConfig, putConfig, type Written } from "./edits.ts";
export { configEndpoints, type LiveConfiguration } from "./endpoints.ts";
export { mergePatch } from "./merge_patch.ts";
