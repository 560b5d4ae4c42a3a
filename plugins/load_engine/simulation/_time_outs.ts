/**
 * Time-outs of requests in virtual time, without a timer for each: those of one length end in the order in which they began.
 *
 * @module
 */
import type { Clock, Exchange } from "../../../core/plugin.ts";
import type { ErrorKind, Order } from "../executors/mod.ts";

/** A request under way. Used again and again, so that a request costs no object beside its order and its exchange. */
export class Call {
  /** What is sent; undefined while it is not in use. */
  order: Order | undefined = undefined;
  /** What came of it so far; undefined while it is being sent. */
  exchange: Exchange | undefined = undefined;
  /** Why the client gave up; empty while it has not. */
  gaveUp: ErrorKind = "";
  /** When its time is out, on the clock. */
  deadline = 0;
  /** The one that was sent before it. */
  before: Call | undefined = undefined;
  /** The one that was sent after it. */
  after: Call | undefined = undefined;
}

/** The calls under way that share a time-out, in the order in which they were sent. */
export class TimeOuts {
  #first: Call | undefined;
  #last: Call | undefined;
  #timer = 0;
  readonly #clock: Clock;
  readonly #giveUp: (call: Call) => void;

  /** @param giveUp makes a call leave whose time is out */
  constructor(clock: Clock, giveUp: (call: Call) => void) {
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** A call was sent: none has a later deadline. */
  enter(call: Call): void {
    call.before = this.#last;
    call.after = undefined;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
    if (this.#timer === 0) this.#watch(call);
  }

  /** A call has ended. The timer stays: it looks for the next one when it fires. */
  leave(call: Call): void {
    const { before, after } = call;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    call.before = call.after = undefined;
  }

  /** All calls under way of which something is true. */
  filter(concerns: (call: Call) => boolean): Call[] {
    const found: Call[] = [];
    for (let call = this.#first; call !== undefined; call = call.after) {
      if (concerns(call)) found.push(call);
    }
    return found;
  }

  look(): void {
    this.#timer = 0;
    const now = this.#clock.now();
    let call = this.#first;
    while (call !== undefined && call.deadline <= now) {
      this.#giveUp(call);
      call = this.#first;
    }
    if (call !== undefined) this.#watch(call);
  }

  #watch({ deadline }: Call): void {
    this.#timer = this.#clock.at(deadline, look, this);
  }
}

function look(timeOuts: TimeOuts): void {
  timeOuts.look();
}
