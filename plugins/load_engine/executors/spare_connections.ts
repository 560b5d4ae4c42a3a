/**
 * How many connections a script needs before it begins.
 *
 * @module
 */
import { ONE_ARRIVAL } from "../schedules/mod.ts";
import type { ArrivalRate, Replay, Script, Traffic } from "../script/mod.ts";

/** For the arrivals of how long there are to be connections, in ms: an engine held up for that long catches up at once. */
const SPAN = 20;

/** In how many places a rate is looked at to find its peak. */
const PLACES = 1000;

/**
 * The connections that open scenarios are begun with: one for each arrival that may fall due within 20 ms, so that a moment's
 * hold-up of either side makes nobody wait for a connection to be made; no more than may be under way. In a closed model users
 * make their own, and wait for nobody.
 */
export function spareConnections({ scenarios }: Script): number {
  let spare = 0;
  for (const scenario of scenarios) {
    if (!isOpen(scenario) || !scenario.requests.some(keepsAlive)) continue;
    const most = scenario.executor === "replay"
      ? mostWithin(scenario.times)
      : Math.ceil(peak(scenario) * SPAN / ONE_ARRIVAL);
    spare += Math.min(most, scenario.maxInFlight);
  }
  return spare;
}

function isOpen(
  scenario: Script["scenarios"][number],
): scenario is ArrivalRate | Replay {
  return scenario.executor === "arrival-rate" ||
    scenario.executor === "replay";
}

function keepsAlive({ keepAlive }: Traffic["requests"][number]): boolean {
  return keepAlive;
}

/** The highest rate, per second. */
function peak({ rate, duration }: ArrivalRate): number {
  if (rate.constant) return rate.at(0);
  const last = Math.min(duration, rate.end);
  let highest = 0;
  for (let place = 0; place <= PLACES; place++) {
    highest = Math.max(highest, rate.at(last * place / PLACES));
  }
  return highest;
}

/** The most of these times that lie within one span. */
function mostWithin(times: Float64Array): number {
  let most = 0;
  for (let first = 0, next = 0; next < times.length; next++) {
    while (times[next] - times[first] >= SPAN) first++;
    most = Math.max(most, next - first + 1);
  }
  return most;
}
