/**
 * Arrivals at a rate.
 *
 * @module
 */
import { poisson, uniform } from "../schedules/mod.ts";
import type { ArrivalRate, RequestPlan } from "../script/mod.ts";
import { WeightedChoice } from "./_choice.ts";
import { OpenRun } from "./_open_run.ts";
import type { RunContext } from "./traffic_run.ts";

/** Sends at a rate, evenly or at random. */
export class ArrivalRateRun extends OpenRun<ArrivalRate> {
  readonly #weighted: WeightedChoice;

  constructor(plan: ArrivalRate, context: RunContext) {
    const { rate, duration, streams } = plan;
    super(plan, context, {
      end: duration,
      schedule: plan.arrivals === "poisson"
        ? poisson(rate, duration, streams.arrivals)
        : uniform(rate, duration),
    });
    this.#weighted = new WeightedChoice(plan.requests, streams.pick);
  }

  override get targetRate(): number {
    return this.state === "open"
      ? this.scenario.rate.at(this.clock.now() - this.opened)
      : 0;
  }

  protected choose(arrival: number): RequestPlan {
    const { pick, requests } = this.scenario;
    return pick === "in-order"
      ? requests[arrival % requests.length]
      : this.#weighted.at(arrival);
  }
}
