/**
 * Chance: every random number of a server comes from a named stream of this room.
 *
 * ```ts
 * import { createStream, streamKey } from "./mod.ts";
 *
 * const stream = createStream(await streamKey(42, "orders"), "service");
 * stream.uniform(0); // the first exchange's number, today and in every run
 * ```
 *
 * @module
 */
export { hashKey } from "./hash.ts";
export { createStream, type StreamKey, streamKey } from "./stream.ts";
export type { Stream } from "../../plugin.ts";
