/**
 * One user: takes turns, one request after the other, each after the answer to the one before and a time to think.
 *
 * @module
 */
import type { Clock, Distribution } from "../../../core/plugin.ts";
import type { RequestPlan } from "../script/mod.ts";
import type { WeightedChoice } from "./_choice.ts";
import { Order, type Sender, type Turn } from "./environment.ts";

/** What a user asks of its scenario. */
export interface Home {
  /** Of the environment. */
  readonly clock: Clock;
  /** In order, one turn is one pass over these. */
  readonly requests: readonly RequestPlan[];
  /** One turn is one request of these; undefined where they are taken in order. */
  readonly weighted: WeightedChoice | undefined;
  /** How long to think; not at all where undefined. */
  readonly think: Distribution | undefined;
  /** Where the thoughts come from. */
  readonly thoughts: Parameters<Distribution["draw"]>[0];
  /** Whether a request follows an answer by a timer in any case. */
  readonly byTimer: boolean;
  /** May it go on? Asked before each request. */
  goesOn(user: User): boolean;
  /** The number of its next turn; undefined where it takes no more. */
  nextTurn(user: User): number | undefined;
  /** Sends. */
  dispatch(order: Order): void;
  /** Counts what has ended. */
  ended(order: Order): void;
  /** It stops for now: it had no right to go on, or no turn left. */
  rests(user: User): void;
}

/**
 * Users begin far apart in the streams: multiples of 2^32 divided by the golden ratio keep any number of them evenly apart, 100 000
 * by 16 000 turns each (the three-distance theorem).
 */
const APART = 0x9e3779b1;

/** One user. */
export class User implements Sender {
  /** How many turns it has begun. */
  turns = 0;
  /** Whether a request is under way, or to come by a timer. */
  active = false;
  readonly #home: Home;
  #turn: Turn | undefined;
  #step = 0;
  /** How many requests it has sent. */
  #sent = 0;
  /** When the next one is due. */
  #due = 0;

  constructor(
    home: Home,
    /** Which, from 0. */
    readonly index: number,
  ) {
    this.#home = home;
  }

  /** Begins, or goes on where it rested. */
  wake(now: number): void {
    this.active = true;
    this.#due = now;
    this.act();
  }

  act(): void {
    const home = this.#home;
    if (!home.goesOn(this)) return this.#rest();
    let turn = this.#turn;
    if (turn === undefined) {
      const number = home.nextTurn(this);
      if (number === undefined) return this.#rest();
      turn = this.#turn = {
        user: this.index,
        iteration: this.turns,
        number,
        place: place(this.index, this.turns),
      };
      this.turns++;
    }
    const request = home.weighted?.at(turn.place) ?? home.requests[this.#step];
    if (home.weighted !== undefined || ++this.#step === home.requests.length) {
      this.#step = 0;
      this.#turn = undefined;
    }
    this.#sent++;
    home.dispatch(new Order(request, this, this.#due, turn));
  }

  ended(order: Order): void {
    const home = this.#home;
    home.ended(order);
    const think = home.think?.draw(
      home.thoughts,
      place(this.index, this.#sent - 1),
    ) ?? 0;
    this.#due = order.ended + think;
    if (think === 0 && !home.byTimer) this.act();
    else home.clock.at(this.#due, act, this);
  }

  #rest(): void {
    this.active = false;
    this.#home.rests(this);
  }
}

function act(user: User): void {
  user.act();
}

function place(user: number, turn: number): number {
  return (Math.imul(user, APART) + turn) >>> 0;
}
