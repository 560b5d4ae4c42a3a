/**
 * Recorded arrivals, with their gaps.
 *
 * @module
 */
import { recorded } from "../schedules/mod.ts";
import type { Replay, RequestPlan } from "../script/mod.ts";
import { WeightedChoice } from "./_choice.ts";
import { OpenRun } from "./_open_run.ts";
import type { RunContext } from "./traffic_run.ts";

/** Sends what was recorded when it was recorded. */
export class ReplayRun extends OpenRun<Replay> {
  readonly #weighted: WeightedChoice;

  constructor(plan: Replay, context: RunContext) {
    super(plan, context, { end: Infinity, schedule: recorded(plan.times) });
    this.#weighted = new WeightedChoice(plan.requests, plan.streams.pick);
  }

  protected choose(arrival: number): RequestPlan {
    const { choices, pick, requests } = this.scenario;
    if (choices !== undefined) return requests[choices[arrival]];
    return pick === "in-order"
      ? requests[arrival % requests.length]
      : this.#weighted.at(arrival);
  }
}
