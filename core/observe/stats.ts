/**
 * Figures that `GET stats` answers and `GET live` sends: their types, their JSON Schemas, and their source.
 *
 * @module
 */
import { describeThrown } from "../lib/thrown.ts";
import type { Clock, ReplicaState } from "../plugin.ts";
import {
  type Describe,
  type Figures,
  figures,
  figuresPart,
  type RequestCounts,
  round,
  type RouteFigures,
  type WindowFigures,
} from "./figures.ts";
import type { LiveSource } from "./live_feed.ts";
import { type ProcessFigures, readProcessFigures } from "./read_process.ts";
import type { Recorder } from "./recorder.ts";
import type { SocketFigures } from "./socket_series.ts";
import type { UnmatchedRequest } from "./unmatched.ts";
import { inSlices } from "./sliced_json.ts";

/** Precision of the server itself over the last 10 s, in milliseconds: the limit of what all other figures can show. */
export interface InstrumentFigures {
  /** Time from the intended to the actual departure of responses that were delayed. */
  readonly lateness: Figures;
  /** Event-loop lag, sampled ten times a second; empty if the server does not listen. */
  readonly eventLoopLag: Figures;
}

/** Figures of a server since the start or the last reset. */
export interface Stats {
  /** Revision of the configuration. */
  readonly revision: number;
  /** Time at which these figures were taken, in milliseconds since the server was made. */
  readonly uptimeMs: number;
  /** Start of the counting, that is the start or the last reset, in milliseconds since the server was made. */
  readonly sinceMs: number;
  /** Requests in flight now. */
  readonly inFlight: number;
  /** Requests that matched no route. */
  readonly unmatched: number;
  /** Those requests by method and path, the first 20 that differ. */
  readonly unmatchedRequests: readonly UnmatchedRequest[];
  /** Precision of the server itself over the last 10 s. */
  readonly last10s: InstrumentFigures;
  /** Resources that the process uses; values that cannot be read are absent. */
  readonly process: ProcessFigures;
  /** Reports of the plugins, by plugin name. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** Figures of the routes by route id, in the configuration's order. */
  readonly routes: Readonly<Record<string, RouteFigures>>;
  /** Replicas whose figures these are; absent for a server that stands alone. */
  readonly replicas?: readonly ReplicaState[];
  /** False if the figures of a replica are missing, or lost since the last reset; absent for a server that stands alone. */
  readonly complete?: boolean;
}

/** Data of one event of `GET live`. */
export interface LiveEvent extends Stats {
  /** Number of snapshots that this reader missed since the previous event, or since the one in its Last-Event-ID. */
  readonly dropped: number;
}

/** Options of a {@linkcode StatsSource}. */
export interface StatsOptions {
  /** The server's clock. */
  readonly clock: Clock;
  /** Recorder of the exchanges. */
  readonly recorder: Recorder;
  /** Time at which the server was made, in the clock's milliseconds. */
  readonly started: number;
  /** Returns the event-loop lag of the last 10 s. */
  readonly eventLoopLag: (describe: Describe) => Figures;
  /** Returns the revision of the configuration. */
  readonly revision: () => number;
  /** Returns the number of requests in flight. */
  readonly inFlight: () => number;
  /** Returns the functions that make the plugins' reports. One that throws does not affect the others. */
  readonly plugins: () => Iterable<PluginSource>;
}

/** Source of one plugin's report. */
export interface PluginSource {
  /** Name of the plugin. */
  readonly name: string;
  /** Makes the report. */
  readonly report: () => unknown;
  /** Takes the error if there is no report, or one that is no JSON data. */
  readonly failed: (error: unknown) => void;
}

/** Source of the figures of one configuration in force. */
export class StatsSource implements LiveSource {
  readonly clock: Clock;
  readonly run: string = crypto.randomUUID().slice(0, 8);
  readonly #options: StatsOptions;

  /** @param options sources of the single figures */
  constructor(options: StatsOptions) {
    this.clock = options.clock;
    this.#options = options;
  }

