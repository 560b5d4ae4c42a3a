/**
 * The closed model: virtual users, each of whom waits for the response and thinks before the next request.
 *
 * @module
 */
import {
  type Clock,
  type Distribution,
  shareOf,
} from "../../../core/plugin.ts";
import { Order, type RequestPlan, type Sender, type Turn } from "../order.ts";
import type { SharedIterations, VirtualUsers } from "../script/script.ts";
import { type RunContext, TrafficRun, WeightedChoice } from "./_traffic_run.ts";

/** Interval at which a changing number of users is looked up, in ms. */
const USERS_INTERVAL = 50;

/** A scenario with users. */
abstract class ClosedRun<Plan extends VirtualUsers | SharedIterations>
  extends TrafficRun<Plan> {
  /** All users so far, including those at rest. */
  protected readonly crowd: User[] = [];
  /** Number of users that are not at rest. */
  protected active = 0;
  /** Number of turns begun. Those of this share have every n-th number. */
  protected turns = 0;
  readonly #context: UserContext;

  constructor(plan: Plan, context: RunContext) {
    super(plan, context);
    const { requests, pick, streams, think } = plan;
    this.#context = {
      clock: this.clock,
      requests,
      weighted: pick === "weighted"
        ? new WeightedChoice(requests, streams.pick)
        : undefined,
      think,
      thinkStream: streams.think,
      byTimer: this.byTimer,
      mayContinue: (user) => this.state === "open" && this.wanted(user),
      nextTurn: (user) =>
        this.mayTurn(user)
          ? this.segment.index + this.segment.count * this.turns++
          : undefined,
      dispatch: (order) => this.dispatch(order),
      ended: (order) => this.ended(order),
      rests: () => {
        this.active--;
        this.rested();
      },
    };
  }

  override get users(): number {
    return this.active;
  }

  /** Ensures at least this number of active users: starts new ones and wakes those at rest. */
  protected gather(count: number): void {
    const now = this.clock.now();
    for (let i = 0; i < count && this.state === "open"; i++) {
      const user = this.crowd[i] ??= new User(
        this.#context,
        this.segment.index + i * this.segment.count,
      );
      if (user.active || !this.mayTurn(user)) continue;
      this.active++;
      user.wake(now);
    }
  }

  /** Returns whether this user should still exist. */
  protected abstract wanted(user: User): boolean;

  /** Returns whether this user may begin another turn. */
  protected abstract mayTurn(user: User): boolean;

  /** Called when a user comes to rest. */
  protected abstract rested(): void;
}

function close<Plan extends VirtualUsers | SharedIterations>(
  run: ClosedRun<Plan>,
): void {
  run.close();
}

/** Keeps the number of users that a signal prescribes. A surplus user leaves after its response. */
export class VirtualUsersRun extends ClosedRun<VirtualUsers> {
  /** Prescribed number of users, those of all replicas together. */
  #target = 0;

  protected sending(): void {
    const { duration } = this.scenario;
    if (duration < Infinity) {
      this.clock.at(this.opened + duration, close, this);
    }
    this.look();
  }

