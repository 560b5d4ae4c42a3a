/**
 * Time: the clock interface, the real-time clock, and the virtual clock.
 *
 * @module
 */

export type { Clock } from "../../contract/values.ts";
export {
  PreciseClock,
  type PreciseClockOptions,
  type PreciseClockState,
  type PreciseClockStats,
} from "./precise_clock.ts";
export { Lead, type Waker } from "./_waker.ts";
export { atOnce, inSlices } from "./slices.ts";
export { nextLook } from "./next_look.ts";
export { pause, TimeLimitError, withinLimit } from "./time_limit.ts";
export { isVirtual, VirtualClock } from "./virtual_clock.ts";
export { TurnBudget } from "./turn_budget.ts";
export { wallTime } from "./wall_time.ts";
