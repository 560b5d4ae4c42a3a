/**
 * Where the figures of `stats` and `live` are put together.
 *
 * @module
 */
import {
  figures,
  readProcessFigures,
  type Recorder,
  round,
} from "../metrics/mod.ts";
import type { Clock } from "../../plugin.ts";
import type { LiveSource } from "./feed.ts";
import { inSlices } from "./slices.ts";
import { type InstrumentFigures, LIVE_SCHEMA, type Stats } from "./stats.ts";

/** What the figures are of. */
export interface StatsParts {
  /** Whose time they go by. */
  readonly clock: Clock;
  /** What the exchanges were recorded by. */
  readonly recorder: Recorder;
  /** When the server was made, on the clock. */
  readonly started: number;
  /** How late the event loop was over the last 10 s. */
  readonly eventLoopLag: () => InstrumentFigures["eventLoopLag"];
  /** The configuration's revision. */
  readonly revision: () => number;
  /** How many exchanges are under way. */
  readonly inFlight: () => number;
  /** What plugins report, by name: each is asked once, and must not keep the others' from being told. */
  readonly plugins: () => Iterable<readonly [name: string, () => unknown]>;
}

/** The figures of one configuration in force. */
export class StatsSource implements LiveSource {
  readonly clock: Clock;
  readonly run: string = crypto.randomUUID().slice(0, 8);
  readonly schema: Readonly<Record<string, unknown>> = LIVE_SCHEMA;
  readonly #parts: StatsParts;

  /** @param parts what the figures are of */
  constructor(parts: StatsParts) {
    this.clock = parts.clock;
    this.#parts = parts;
  }

  /** All figures, of one moment. */
  stats(): Stats {
    const now = this.clock.now();
    return { ...this.#head(now), routes: this.#parts.recorder.snapshot(now) };
  }

  /**
   * The same as JSON in slices, so that many routes do not hold up responses: the figures of a route belong to one moment, and
   * so do those of up to 16 routes.
   */
  snapshot(): Iterable<string> {
    const now = this.clock.now();
    return inSlices(
      this.#head(now),
      "routes",
      this.#parts.recorder.figures(now),
    );
  }

  #head(now: number): Omit<Stats, "routes"> {
    const parts = this.#parts;
    const { recorder, started } = parts;
    return {
      revision: parts.revision(),
      uptimeMs: round(now - started),
      sinceMs: round(recorder.since - started),
      inFlight: parts.inFlight(),
      unmatched: recorder.unmatchedCount,
      last10s: {
        lateness: figures(recorder.lateness.histogram(now)),
        eventLoopLag: parts.eventLoopLag(),
      },
      process: readProcessFigures(),
      plugins: Object.fromEntries(
        Array.from(parts.plugins(), ([name, ask]) => [name, plain(ask)]),
      ),
    };
  }
}

/** What a plugin reports, as plain data; what it cannot report, or what is no data, as the reason. */
function plain(ask: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(ask()) ?? "null");
  } catch (error) {
    return { error: `${error}` };
  }
}
