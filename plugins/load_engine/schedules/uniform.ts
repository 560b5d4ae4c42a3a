/**
 * @module
 */
import type { Signal } from "../../../core/plugin.ts";
import { ONE_ARRIVAL, type Schedule } from "./schedule.ts";

/**
 * Arrivals as even as a rate allows: the k-th where the rate's integral reaches k, so that up to any time there are as many as
 * the integral says, rounded down.
 *
 * @param rate per second, by ms since the start
 * @param duration in ms; no arrival is at it or later
 */
export function uniform(rate: Signal, duration: number): Schedule {
  let arrivals = 0;
  return {
    next() {
      const time = rate.inverse(++arrivals * ONE_ARRIVAL);
      return time < duration ? time : Infinity;
    },
  };
}
