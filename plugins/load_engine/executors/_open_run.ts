/**
 * The open model: requests are sent at their times, whatever becomes of those before.
 *
 * @module
 */
import type { Schedule } from "../schedules/mod.ts";
import type { RequestPlan, Traffic } from "../script/mod.ts";
import { type RunContext, TrafficRun } from "./traffic_run.ts";

/** A scenario that can be sent by the clock alone. */
type OpenPlan = Extract<Traffic, { readonly maxInFlight: number }>;

/** Sends along a schedule. One timer is set at any time, for the next arrival. */
export abstract class OpenRun<Plan extends OpenPlan> extends TrafficRun<Plan> {
  readonly #schedule: Schedule;
  readonly #end: number;
  #arrivals = 0;
  /** When the next one is due, on the clock. */
  #due = 0;
  #timer = 0;

  /** @param end in ms since the start: the scenario closes then; Infinity where it does with the last arrival */
  constructor(plan: Plan, context: RunContext, { schedule, end }: {
    readonly schedule: Schedule;
    readonly end: number;
  }) {
    super(plan, context);
    this.#schedule = schedule;
    this.#end = end;
  }

  /** Which request an arrival is. */
  protected abstract choose(arrival: number): RequestPlan;

  protected sending(): void {
    if (this.#end < Infinity) {
      this.clock.at(this.opened + this.#end, close, this);
    }
    this.#scheduleNext();
  }

  override close(): void {
    this.clock.cancel(this.#timer);
    super.close();
  }

  arrive(): void {
    const number = this.#arrivals++;
    if (this.inFlight >= this.scenario.maxInFlight) this.drop();
    else {
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
    const next = this.#schedule.next();
    if (next < Infinity) {
      this.#due = this.opened + next;
      this.#timer = this.clock.at(this.#due, arrive, this);
    } else if (this.#end === Infinity) this.close();
  }
}

function arrive<Plan extends OpenPlan>(run: OpenRun<Plan>): void {
  run.arrive();
}

function close<Plan extends OpenPlan>(run: OpenRun<Plan>): void {
  run.close();
}
