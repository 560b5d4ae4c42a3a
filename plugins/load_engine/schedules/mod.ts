/**
 * When requests are to be sent: pure functions of script and seed, without a clock. Each computes one time after the other, so that
 * a schedule takes no memory however long it is.
 *
 * @module
 */
export { poisson } from "./poisson.ts";
export { recorded } from "./recorded.ts";
export { ONE_ARRIVAL, type Schedule } from "./schedule.ts";
export { uniform } from "./uniform.ts";