  /** All figures, taken at one moment. */
  stats(describe: Describe = figures): Stats {
    const now = this.clock.now();
    const { recorder } = this.#options;
    return {
      ...this.#head(now, describe),
      routes: Object.fromEntries(recorder.figures(now, describe)),
    };
  }

  /**
   * The same figures as JSON in slices, so that a large configuration does not delay responses. The figures of a route are
   * taken at one moment, and so are those of the up to 16 routes of a slice.
   */
  snapshot(): Iterable<string> {
    return this.#slices(figures);
  }

  /** The same with the content of each histogram, to be merged with the figures of other replicas. */
  part(): Iterable<string> {
    return this.#slices(figuresPart);
  }

  #slices(describe: Describe): Iterable<string> {
    const now = this.clock.now();
    return inSlices(
      this.#head(now, describe),
      "routes",
      this.#options.recorder.figures(now, describe),
    );
  }

  #head(now: number, describe: Describe): Omit<Stats, "routes"> {
    const { recorder, started, eventLoopLag, revision, inFlight, plugins } =
      this.#options;
    return {
      revision: revision(),
      uptimeMs: round(now - started),
      sinceMs: round(recorder.since - started),
      inFlight: inFlight(),
      unmatched: recorder.unmatchedCount,
      unmatchedRequests: recorder.unmatchedRequests,
      last10s: {
        lateness: describe(recorder.lateness.histogram(now)),
        eventLoopLag: eventLoopLag(describe),
      },
      process: readProcessFigures(),
      plugins: Object.fromEntries(
        Array.from(plugins(), (source) => [source.name, plainData(source)]),
      ),
    };
  }
}

/** A plugin's report as JSON data; the error if it throws or its report is no JSON data. */
function plainData({ failed, report }: PluginSource): unknown {
  try {
    return JSON.parse(JSON.stringify(report()) ?? "null");
  } catch (error) {
    failed(error);
    return { error: describeThrown(error) };
  }
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** Schema of an object with exactly these members, all required but the optional ones. */
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
    description: `${description}, in milliseconds; null if there are no values`,
  };
}

const FIGURES = (description: string): JsonSchema => ({
  ...object<Figures>({
    count: count("Number of values"),
    min: duration("Least value"),
    mean: duration("Mean"),
    p50: duration("Median"),
    p90: duration("90th percentile"),
    p95: duration("95th percentile"),
    p99: duration("99th percentile"),
    p999: duration("99.9th percentile"),
    max: duration("Greatest value"),
  }),
  description: `${description}; quantiles to within 0.4 %`,
});

function requestCounts(
  schema: typeof count,
): Record<keyof RequestCounts, JsonSchema> {
  return {
    arrivals: schema("Requests that arrived"),
    answered: schema("Requests that were answered as configured"),
    rejected: schema("Requests that were not admitted"),
    failed: schema("Requests that failed because a hook threw an error"),
    gone: schema(
      "Requests whose client left before the last byte of the answer",
    ),
    reset: schema("Requests whose connection was reset by an injected fault"),
    cut: schema("Requests that were in flight when the server ended"),
  };
}

const RESPONSE_TIME =
  "Time from arrival to response headers of all answered requests";

const WINDOW = (length: string): JsonSchema => ({
  ...object<WindowFigures>({
    seconds: number(
      "Time that the figures cover: 80 % to 100 % of the window, and no longer than since the last reset",
    ),
    ...requestCounts(count),
    rates: object<RequestCounts>(
      requestCounts((counted) => number(`${counted}, per second`)),
    ),
    responseTime: FIGURES(RESPONSE_TIME),
  }),
  description: `Figures of the last ${length}`,
});

