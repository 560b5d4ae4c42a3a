/**
 * Health of the server: how late its event loop is, and the reasons why its times cannot be trusted.
 *
 * @module
 */
import type { Clock, Timing } from "../plugin.ts";
import type { RecentHistogram } from "./windows.ts";

/** Above this p99 lateness, in milliseconds, the server is degraded: the floor of its promise. */
const LATE = 1;

/** Fewer samples than this say nothing of a 99th percentile. */
const ENOUGH = 20;

/** Where the reasons come from. */
export interface HealthSources {
  /** Lateness of late. */
  readonly lateness: RecentHistogram;
  /** Event-loop lag of late. */
  readonly lag: RecentHistogram;
  /** Why the clock runs without its waker, if it does. */
  readonly clock: () => string | undefined;
  /** Metrics that were given more series than they keep. */
  readonly overflowing: () => readonly string[];
  /** What plugins say of themselves. */
  readonly plugins: () => readonly string[];
}

/** Why the server is not well, one sentence each; empty where it is. */
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

/** A sample falls due every so many milliseconds. */
const INTERVAL = 100;

/** Asks the clock for a wake-up every 100 ms and records how late each came. */
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

  /** Starts sampling; the first sample falls due in 100 ms. Does nothing where it has started. */
  start(): void {
    if (this.#timer === 0) this.#await(this.#clock.now() + INTERVAL);
  }

  /** Stops sampling; nothing is left pending. Does nothing where it has stopped. */
  stop(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = 0;
  }

  #await(due: number): void {
    this.#timer = this.#clock.at(due, this.#wake, due);
  }

  readonly #wake = (due: number): void => {
    const now = this.#clock.now();
    // A long block swallows further samples. Each counts with its own lag, or the block would be one sample among many
    // (coordinated omission).
    let next = due;
    for (; next <= now; next += INTERVAL) this.#timing.record(now - next);
    this.#await(next);
  };
}
