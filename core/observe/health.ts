/**
 * Health of a server: the event loop's lag, and the reasons why delays are not as precise as promised.
 *
 * @module
 */
import type { Clock, Timing } from "../plugin.ts";
import type { RecentHistogram } from "./windows.ts";

/** Limit of the 99th percentile of lateness and of event-loop lag, in milliseconds. Above it the server is degraded. */
const LATE = 1;

/** Minimum number of samples from which a 99th percentile is judged. */
const ENOUGH = 20;

/** Sources of the reasons. */
export interface HealthSources {
  /** Lateness of the last 10 s. */
  readonly lateness: RecentHistogram;
  /** Event-loop lag of the last 10 s. */
  readonly lag: RecentHistogram;
  /** Returns the reason why the clock runs without its waker thread; undefined if it has one. */
  readonly clock: () => string | undefined;
  /** Returns the names of the metrics that exceeded their limit of series. */
  readonly overflowing: () => readonly string[];
  /** Returns the reasons that plugins report. */
  readonly plugins: () => readonly string[];
}

/** Reasons why a server is degraded, one sentence each; empty for a healthy server. */
export function reasons(sources: HealthSources, now: number): string[] {
  const found: string[] = [];
  const late = p99(sources.lateness, now);
  const lag = p99(sources.lag, now);
  if (late > LATE) {
    found.push(
      `Lateness p99 was ${late.toFixed(1)} ms over the last 10 s: ${
        lag > LATE
          ? `the event loop lags (p99 ${
            lag.toFixed(1)
          } ms), so this machine is short of CPU or something in this process holds it`
          : "responses were woken late although the event loop does not lag, so the machine delays this process's threads"
      }`,
    );
  } else if (lag > LATE) {
    found.push(
      `The event loop lags: p99 was ${lag.toFixed(1)} ms over the last 10 s`,
    );
  }
  const reason = sources.clock();
  if (reason !== undefined) {
    found.push(`The clock runs without its waker thread: ${reason}`);
  }
  for (const metric of sources.overflowing()) {
    found.push(
      `Metric ${metric} has more series than are kept: further ones are folded into __overflow__`,
    );
  }
  found.push(...sources.plugins());
  return found;
}

function p99(histogram: RecentHistogram, now: number): number {
  const merged = histogram.histogram(now);
  return merged.count < ENOUGH ? 0 : merged.quantile(0.99);
}

/** Time between two samples of the event-loop lag, in milliseconds. */
const INTERVAL = 100;

/** Measures the event-loop lag: asks the clock for a wake-up every 100 ms and records how late each one came. */
export class LagSampler {
  readonly #clock: Clock;
  readonly #timing: Pick<Timing, "record">;
  // 0 while stopped; handles are greater than 0.
  #timer = 0;

  /**
   * Makes a sampler that has not started.
   *
   * @param clock whose wake-ups are measured
   * @param timing records the lags
   */
  constructor(clock: Clock, timing: Pick<Timing, "record">) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** Starts sampling; the first sample is due in 100 ms. Does nothing if it has started. */
  start(): void {
    if (this.#timer === 0) this.#await(this.#clock.now() + INTERVAL);
  }

  /** Stops sampling and cancels the pending timer. Does nothing if it has not started. */
  stop(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = 0;
  }

  #await(due: number): void {
    this.#timer = this.#clock.at(due, this.#wake, due);
  }

  readonly #wake = (due: number): void => {
    const now = this.#clock.now();
    // Further samples may have become due while the event loop was blocked. Each counts with its own lag: otherwise the block
    // would be one sample among many (coordinated omission).
    let next = due;
    for (; next <= now; next += INTERVAL) this.#timing.record(now - next);
    this.#await(next);
  };
}