const ROUTE: JsonSchema = object<RouteFigures>({
  ...requestCounts(count),
  inFlight: count("Requests in flight now"),
  early: count("Answers that left before their time; always 0"),
  bodyBytes: count(
    "Bytes of the bodies that were sent, in their content coding",
  ),
  faults: {
    type: "object",
    additionalProperties: count("Number of faults that took effect"),
    description:
      "Injected faults, by the status they answer with or the action they take",
  },
  responseTime: FIGURES(RESPONSE_TIME),
  target: FIGURES("Intended delay, as drawn"),
  lateness: FIGURES(
    "Time from the intended to the actual departure of the headers, of all requests that were delayed",
  ),
  last10s: WINDOW("10 s"),
  last1m: WINDOW("minute"),
  webSockets: {
    ...object<SocketFigures>({
      open: count("WebSockets that are open now"),
      messagesSent: count("Messages to clients"),
      messagesReceived: count("Messages from clients"),
      bytesSent: count("Bytes of the messages to clients"),
      bytesReceived: count("Bytes of the messages from clients"),
      closes: {
        type: "object",
        additionalProperties: count("Number of WebSockets that were closed"),
        description: "WebSockets that were closed, by code",
      },
    }),
    description: "WebSockets; absent for a route that has opened none",
  },
}, ["webSockets"]);

/** JSON Schema of the replicas in an answer that is made of those of all. */
export const REPLICAS: JsonSchema = {
  type: "array",
  items: object<ReplicaState>({
    name: { type: "string" },
    answered: { type: "boolean" },
    error: { type: "string" },
  }, ["error"]),
  description: "Replicas; absent for a server that stands alone",
};

/** JSON Schema of the statement that nothing is missing in an answer that is made of those of all. */
export const COMPLETE: JsonSchema = {
  type: "boolean",
  description:
    "False if the figures of a replica are missing, or lost since the last reset; absent for a server that stands alone",
};

const STATS: { readonly [K in keyof Required<Stats>]: JsonSchema } = {
  revision: count("Revision of the configuration"),
  uptimeMs: number(
    "Time at which these figures were taken, in milliseconds since the server was made",
  ),
  sinceMs: number(
    "Start of the counting, that is the start or the last reset, in milliseconds since the server was made",
  ),
  inFlight: count("Requests in flight now"),
  unmatched: count("Requests that matched no route"),
  unmatchedRequests: {
    type: "array",
    items: object<UnmatchedRequest>({
      method: { type: "string", description: "Method" },
      path: { type: "string", description: "Path without the query" },
      count: count("Number of requests"),
    }),
    description:
      "Requests that matched no route, by method and path: the first 20 that differ",
  },
  last10s: object<InstrumentFigures>({
    lateness: FIGURES(
      "Time from the intended to the actual departure of responses that were delayed",
    ),
    eventLoopLag: FIGURES("Event-loop lag, sampled ten times a second"),
  }),
  process: object<ProcessFigures>({
    residentMemoryBytes: number("Physical memory, in bytes"),
    heapBytes: number(
      "Memory of the JavaScript objects of the main thread, in bytes",
    ),
    cpuSeconds: number(
      "User and system time of all threads since the start of the process, in seconds",
    ),
    openFds: count("Number of open files, sockets and pipes"),
    maxFds: count("Maximum number of open files, sockets and pipes"),
  }, ["residentMemoryBytes", "heapBytes", "cpuSeconds", "openFds", "maxFds"]),
  plugins: {
    type: "object",
    additionalProperties: {},
    description:
      "Reports of the plugins, by plugin name: pools, stress, load runs",
  },
  routes: {
    type: "object",
    additionalProperties: ROUTE,
    description:
      "Figures of the routes by route id, in the configuration's order",
  },
  replicas: REPLICAS,
  complete: COMPLETE,
};

/** JSON Schema of {@linkcode Stats}. */
export const STATS_SCHEMA: Readonly<Record<string, unknown>> = object<Stats>(
  STATS,
  ["replicas", "complete"],
);

/** JSON Schema of {@linkcode LiveEvent}. */
export const LIVE_SCHEMA: Readonly<Record<string, unknown>> = {
  ...object<LiveEvent>({
    dropped: count(
      "Number of snapshots that this reader missed since the previous event, or since the one in its Last-Event-ID",
    ),
    ...STATS,
  }, ["replicas", "complete"]),
  description: "Data of each event",
};
