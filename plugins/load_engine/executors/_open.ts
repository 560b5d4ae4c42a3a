/**
 * The open model: requests are sent at their times, whatever happens to those before. Arrivals follow a rate or a recorded trace.
 *
 * @module
 */
import { shareOf } from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";
import type { ArrivalRate, Replay } from "../script/script.ts";
import { poisson, recorded, type Schedule, uniform } from "./schedules.ts";
import { type RunContext, TrafficRun, WeightedChoice } from "./_traffic_run.ts";

/** Sends along a schedule. One timer is set at any time for the next arrival, and one for the end. */
abstract class OpenRun<Plan extends ArrivalRate | Replay>
  extends TrafficRun<Plan> {
  readonly #schedule: Schedule;
  readonly #end: number;
  readonly #weighted: WeightedChoice;
  /** Number of the next arrival, among those of all replicas. */
  #arrivals: number;
  readonly #maxInFlight: number;
  /** Time of the next arrival, on the clock; Infinity if there is none. */
  #due = Infinity;
  #timer = 0;

  /** @param end time at which the scenario closes, in ms since its start; with Infinity it closes after the last arrival */
  constructor(plan: Plan, context: RunContext, { schedule, end }: {
    readonly schedule: Schedule;
    readonly end: number;
  }) {
    super(plan, context);
    this.#schedule = schedule;
    this.#end = end;
    this.#weighted = new WeightedChoice(plan.requests, plan.streams.pick);
    this.#arrivals = this.segment.index;
    this.#maxInFlight = shareOf(plan.maxInFlight, this.segment);
  }

  /** Request of an arrival, given its zero-based index. */
  protected choose(arrival: number): RequestPlan {
    const { pick, requests } = this.scenario;
    return pick === "in-order"
      ? requests[arrival % requests.length]
      : this.#weighted.at(arrival);
  }

  protected sending(): void {
    if (this.#end < Infinity) {
      this.clock.at(this.opened + this.#end, end, this);
    }
    this.#scheduleNext();
  }

  /** Closes at the end, after an arrival that rounding has put there. */
  end(): void {
    while (this.state === "open" && this.#due <= this.opened + this.#end) {
      this.clock.cancel(this.#timer);
      this.arrive();
    }
    this.close();
  }

  override close(): void {
    this.clock.cancel(this.#timer);
    super.close();
  }

  arrive(): void {
    const number = this.#arrivals;
    this.#arrivals += this.segment.count;
    if (this.inFlight >= this.#maxInFlight || this.#due < this.joined) {
      this.drop();
    } else {
      this.send(this.choose(number), this.#due, {
        user: 0,
        iteration: number,
        number,
        place: number >>> 0,
      });
    }
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    this.#due = this.opened + this.#schedule.next();
    if (this.#due < Infinity) {
      this.#timer = this.clock.at(this.#due, arrive, this);
    } else if (this.#end === Infinity) this.close();
  }
}

function arrive<Plan extends ArrivalRate | Replay>(run: OpenRun<Plan>): void {
  run.arrive();
}

function end<Plan extends ArrivalRate | Replay>(run: OpenRun<Plan>): void {
  run.end();
}

/** Sends at a rate, evenly spaced or as a Poisson process. */
export class ArrivalRateRun extends OpenRun<ArrivalRate> {
  constructor(plan: ArrivalRate, context: RunContext) {
    const { rate, duration, streams } = plan;
    super(plan, context, {
      end: duration,
      schedule: plan.arrivals === "poisson"
        ? poisson(rate, duration, streams.arrivals, context.segment)
        : uniform(rate, duration, context.segment),
    });
  }

  override get targetRate(): number {
    return this.state === "open"
      ? this.scenario.rate.at(this.clock.now() - this.opened) /
        this.segment.count
      : 0;
  }
}

/** Sends recorded arrivals with their gaps. */
export class ReplayRun extends OpenRun<Replay> {
  constructor(plan: Replay, context: RunContext) {
    super(plan, context, {
      end: Infinity,
      schedule: recorded(plan.times, context.segment),
    });
  }

  protected override choose(arrival: number): RequestPlan {
    const { choices, requests } = this.scenario;
    return choices === undefined
      ? super.choose(arrival)
      : requests[choices[arrival]];
  }
}
