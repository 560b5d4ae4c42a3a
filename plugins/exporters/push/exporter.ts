import type { Clock, Host } from "../../../core/plugin.ts";
import { messageOf } from "./message.ts";

/** The longest pause after failures, in milliseconds, unless the interval itself is longer. */
const LONGEST_PAUSE = 30_000;

/** The longest a receiver may ask to be left alone, in milliseconds. */
const LONGEST_RETRY_AFTER = 10 * 60_000;

/** How long the last delivery may take, the one under way included, in milliseconds. */
const FAREWELL = 2000;

/** A delivery that failed for a reason that is told as it is. */
export class DeliveryError extends Error {
  /** The name of this class. */
  override readonly name = "DeliveryError";

  /**
   * Makes an error.
   *
   * @param message what could not be done, then why; no full stop
   * @param retryAfter how long the receiver wants to be left alone, in milliseconds
   */
  constructor(
    message: string,
    /** How long the receiver wants to be left alone, in milliseconds. */
    readonly retryAfter: number = 0,
  ) {
    super(message);
  }
}

/** What a {@linkcode PushExporter} is made with. */
export interface PushOptions {
  /** Its name, for the log. */
  readonly name: string;
  /** From the start of one delivery to the next, in milliseconds, above 0. */
  readonly interval: number;
  /** How long a delivery may take, in milliseconds, above 0. */
  readonly timeout: number;
  /** The server's clock. */
  readonly clock: Clock;
  /** Writes one line to the log. */
  readonly log: Host["log"];
  /** Delivers what there is now; ends soon after the signal is aborted. */
  deliver(signal: AbortSignal): Promise<void>;
}

/**
 * Delivers again and again, one delivery at a time. After a failure the pause doubles, from one interval to 30 s; the first
 * success ends that. Says in the log when it fails first and when it recovers, not in between.
 *
 * | state | until |
 * |---|---|
 * | starting | the end of the first delivery |
 * | ok | a delivery fails |
 * | failing: reason | one succeeds |
 */
export class PushExporter implements AsyncDisposable {
  readonly #options: PushOptions;
  readonly #farewell = new AbortController();
  #state = "starting";
  #reason: string | undefined;
  #deliveries = 0;
  #failures = 0;
  #failuresInRow = 0;
  // 0 while no delivery is planned; handles are greater than 0.
  #timer = 0;
  #isStarted = false;
  #underWay: Promise<void> | undefined;
  #ended: Promise<void> | undefined;

  /**
   * Makes an exporter that has not started.
   *
   * @param options what it delivers, and when
   */
  constructor(options: PushOptions) {
    this.#options = options;
  }

  /** `starting`, `ok`, or `failing: ` and the reason. */
  get state(): string {
    return this.#state;
  }

  /** Why it fails; undefined where it does not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** How many deliveries were tried. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** How many of them failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Plans the first delivery for now, so that a wrong address is known at once. */
  start(): void {
    this.#isStarted = true;
    this.#plan(this.#options.clock.now());
  }

  /**
   * Delivers a last time, where it was started, in 2 s at most together with what is under way; then nothing is left. A
   * failure is no rejection.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  #plan(at: number): void {
    this.#timer = this.#options.clock.at(at, this.#wake, at);
  }

  readonly #wake = (planned: number): void => {
    this.#timer = 0;
    this.#underWay = this.#deliverOnce().then((pause) => {
      this.#underWay = undefined;
      if (this.#ended !== undefined) return;
      this.#plan(this.#next(planned, pause));
    });
  };

  /** On the grid of the interval, so that deliveries do not drift; those missed are skipped. */
  #next(planned: number, pause: number): number {
    const { clock, interval } = this.#options;
    const earliest = Math.max(clock.now(), planned + pause);
    const steps = Math.ceil((earliest - planned) / interval - 1e-9);
    return planned + Math.max(1, steps) * interval;
  }

  /** Returns how long to wait from its start to the next, in milliseconds. */
  async #deliverOnce(): Promise<number> {
    const { interval, timeout, clock, deliver } = this.#options;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#farewell.signal]);
    const timer = clock.at(
      clock.now() + timeout,
      () =>
        controller.abort(
          new DeliveryError(
            `Cannot deliver: it took longer than ${timeout / 1000} s`,
          ),
        ),
      undefined,
    );
    this.#deliveries++;
    try {
      await deliver(signal);
      this.#succeeded();
      return interval;
    } catch (error) {
      return this.#failed(signal.aborted ? signal.reason : error);
    } finally {
      clock.cancel(timer);
    }
  }

  #succeeded(): void {
    const { log, name } = this.#options;
    if (this.#failuresInRow > 0) {
      log("info", `Exporter ${name} delivers again`);
    }
    this.#failuresInRow = 0;
    this.#reason = undefined;
    this.#state = "ok";
  }

  #failed(error: unknown): number {
    const { interval, log, name } = this.#options;
    const reason = messageOf(error);
    this.#failures++;
    if (this.#failuresInRow++ === 0) {
      log("warn", `Exporter ${name} fails: ${reason}`);
    }
    this.#reason = reason;
    this.#state = `failing: ${reason}`;
    const doubled = interval * 2 ** (this.#failuresInRow - 1);
    const pause = Math.min(doubled, Math.max(interval, LONGEST_PAUSE));
    const asked = error instanceof DeliveryError ? error.retryAfter : 0;
    return Math.max(pause, Math.min(asked, LONGEST_RETRY_AFTER));
  }

  async #end(): Promise<void> {
    if (!this.#isStarted) return;
    const { clock } = this.#options;
    clock.cancel(this.#timer);
    const limit = clock.at(
      clock.now() + FAREWELL,
      () =>
        this.#farewell.abort(
          new DeliveryError(
            `Cannot deliver a last time: it took longer than ${
              FAREWELL / 1000
            } s`,
          ),
        ),
      undefined,
    );
    await this.#underWay;
    if (!this.#farewell.signal.aborted) await this.#deliverOnce();
    clock.cancel(limit);
  }
}
