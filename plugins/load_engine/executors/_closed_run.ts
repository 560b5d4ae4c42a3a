/**
 * The closed model: users who wait for answers.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type {
  RequestPlan,
  SharedIterations,
  VirtualUsers,
} from "../script/mod.ts";
import { WeightedChoice } from "./_choice.ts";
import { type Home, User } from "./_user.ts";
import { type RunContext, TrafficRun } from "./traffic_run.ts";

/** A scenario with users. */
export abstract class ClosedRun<Plan extends VirtualUsers | SharedIterations>
  extends TrafficRun<Plan> {
  /** Those there have been, the resting ones included. */
  protected readonly crowd: User[] = [];
  /** How many have something to do. */
  protected active = 0;
  /** How many turns were begun. */
  protected turns = 0;
  readonly #home: Home;

  constructor(plan: Plan, context: RunContext) {
    super(plan, context);
    const { requests, pick, streams, think } = plan;
    this.#home = home(this, {
      clock: this.clock,
      requests,
      weighted: pick === "weighted"
        ? new WeightedChoice(requests, streams.pick)
        : undefined,
      think,
      thoughts: streams.think,
      byTimer: this.byTimer,
      goesOn: (user) => this.state === "open" && this.wanted(user),
      nextTurn: (user) => this.mayTurn(user) ? this.turns++ : undefined,
      rests: () => {
        this.active--;
        this.rested();
      },
    });
  }

  override get users(): number {
    return this.active;
  }

  /** Lets there be at least so many users: new ones begin, resting ones go on. */
  protected gather(count: number): void {
    const now = this.clock.now();
    for (let i = 0; i < count && this.state === "open"; i++) {
      const user = this.crowd[i] ??= new User(this.#home, i);
      if (user.active || !this.mayTurn(user)) continue;
      this.active++;
      user.wake(now);
    }
  }

  /** Whether there is still to be this user. */
  protected abstract wanted(user: User): boolean;

  /** Whether it may take another turn. */
  protected abstract mayTurn(user: User): boolean;

  /** A user has nothing more to do for now. */
  protected abstract rested(): void;
}

/** A user's home, whose orders go through the run. */
function home<Plan extends VirtualUsers | SharedIterations>(
  run: ClosedRun<Plan>,
  rest: Omit<Home, "dispatch" | "ended"> & {
    readonly clock: Clock;
    readonly requests: readonly RequestPlan[];
  },
): Home {
  return {
    ...rest,
    dispatch: (order) => run.dispatch(order),
    ended: (order) => run.ended(order),
  };
}