  look(): void {
    if (this.state !== "open") return;
    const { users } = this.scenario;
    const elapsed = this.clock.now() - this.opened;
    this.#target = Math.round(users.at(elapsed));
    this.gather(shareOf(this.#target, this.segment));
    if (elapsed < users.end) {
      // Computed from the start of the run, so that lateness does not accumulate.
      const next = (Math.floor(elapsed / USERS_INTERVAL) + 1) * USERS_INTERVAL;
      this.clock.at(this.opened + next, look, this);
    } else if (this.#target === 0) this.close();
  }

  protected wanted({ index }: User): boolean {
    return index < this.#target;
  }

  protected mayTurn({ turns }: User): boolean {
    return turns < this.scenario.iterations;
  }

  protected rested(): void {
    const { iterations, users } = this.scenario;
    if (this.active > 0 || iterations === Infinity) return;
    const last = this.clock.now() - this.opened >= users.end;
    if (last && this.crowd.every((user) => !this.mayTurn(user))) this.close();
  }
}

function look(run: VirtualUsersRun): void {
  run.look();
}

/** Lets users share a number of turns: a faster user takes more of them. */
export class SharedIterationsRun extends ClosedRun<SharedIterations> {
  /** Number of turns of the users of this replica. */
  readonly #iterations: number;

  constructor(plan: SharedIterations, context: RunContext) {
    super(plan, context);
    // A replica without a user takes no turn.
    const { index, count } = context.segment;
    const sending = Math.min(count, plan.users);
    this.#iterations = index < sending
      ? shareOf(plan.iterations, { index, count: sending })
      : 0;
  }

  protected sending(): void {
    const { duration, users } = this.scenario;
    if (duration < Infinity) {
      this.clock.at(this.opened + duration, close, this);
    }
    this.gather(shareOf(users, this.segment));
    if (this.#iterations === 0) this.close();
  }

  protected wanted(): boolean {
    return true;
  }

  protected mayTurn(): boolean {
    return this.turns < this.#iterations;
  }

  protected rested(): void {
    if (this.active === 0 && !this.mayTurn()) this.close();
  }
}

/** Parts of a scenario that its users need. */
interface UserContext {
  readonly clock: Clock;
  /** Requests of the scenario; in order, one turn is one pass over all of them. */
  readonly requests: readonly RequestPlan[];
  /** Choice of the single request of a turn; undefined if requests are sent in order. */
  readonly weighted: WeightedChoice | undefined;
  /** Distribution of think times in ms; undefined for none. */
  readonly think: Distribution | undefined;
  /** Random numbers of the think times. */
  readonly thinkStream: Parameters<Distribution["draw"]>[0];
  /** True if a request always follows a response by a timer. */
  readonly byTimer: boolean;
  /** Returns whether the user may continue. Called before each request. */
  mayContinue(user: User): boolean;
  /** Returns the index of the user's next turn in the scenario; undefined if there is none. */
  nextTurn(user: User): number | undefined;
  /** Sends an order. */
  dispatch(order: Order): void;
  /** Counts an order that has ended. */
  ended(order: Order): void;
  /** Reports that the user stops for now: it may not continue, or has no turn left. */
  rests(user: User): void;
}

/**
 * Distance between the users' positions in the streams. Multiples of 2^32 divided by the golden ratio keep any number of users evenly
 * apart: 100 000 by 16 000 turns each (the three-distance theorem).
 */
const DISTANCE = 0x9e3779b1;

/** One virtual user: takes turns, one request after another. */
class User implements Sender {
  /** Number of turns begun. */
  turns = 0;
  /** True while a request is active or scheduled. */
  active = false;
  readonly #context: UserContext;
  #turn: Turn | undefined;
  #step = 0;
  /** Number of requests sent. */
  #sent = 0;
  /** Time at which the next request is due. */
  #due = 0;

  constructor(
    context: UserContext,
    /** Zero-based index in the scenario, among the users of all replicas. */
    readonly index: number,
  ) {
    this.#context = context;
  }

  /** Begins, or continues after a rest. */
  wake(now: number): void {
    this.active = true;
    this.#due = now;
    this.act();
  }

  act(): void {
    const context = this.#context;
    if (!context.mayContinue(this)) return this.#rest();
    let turn = this.#turn;
    if (turn === undefined) {
      const number = context.nextTurn(this);
      if (number === undefined) return this.#rest();
      turn = this.#turn = {
        user: this.index,
        iteration: this.turns,
        number,
        place: place(this.index, this.turns),
      };
      this.turns++;
    }
    const { weighted, requests } = context;
    const request = weighted?.at(turn.place) ?? requests[this.#step];
    if (weighted !== undefined || ++this.#step === requests.length) {
      this.#step = 0;
      this.#turn = undefined;
    }
    this.#sent++;
    context.dispatch(new Order(request, this, this.#due, turn));
  }

  ended(order: Order): void {
    const context = this.#context;
    context.ended(order);
    const think = context.think?.draw(
      context.thinkStream,
      place(this.index, this.#sent - 1),
    ) ?? 0;
    this.#due = order.ended + think;
    if (think === 0 && !context.byTimer) this.act();
    else context.clock.at(this.#due, act, this);
  }

  #rest(): void {
    this.active = false;
    this.#context.rests(this);
  }
}

function act(user: User): void {
  user.act();
}

function place(user: number, turn: number): number {
  return (Math.imul(user, DISTANCE) + turn) >>> 0;
}
