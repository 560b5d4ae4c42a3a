/**
 * Random numbers. Every random number of a server comes from a named stream.
 *
 * ```ts
 * import { createStream, streamKey } from "./mod.ts";
 *
 * const stream = createStream(await streamKey(42, "orders"), "service");
 * stream.uniform(0); // the number of the first exchange, the same in every run
 * ```
 *
 * @module
 */
export { hashKey } from "./hash.ts";
export { createStream, type StreamKey, streamKey } from "./stream.ts";
export { Uuids } from "./uuids.ts";
export type { Stream } from "../../contract/values.ts";
