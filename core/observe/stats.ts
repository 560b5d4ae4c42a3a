/**
 * Figures that `GET stats` answers and `GET live` sends, as types, as JSON Schema, and as taken from a server.
 *
 * @module
 */
import type { Clock } from "../plugin.ts";
import {
  type Figures,
  figures,
  round,
  type RouteFigures,
  type Tallies,
  type WindowFigures,
} from "./figures.ts";
import type { LiveSource } from "./live_feed.ts";
import { type ProcessFigures, readProcessFigures } from "./read_process.ts";
import type { Recorder } from "./recorder.ts";
import { inSlices } from "./sliced_json.ts";

/** How well the instrument itself works: the figures by which all others can be judged. Of the last 10 s, in milliseconds. */
export interface InstrumentFigures {
  /** How much later than their time responses left that were held. */
  readonly lateness: Figures;
  /** How much later than asked for the event loop ran a probe, ten times a second; nothing where the server does not listen. */
  readonly eventLoopLag: Figures;
}

/** What happened since the start or the last reset. */
export interface Stats {
  /** Of the configuration. */
  readonly revision: number;
  /** When these figures were taken, in milliseconds since the server was made. */
  readonly uptimeMs: number;
  /** Since when they are counted, the start or the last reset, on the same scale. */
  readonly sinceMs: number;
  /** Requests under way now. */
  readonly inFlight: number;
  /** Requests that no route took. */
  readonly unmatched: number;
  /** The server's own precision, of late. */
  readonly last10s: InstrumentFigures;
  /** What the process takes of the machine; what cannot be read is absent. */
  readonly process: ProcessFigures;
  /** What plugins report of themselves, by name. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** By route id, in the configuration's order. */
  readonly routes: Readonly<Record<string, RouteFigures>>;
}

/** The data of an event of `GET live`. */
export interface LiveEvent extends Stats {
  /** How many snapshots this reader did not get since the one before, or since the one it names in Last-Event-ID. */
  readonly dropped: number;
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema of an object with exactly these members, all required unless they are listed. */
function object<T>(
  properties: { readonly [K in keyof Required<T>]: JsonSchema },
  optional: readonly (keyof T)[] = [],
): JsonSchema {
  return {
    type: "object",
    required: Object.keys(properties).filter((name) =>
      !optional.includes(name as keyof T)
    ),
    properties,
    additionalProperties: false,
  };
}

function count(description: string): JsonSchema {
  return { type: "integer", minimum: 0, description };
}

function number(description: string): JsonSchema {
  return { type: "number", minimum: 0, description };
}

function duration(description: string): JsonSchema {
  return {
    type: ["number", "null"],
    minimum: 0,
    description: `${description}, in milliseconds; null where there was none`,
  };
}

const FIGURES = (description: string): JsonSchema => ({
  ...object<Figures>({
    count: count("How many were recorded"),
    min: duration("The smallest"),
    mean: duration("Their mean"),
    p50: duration("Half were at most this long"),
    p90: duration("90 % were at most this long"),
    p95: duration("95 % were at most this long"),
    p99: duration("99 % were at most this long"),
    p999: duration("99.9 % were at most this long"),
    max: duration("The longest"),
  }),
  description: `${description}; quantiles to within 0.4 %`,
});

function tallies(of: typeof count): Record<keyof Tallies, JsonSchema> {
  return {
    arrivals: of("Requests that arrived"),
    answered: of("Requests that were answered as configured"),
    rejected: of("Requests that were not admitted"),
    failed: of("Requests that a hook failed"),
    gone: of("Clients that left before the last byte of their answer"),
    reset: of("Connections that an injected fault reset"),
    cut: of("Requests that the end of the server cut"),
  };
}

const RESPONSE_TIME = "From arrival to headers, of all that were answered";

const WINDOW = (length: string): JsonSchema => ({
  ...object<WindowFigures>({
    seconds: number(
      "How far back the figures reach: up to a fifth less than the window, and no further than the last reset",
    ),
    ...tallies(count),
    rates: object<Tallies>(tallies((what) => number(`${what}, a second`))),
    responseTime: FIGURES(RESPONSE_TIME),
  }),
  description: `What happened over the last ${length}`,
});

const ROUTE: JsonSchema = object<RouteFigures>({
  ...tallies(count),
  inFlight: count("Requests under way now"),
  early: count("Answers that left before their time: always 0"),
  faults: {
    type: "object",
    additionalProperties: count("Times it took effect"),
    description: "Injected faults, by what they do",
  },
  responseTime: FIGURES(RESPONSE_TIME),
  target: FIGURES("What the delays should have been"),
  lateness: FIGURES("How much later than that headers left, where held"),
  last10s: WINDOW("10 s"),
  last1m: WINDOW("minute"),
});

const STATS: { readonly [K in keyof Stats]: JsonSchema } = {
  revision: count("Of the configuration"),
  uptimeMs: number(
    "When these figures were taken, in milliseconds since the server was made",
  ),
  sinceMs: number(
    "Since when they are counted, the start or the last reset, on the same scale",
  ),
  inFlight: count("Requests under way now"),
  unmatched: count("Requests that no route took"),
  last10s: object<InstrumentFigures>({
    lateness: FIGURES("How much later than their time held responses left"),
    eventLoopLag: FIGURES("How late the event loop ran a probe"),
  }),
  process: object<ProcessFigures>({
    residentMemoryBytes: number("Physical memory"),
    heapBytes: number("Used by JavaScript objects of the main thread"),
    cpuSeconds: number("Of all threads, since the start"),
    openFds: count("Files, sockets and pipes that are open"),
    maxFds: count("How many may be"),
  }, ["residentMemoryBytes", "heapBytes", "cpuSeconds", "openFds", "maxFds"]),
  plugins: {
    type: "object",
    additionalProperties: {},
    description:
      "What plugins report of themselves, by name: pools, stress, load runs",
  },
  routes: {
    type: "object",
    additionalProperties: ROUTE,
    description: "By route id, in the configuration's order",
  },
};

/** The JSON Schema of {@linkcode Stats}. */
export const STATS_SCHEMA: Readonly<Record<string, unknown>> = object<Stats>(
  STATS,
);

/** The JSON Schema of {@linkcode LiveEvent}. */
export const LIVE_SCHEMA: Readonly<Record<string, unknown>> = {
  ...object<LiveEvent>({
    dropped: count(
      "Snapshots this reader did not get since the one before, or since the one it names in Last-Event-ID",
    ),
    ...STATS,
  }),
  description: "The data of each event",
};

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
