/**
 * The real-time clock, whose timers are never early and are late by a few hundredths of a millisecond.
 *
 * setTimeout drops fractions of a millisecond and fires 1 to 2 ms late. Here a thread sleeps until shortly before the
 * earliest deadline and wakes the event loop, which polls through setImmediate until the deadline. I/O runs meanwhile.
 *
 * @example
 * ```ts
 * import { PreciseClock } from "./precise_clock.ts";
 * import { ok } from "node:assert/strict";
 *
 * await using clock = new PreciseClock();
 * const deadline = clock.now() + 2.5;
 * await new Promise<void>((resolve) => clock.at(deadline, resolve, undefined));
 * ok(clock.now() >= deadline);
 * ```
 *
 * @module
 */

import { PerfmockError } from "../../errors.ts";
import type { Clock } from "../../contract/values.ts";
import { nextLook } from "./next_look.ts";
import { ThreadWaker } from "./_thread_waker.ts";
import { TimerHeap } from "./_timer_heap.ts";
import { TimeoutWaker, type Waker } from "./_waker.ts";

/** Shorter waits are polled, in ms: setting the alarm would take about as long. */
const SHORTEST_SLEEP = 0.2;

/**
 * Minimum time until the next deadline, in ms, for the clock to start the thread on its own. Starting it blocks for 40 ms on
 * an idle machine, and for ten times that on a busy one.
 */
const GAP_TO_START = 1000;

/**
 * Time before a deadline, in ms, that is spent in a busy loop: another turn of the event loop would make the timer late by
 * its length. It is short because the runtime checks for I/O only every 61st turn, so any time added to a turn delays
 * incoming requests sixtyfold.
 */
const LAST_STRETCH = 0.01;

/**
 * Maximum time for which one turn fires timers, in ms. Output of a timer, such as a response, leaves only after the turn: of
 * a hundred responses due together, the first would wait until the last is ready. With a much shorter limit, most of the
 * time would go into the turns themselves.
 */
const TURN = 0.04;

/** The same on a loop, where each response leaves at once, and only requests that arrive meanwhile have to wait. */
const TURN_OF_LOOP = 0.1;

/** Options of a {@linkcode PreciseClock}. */
export interface PreciseClockOptions {
  /** True to sleep on a thread; false to use setTimeout and longer polling. Default true. */
  readonly worker?: boolean;
  /**
   * Minimum length of one turn of polling, in ms. Default 0, for turns as short as possible. Each turn leaves 200 bytes of
   * garbage, which is 100 MB a second with the shortest turns. Longer turns delay I/O: by one turn if the runtime checks for
   * I/O after each turn, by sixty turns with its default setting.
   */
  readonly slice?: number;
  /** Takes errors that callbacks throw. Default `reportError`, as with setTimeout. */
  readonly failed?: (error: unknown) => void;
}

/**
 * State of a {@linkcode PreciseClock}: `idle`, no thread yet (timers run on setTimeout); `waker`, sleeps on its thread; `loop`,
 * is called by a loop that waits for deadlines itself; `fallback`, sleeps on setTimeout for good; `disposed`, accepts no timers.
 */
export type PreciseClockState =
  | "idle"
  | "waker"
  | "loop"
  | "fallback"
  | "disposed";

/** Current figures of a {@linkcode PreciseClock}. */
export interface PreciseClockStats {
  /** State of the clock. */
  readonly state: PreciseClockState;
  /** Reason for the state `fallback`; undefined in all other states. */
  readonly reason: string | undefined;
  /** Time before a deadline at which it wakes up, in ms: the 99 % quantile of the wake-up delays, within bounds. */
  readonly lead: number;
  /** Number of pending timers. */
  readonly pending: number;
}

/**
 * A {@linkcode Clock} on `performance.now()`.
 *
 * The thread is started by {@linkcode PreciseClock.start}, or automatically when timers are pending and none is due within a
 * second. Until then, and if the thread cannot start, the clock uses setTimeout. Pending timers keep the process alive, except
 * those at Infinity; the thread does not.
 *
 * Errors thrown by a callback go to `failed`, and do not affect other timers.
 */
