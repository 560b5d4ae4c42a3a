/**
 * Times at which requests of the open model are due: pure functions of script and seed, without a clock. A schedule computes one time
 * after another, so that its memory does not depend on its length.
 *
 * @module
 */
import {
  type Segment,
  shareOf,
  type Signal,
  type Stream,
  WHOLE,
} from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";
import type { ArrivalRate, Replay, Script } from "../script/script.ts";

/** Integral of the rate per arrival: rates are per second, a signal's time is in ms. */
const ONE_ARRIVAL = 1000;

/** Times in ascending order. */
export interface Schedule {
  /** Returns the next time, in ms since the schedule's start; Infinity after the last. */
  next(): number;
}

/** Relative error that rounding leaves in an integral, some units in the last place. */
const ROUNDING = 2 ** -48;

/**
 * Arrivals as even as a rate allows: the k-th is due when the rate's integral passes k − ½. From the start until any time there are
 * as many as the integral, rounded; a half that the integral reaches at the very end, and does not pass, makes none.
 *
 * @param rate per second, by ms since the start
 * @param duration in ms; no arrival is after it
 * @param segment arrivals that are taken: every n-th, at the same times as among all. Default all
 * @throws PerfmockError `ARGUMENT_INVALID` if the rate changes too often to be integrated
 */
export function uniform(
  rate: Signal,
  duration: number,
  { index, count }: Segment = WHOLE,
): Schedule {
  // The number decides, not the times: rounding must not move the last arrival beyond the end.
  const total = passed(rate.integral(duration) / ONE_ARRIVAL);
  let arrivals = index;
  return {
    next() {
      if (arrivals >= total) return Infinity;
      const time = rate.inverse((arrivals + 0.5) * ONE_ARRIVAL);
      arrivals += count;
      return Math.min(time, duration);
    },
  };
}

/** Number of halves ½, 1½, 2½, … below a value, apart from rounding. */
function passed(value: number): number {
  return Math.max(0, Math.ceil(value * (1 - ROUNDING) - 0.5));
}

/**
 * Independent arrivals. If the integral of the rate grows by unit-exponential steps between them, they are a Poisson process of that
 * rate, even if it changes (time rescaling: Çınlar, Introduction to Stochastic Processes, 1975, 4.7).
 *
 * @param rate per second, by ms since the start
 * @param duration in ms; all arrivals are before it
 * @param gaps random numbers; the k-th gap is drawn from position k
 * @param segment arrivals that are taken: every n-th, at the same times as among all. Default all
 */
export function poisson(
  rate: Signal,
  duration: number,
  gaps: Stream,
  { index, count }: Segment = WHOLE,
): Schedule {
  let arrivals = 0;
  let area = 0;
  let own = index;
  return {
    next() {
      // The gaps before the arrivals of others are added one by one, too, so that rounding moves none of the times.
      while (arrivals <= own) {
        area -= Math.log(gaps.uniform(arrivals++)) * ONE_ARRIVAL;
      }
      own += count;
      const time = rate.inverse(area);
      return time < duration ? time : Infinity;
    },
  };
}

/**
 * Arrivals at recorded times.
 *
 * @param times in ms since the start, ascending
 * @param segment arrivals that are taken: every n-th. Default all
 */
export function recorded(
  times: Float64Array,
  { index, count }: Segment = WHOLE,
): Schedule {
  let arrivals = index;
  return {
    next() {
      if (arrivals >= times.length) return Infinity;
      const time = times[arrivals];
      arrivals += count;
      return time;
    },
  };
}

/** Period whose arrivals find open connections, in ms: an engine that was held up for that long catches up at once. */
const SPARE_PERIOD = 20;

/** Number of times at which a rate is evaluated to find its peak. */
const PEAK_SAMPLES = 1000;

/**
 * Number of connections that the open scenarios of a script begin with: one for each arrival that may fall due within 20 ms, so that no
 * request waits for a connection after a short delay of either side; at most `maxInFlight` for each scenario. In a closed model
 * users open their own connections.
 */
export function spareConnections(
  { scenarios, segment }: Pick<Script, "scenarios" | "segment">,
): number {
  let spare = 0;
  for (const scenario of scenarios) {
    if (!isOpen(scenario) || !scenario.requests.some(keepsAlive)) continue;
    const most = scenario.executor === "replay"
      ? mostWithinPeriod(scenario.times)
      : Math.ceil(peak(scenario) * SPARE_PERIOD / ONE_ARRIVAL);
    spare += Math.min(
      Math.ceil(most / segment.count),
      shareOf(scenario.maxInFlight, segment),
    );
  }
  return spare;
}

function isOpen(
  scenario: Script["scenarios"][number],
): scenario is ArrivalRate | Replay {
  return scenario.executor === "arrival-rate" ||
    scenario.executor === "replay";
}

function keepsAlive({ keepAlive }: RequestPlan): boolean {
  return keepAlive;
}

/** The highest rate, per second. */
function peak({ rate, duration }: ArrivalRate): number {
  if (rate.constant) return rate.at(0);
  const last = Math.min(duration, rate.end);
  let highest = 0;
  for (let sample = 0; sample <= PEAK_SAMPLES; sample++) {
    highest = Math.max(highest, rate.at(last * sample / PEAK_SAMPLES));
  }
  return highest;
}

function mostWithinPeriod(times: Float64Array): number {
  let most = 0;
  for (let first = 0, next = 0; next < times.length; next++) {
    while (times[next] - times[first] >= SPARE_PERIOD) first++;
    most = Math.max(most, next - first + 1);
  }
  return most;
}
