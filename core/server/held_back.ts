/**
 * Count of the connections that had to wait, or were refused, because the server or the process has no room for them.
 *
 * @module
 */
import type { Clock, Counter, Metrics } from "../plugin.ts";
import type { Log } from "../world/state.ts";

/** Reason for which connections are held back: the server's own limit, or that of the process. */
export type HoldReason = "connections" | "descriptors";

/** Sentences that say what holds connections back. */
const SENTENCES: Readonly<Record<HoldReason, string>> = {
  connections:
    "As many connections are open as server.limits.connections or the descriptors of the process allow: further ones have to wait or are refused",
  descriptors:
    "No descriptor is left: further connections have to wait or are refused",
};

/** Period that `health` considers, in ms. */
const RECENTLY = 10_000;

/** Counts what holds connections back, for metrics, health and the log. */
export class HeldBack {
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Log;
  readonly #counters: Readonly<Record<HoldReason, Counter>>;
  /** Time of the latest, in ms of the clock. */
  readonly #last: Record<HoldReason, number> = {
    connections: -Infinity,
    descriptors: -Infinity,
  };

  constructor(
    { clock, log, metrics }: {
      readonly clock: Pick<Clock, "now">;
      readonly log: Log;
      readonly metrics: Metrics;
    },
  ) {
    this.#clock = clock;
    this.#log = log;
    const counter = metrics.counter({
      name: "perfmock_connections_held_back_total",
      help:
        "Times at which new connections had to wait or were refused, by what was exhausted",
      labels: ["reason"],
    });
    this.#counters = {
      connections: counter.series("connections"),
      descriptors: counter.series("descriptors"),
    };
  }

  /** Counts one time, and logs the first of a period. */
  readonly count = (reason: HoldReason): void => {
    const now = this.#clock.now();
    if (now - this.#last[reason] > RECENTLY) {
      this.#log("warn", SENTENCES[reason]);
    }
    this.#last[reason] = now;
    this.#counters[reason].add();
  };

  /** Sentences for what held connections back in the last 10 s. */
  get reasons(): string[] {
    const now = this.#clock.now();
    return (["connections", "descriptors"] as const)
      .filter((reason) => now - this.#last[reason] <= RECENTLY)
      .map((reason) => SENTENCES[reason]);
  }
}