export class PreciseClock implements Clock, Disposable, AsyncDisposable {
  readonly #timers = new TimerHeap();
  readonly #slice: number;
  readonly #failed: (error: unknown) => void;
  #waker: Waker = new TimeoutWaker(() => this.#onRing());
  #thread: ThreadWaker | undefined;
  #state: PreciseClockState = "idle";
  #reason: string | undefined;
  #started: PromiseWithResolvers<void> | undefined;
  #disposal: Promise<void> | undefined;
  /** End of the alarms that others have replaced. */
  #replaced: Promise<unknown> | undefined;
  /** Immediate of the next turn, set while polling. */
  #turn: ReturnType<typeof setImmediate> | undefined;

  /**
   * Creates a clock without starting its thread.
   *
   * @param options thread, polling and errors
   */
  constructor(options: PreciseClockOptions = {}) {
    this.#slice = options.slice ?? 0;
    this.#failed = options.failed ?? ((error) => reportError(error));
    if (options.worker === false) {
      this.#fallBack("Cannot use the waker thread: it is turned off");
    }
  }

  /** Current figures of the clock. */
  get stats(): PreciseClockStats {
    return {
      state: this.#state,
      reason: this.#reason,
      lead: this.#waker.lead,
      pending: this.#timers.size,
    };
  }

  /** State of the clock. */
  get state(): PreciseClockState {
    return this.#state;
  }

  /** Reason for the state `fallback`, as a sentence without a full stop. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Current time in ms: monotonic, with a resolution finer than a microsecond. */
  now(): number {
    return performance.now();
  }

  /**
   * Leaves waiting to a loop that keeps deadlines itself, instead of a thread. Of two calls the later one counts.
   *
   * @param waker creates the alarm; it is disposed with the clock, and `ring` is called at its deadline
   * @throws PerfmockError CLOCK_DISPOSED after disposal
   */
  wakeBy(waker: (ring: () => void) => Waker): void {
    if (this.#state === "disposed") throw disposed("be woken by a loop");
    const former = [this.#waker, this.#thread];
    this.#thread = undefined;
    this.#changeWaker(waker(() => this.#onRing()), "loop");
    this.#replaced = Promise.all([
      this.#replaced,
      ...former.map((each) => each?.[Symbol.asyncDispose]()),
    ]);
  }

