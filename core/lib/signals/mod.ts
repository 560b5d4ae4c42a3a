/**
 * Values as functions of time, such as load. They are pure functions, without a clock and without random numbers.
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
export { constant } from "./lines.ts";
export { signalType, timelineType } from "./setting_types.ts";
