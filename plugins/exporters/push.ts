/**
 * The parts that all pushing exporters share: the times of deliveries, and the reaction to failures of the receiver.
 *
 * Nothing is queued. The server's metrics hold all figures anyway, so a receiver that is down costs no memory: the next
 * delivery that succeeds includes everything that it missed.
 *
 * @module
 */
import type { Clock, Host, Metrics } from "../../core/plugin.ts";
import { DeliveredCounts } from "./delivered_counts.ts";

/** Maximum pause after failures, in milliseconds, if the interval is not longer. */
const MAX_PAUSE = 30_000;

/** Maximum pause that a receiver can ask for, in milliseconds. */
const MAX_RETRY_AFTER = 10 * 60_000;

/** Time limit for the last delivery, including one that is under way, in milliseconds. */
const LAST_DELIVERY_LIMIT = 2000;

/** A delivery that failed for a known reason. */
export class DeliveryError extends Error {
  /** Name of this class. */
  override readonly name = "DeliveryError";

  /**
   * Creates an error.
   *
   * @param message what could not be done, then the reason; no full stop
   * @param retryAfter pause that the receiver asks for, in milliseconds; default 0
   */
  constructor(
    message: string,
    /** Pause that the receiver asks for, in milliseconds. */
    readonly retryAfter: number = 0,
  ) {
    super(message);
  }
}

/** Options of a {@linkcode PushExporter}. */
export interface PushOptions {
  /** Name of the exporter, for the log. */
  readonly name: string;
  /** Time from the start of one delivery to the start of the next, in milliseconds, above 0. */
  readonly interval: number;
  /** Time limit for a delivery, in milliseconds, above 0. */
  readonly timeout: number;
  /** The server's clock. */
  readonly clock: Clock;
  /** Writes one line to the log. */
  readonly log: Host["log"];
  /** Delivers the present figures; ends soon after the signal is aborted. */
  deliver(signal: AbortSignal): Promise<void>;
}

/**
 * Delivers periodically, one delivery at a time. After a failure the pause doubles, from one interval to 30 s; the first
 * success resets it. The log has one line when deliveries begin to fail and one when they succeed again.
 *
 * | state | until |
 * |---|---|
 * | starting | the end of the first delivery |
 * | ok | a delivery fails |
 * | failing: reason | a delivery succeeds |
 */
export class PushExporter implements AsyncDisposable {
  readonly #options: PushOptions;
  readonly #lastDelivery = new AbortController();
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

  /** Creates an exporter that has not started. */
  constructor(options: PushOptions) {
    this.#options = options;
  }

  /** `starting`, `ok`, or `failing: ` and the reason. */
  get state(): string {
    return this.#state;
  }

  /** Reason why the last delivery failed; undefined if it succeeded. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Number of deliveries tried. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** Number of deliveries that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Plans the first delivery for now, so that a wrong address is known at once. */
  start(): void {
    this.#isStarted = true;
    this.#plan(this.#options.clock.now());
  }

  /**
   * Delivers a last time, if it was started, and stops. Waits for at most 2 s, including a delivery that is under way. Does not
   * reject if the delivery fails.
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

  /** Time of the next delivery: a whole number of intervals after the last, so that deliveries do not drift. */
  #next(planned: number, pause: number): number {
    const { clock, interval } = this.#options;
    const earliest = Math.max(clock.now(), planned + pause);
    const steps = Math.ceil((earliest - planned) / interval - 1e-9);
    return planned + Math.max(1, steps) * interval;
  }

  /** Returns the pause from the start of this delivery to the next, in milliseconds. */
  async #deliverOnce(): Promise<number> {
    const { interval, timeout, clock, deliver } = this.#options;
    const controller = new AbortController();
    const signal = AbortSignal.any([
      controller.signal,
      this.#lastDelivery.signal,
    ]);
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
    const pause = Math.min(doubled, Math.max(interval, MAX_PAUSE));
    const asked = error instanceof DeliveryError ? error.retryAfter : 0;
    return Math.max(pause, Math.min(asked, MAX_RETRY_AFTER));
  }

  async #end(): Promise<void> {
    if (!this.#isStarted) return;
    const { clock } = this.#options;
    clock.cancel(this.#timer);
    const limit = clock.at(
      clock.now() + LAST_DELIVERY_LIMIT,
      () =>
        this.#lastDelivery.abort(
          new DeliveryError(
            `Cannot deliver a last time: it took longer than ${
              LAST_DELIVERY_LIMIT / 1000
            } s`,
          ),
        ),
      undefined,
    );
    await this.#underWay;
    if (!this.#lastDelivery.signal.aborted) await this.#deliverOnce();
    clock.cancel(limit);
  }
}