  /**
   * Starts the thread before the first timer needs it. This blocks the event loop for 40 ms or more, so a server calls it
   * before it listens.
   *
   * @returns a promise that settles once the state is no longer `idle`, and never rejects
   */
  start(): Promise<void> {
    if (this.#state !== "idle") return Promise.resolve();
    this.#started ??= Promise.withResolvers();
    this.#startThread();
    return this.#started.promise;
  }

  /**
   * Sets a timer; see {@linkcode Clock.at}. With a deadline in the past it fires in the next turn of the event loop.
   *
   * @throws RangeError if the deadline is NaN
   * @throws PerfmockError CLOCK_DISPOSED after disposal
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    if (this.#state === "disposed") throw disposed("set timer");
    if (Number.isNaN(deadline)) {
      throw new RangeError("Cannot set timer: the deadline is NaN");
    }
    const timer = this.#timers.push(deadline, wake, argument);
    if (this.#turn === undefined && deadline !== Infinity) {
      this.#expect(deadline);
    }
    return timer;
  }

  /** Cancels a timer; see {@linkcode Clock.cancel}. */
  cancel(timer: number): boolean {
    const cancelled = this.#timers.cancel(timer);
    if (cancelled && this.#timers.deadline === Infinity) this.#waker.rest();
    return cancelled;
  }

  /**
   * Lets other work go first; see {@linkcode Clock.yield}. Takes about 0.02 ms on a loop, which looks at its sockets before each
   * deadline, and 1 to 2 ms elsewhere.
   */
  yield(): Promise<void> {
    if (this.#state !== "loop") return nextLook();
    return new Promise((resolve) =>
      this.at(performance.now(), resolve, undefined)
    );
  }

  /** Drops all timers without firing them and ends the thread, without waiting for its end. */
  [Symbol.dispose](): void {
    this[Symbol.asyncDispose]();
  }

  /**
   * Drops all timers without firing them and ends the thread. A second call returns the same promise.
   *
   * @returns a promise that settles once the thread is gone
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  #expect(deadline: number): void {
    // Before the thread is started, take a turn to see whether there is time to start it.
    if (this.#state === "idle" && this.#thread === undefined) {
      this.#poll();
    } else if (deadline - this.#waker.lead < this.#waker.armedAt) {
      this.#sleepOrPoll(performance.now());
    } else this.#waker.hold();
  }

  #poll(): void {
    this.#turn = setImmediate(this.#onTurn);
  }

  /** Keeps the invariant: if a timer is pending and no turn is scheduled, the waker is set to its deadline or earlier. */
  #sleepOrPoll(now: number): void {
    const deadline = this.#timers.deadline;
    const wakeAt = deadline - this.#waker.lead;
    if (deadline === Infinity) this.#waker.rest();
    else if (this.#state !== "loop" && wakeAt - now < SHORTEST_SLEEP) {
      this.#poll();
    } else this.#waker.arm(wakeAt, now);
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    const fired = this.#fireDue();
    if (this.#state === "disposed") return;
    if (fired === 0) this.#startThreadInGap();
    if (this.#turn === undefined) this.#sleepOrPoll(performance.now());
  };

  #fireDue(): number {
    let now = this.#pass();
    const end = now + (this.#state === "loop" ? TURN_OF_LOOP : TURN);
    let fired = 0;
    while (this.#timers.deadline <= now && now < end) {
      fired++;
      try {
        this.#timers.fire();
      } catch (error) {
        this.#report(error);
      }
      now = performance.now();
    }
    return fired;
  }

  /** Other timers are still to fire, whatever becomes of the report. */
  #report(error: unknown): void {
    try {
      this.#failed(error);
    } catch (another) {
      reportError(another);
    }
  }

  /** Busy-waits for the last stretch before a deadline, or else for one slice. Returns the current time. */
  #pass(): number {
    let now = performance.now();
    if (this.#state === "loop") return now;
    const deadline = this.#timers.deadline;
    const until = deadline - now > LAST_STRETCH
      ? Math.min(now + this.#slice, deadline)
      : deadline;
    while (now < until) now = performance.now();
    return now;
  }

  #onRing(): void {
    if (this.#turn === undefined && this.#state !== "disposed") this.#onTurn();
  }

  #startThreadInGap(): void {
    if (this.#state !== "idle" || this.#thread !== undefined) return;
    const deadline = this.#timers.deadline;
    if (deadline === Infinity) return;
    if (deadline - performance.now() > GAP_TO_START) this.#startThread();
  }

  #startThread(): void {
    if (this.#thread !== undefined) return;
    try {
      this.#thread = new ThreadWaker({
        ready: () => this.#useThread(),
        ring: () => this.#onRing(),
        fail: (reason) =>
          this.#fallBack(`Cannot run the waker thread: ${reason}`),
      });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#fallBack(`Cannot start the waker thread: ${cause}`);
    }
  }

  #useThread(): void {
    if (this.#thread === undefined) return;
    this.#changeWaker(this.#thread, "waker");
  }

  #fallBack(reason: string): void {
    this.#reason = reason;
    this.#changeWaker(new TimeoutWaker(() => this.#onRing()), "fallback");
  }

  #changeWaker(waker: Waker, state: "waker" | "loop" | "fallback"): void {
    this.#waker.rest();
    this.#waker = waker;
    this.#state = state;
    this.#started?.resolve();
    if (this.#turn === undefined) this.#sleepOrPoll(performance.now());
  }

  async #dispose(): Promise<void> {
    this.#state = "disposed";
    this.#timers.clear();
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#started?.resolve();
    await this.#waker[Symbol.asyncDispose]();
    await this.#thread?.[Symbol.asyncDispose]();
    await this.#replaced;
  }
}

function disposed(action: string): PerfmockError {
  return new PerfmockError(
    "CLOCK_DISPOSED",
    `Cannot ${action}: the clock is disposed`,
  );
}
