/**
 * Values as functions of time, such as load. They are pure functions, without a clock and without random numbers.
 *
 * ```ts
 * import { constant } from "./mod.ts";
 *
 * const rate = constant(50); // per second
 * console.assert(rate.inverse(2.5 * 1000) === 50); // the third of even arrivals, at 50 ms
 * ```
 *
 * @module
 */
export { constant } from "./lines.ts";
export { signalType, timelineType } from "./setting_types.ts";