/**
 * An exporter that continues across revisions of the configuration. With the same settings, the running exporter stays. With
 * other settings, the old one delivers a last time before the new one begins, and counts that were delivered are not delivered
 * again. Turned off, it delivers a last time; turned on again, it counts from then.
 */
export class PersistentExporter<Exporter extends PushExporter>
  implements AsyncDisposable {
  /** Counts that were delivered, by any exporter of this one. */
  readonly delivered: DeliveredCounts = new DeliveredCounts();
  /** Identifies this series of counts: no other process or exporter has the same id. */
  readonly id: string = crypto.randomUUID();
  readonly #host: {
    readonly metrics: Pick<Metrics, "all">;
    readonly clock: Pick<Clock, "now" | "yield">;
  };
  #start: number;
  #settings: string | undefined;
  #exporter: Exporter | undefined;
  #changes: Promise<void> = Promise.resolve();

  /**
   * Creates one that is off.
   *
   * @param host gives the metrics and the clock
   */
  constructor(
    host: {
      readonly metrics: Pick<Metrics, "all">;
      readonly clock: Pick<Clock, "now" | "yield">;
    },
  ) {
    this.#host = host;
    this.#start = host.clock.now();
  }

  /** Time at which counting began, in milliseconds of the server's clock. */
  get start(): number {
    return this.#start;
  }

  /** The exporter that delivers or is about to; undefined if off. */
  get exporter(): Exporter | undefined {
    return this.#exporter;
  }

  /** If off, marks all counts so far as delivered; other work goes first meanwhile. */
  async prepare(): Promise<void> {
    if (this.#exporter !== undefined) return;
    // The last delivery of the previous exporter must end first, or it would mark lower counts after these.
    await this.#changes;
    this.#start = this.#host.clock.now();
    for (const _ of this.delivered.markAll(this.#host.metrics.all())) {
      await this.#host.clock.yield();
    }
  }

  /**
   * Lets an exporter with these settings deliver, once {@linkcode PersistentExporter.prepare} has ended.
   *
   * @param settings JSON; nothing changes if it equals the present settings
   * @param create makes the exporter
   */
  adopt(settings: unknown, create: () => Exporter): void {
    const written = JSON.stringify(settings);
    if (written === this.#settings) return;
    this.#settings = written;
    this.#change(create());
  }

  /** Turns it off. */
  end(): void {
    this.#settings = undefined;
    this.#change(undefined);
  }

  /** Delivers a last time. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#changes;
  }

  #change(exporter: Exporter | undefined): void {
    const before = this.#exporter;
    this.#exporter = exporter;
    this.#changes = this.#changes
      .then(() => before?.[Symbol.asyncDispose]())
      .then(() => {
        // Another change may have followed meanwhile.
        if (this.#exporter === exporter) exporter?.start();
      });
  }
}

/**
 * Waits on a clock.
 *
 * @param clock clock to wait on
 * @param milliseconds time to wait
 * @param signal ends the wait early
 * @throws the signal's reason, if it is aborted
 */
export function sleep(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clock.cancel(timer);
      reject(signal.reason);
    };
    const timer = clock.at(clock.now() + milliseconds, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Wall-clock time. The server's clock counts from the start of the process.
 *
 * @param milliseconds time on the server's clock
 * @returns milliseconds since 1970, with fractions
 */
export function wallTime(milliseconds: number): number {
  return performance.timeOrigin + milliseconds;
}

/**
 * Message of an error and those of its causes, without URLs, which may contain an access key.
 *
 * @param error any thrown value
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message.replace(/ for url \([^)]*\)/, "");
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}
