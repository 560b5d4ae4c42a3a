/**
 * @module
 */
import type { Signal, Stream } from "../../../core/plugin.ts";
import { ONE_ARRIVAL, type Schedule } from "./schedule.ts";

/**
 * Arrivals that know nothing of each other: where the integral of the rate grows by unit-exponential steps, they are a Poisson
 * process of that rate, a changing one included (time rescaling: Çınlar, Introduction to Stochastic Processes, 1975, 4.7).
 *
 * @param rate per second, by ms since the start
 * @param duration in ms; no arrival is at it or later
 * @param gaps the k-th gap is drawn from its place k
 */
export function poisson(
  rate: Signal,
  duration: number,
  gaps: Stream,
): Schedule {
  let arrivals = 0;
  let area = 0;
  return {
    next() {
      area -= Math.log(gaps.uniform(arrivals++)) * ONE_ARRIVAL;
      const time = rate.inverse(area);
      return time < duration ? time : Infinity;
    },
  };
}
