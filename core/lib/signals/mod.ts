/**
 * Values as functions of time: load, and whatever else a run changes. Pure: they ask no clock, and draw nothing.
 *
 * ```ts
 * import { constant } from "./mod.ts";
 *
 * const rate = constant(50); // per second
 * console.assert(rate.inverse(3 * 1000) === 60); // the third arrival, at 60 ms
 * ```
 *
 * @module
 */
export { constant } from "./constant.ts";
export { signalType } from "./signal_type.ts";
export { timelineType } from "./timeline.ts";
