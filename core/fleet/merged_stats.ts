/**
 * Figures of a fleet, made of those of its replicas. Counts are added, histograms are merged bucket by bucket, and everything else is
 * computed from the results: the figures are those of one server that had answered all requests. No percentile is an average.
 *
 * @module
 */
import { Histogram } from "../lib/histogram.ts";
import {
  type Figures,
  figures,
  type FiguresPart,
  type RequestCounts,
  round,
  type RouteFigures,
  type WindowFigures,
} from "../observe/figures.ts";
import type { ProcessFigures } from "../observe/read_process.ts";
import type { SocketFigures } from "../observe/socket_series.ts";
import type { Stats } from "../observe/stats.ts";
import type { UnmatchedRequest } from "../observe/unmatched.ts";

/** Figures of one replica. */
export interface StatsPart {
  /** Name of the replica. */
  readonly name: string;
  /** Its figures, each histogram with its content: the answer of `GET stats` to another replica. */
  readonly stats: Stats;
}

/** Returns the function that makes one report of a plugin of those of all replicas; undefined if the plugin has none. */
export type MergesOf = (
  plugin: string,
) => ((reports: readonly unknown[]) => unknown) | undefined;

const COUNTS = [
  "arrivals",
  "answered",
  "rejected",
  "failed",
  "gone",
  "reset",
  "cut",
] as const satisfies readonly (keyof RequestCounts)[];

/** Maximum number of different requests without a route that are listed, as in each part. */
const MOST_UNMATCHED = 20;

/**
 * Merges the figures of replicas.
 *
 * @param given figures of each replica that answered, at least one
 */
export function mergeStats(
  given: readonly StatsPart[],
  mergesOf: MergesOf,
): Stats {
  const parts = given.map(({ stats }) => stats);
  const uptimeMs = greatest(parts, ({ uptimeMs }) => uptimeMs);
  const counted = greatest(
    parts,
    ({ uptimeMs, sinceMs }) => uptimeMs - sinceMs,
  );
  return {
    revision: greatest(parts, ({ revision }) => revision),
    uptimeMs,
    sinceMs: round(uptimeMs - counted),
    inFlight: sum(parts, ({ inFlight }) => inFlight),
    unmatched: sum(parts, ({ unmatched }) => unmatched),
    unmatchedRequests: mergeUnmatched(parts),
    last10s: {
      lateness: mergeFigures(parts.map(({ last10s }) => last10s.lateness)),
      eventLoopLag: mergeFigures(
        parts.map(({ last10s }) => last10s.eventLoopLag),
      ),
    },
    process: sumProcesses(parts.map(({ process }) => process)),
    plugins: mergePlugins(given, mergesOf),
    routes: Object.fromEntries(
      eachKey(parts.map(({ routes }) => routes)).map(([id, routes]) => [
        id,
        mergeRoutes(routes),
      ]),
    ),
  };
}

/** Merges the reports of each plugin; those of a plugin that cannot merge them stand under the names of the replicas. */
function mergePlugins(
  parts: readonly StatsPart[],
  mergesOf: MergesOf,
): Record<string, unknown> {
  const names = new Set(
    parts.flatMap(({ stats }) => Object.keys(stats.plugins)),
  );
  return Object.fromEntries([...names].map((plugin) => {
    const having = parts.filter(({ stats }) => plugin in stats.plugins);
    const merge = mergesOf(plugin);
    return [
      plugin,
      merge === undefined
        ? Object.fromEntries(
          having.map(({ name, stats }) => [name, stats.plugins[plugin]]),
        )
        : merge(having.map(({ stats }) => stats.plugins[plugin])),
    ];
  }));
}

/**
 * Merges figures of several histograms.
 *
 * @throws TypeError if one comes without the content of its histogram
 */
export function mergeFigures(parts: readonly Figures[]): Figures {
  return figures(mergedHistogram(parts));
}

function mergedHistogram(parts: readonly Figures[]): Histogram {
  const merged = new Histogram();
  for (const part of parts) {
    const { histogram } = part as Partial<FiguresPart>;
    if (histogram === undefined) {
      throw new TypeError("Figures without their histogram cannot be merged");
    }
    merged.merge(Histogram.from(histogram));
  }
  return merged;
}

function mergeRoutes(parts: readonly RouteFigures[]): RouteFigures {
  const sockets = parts.flatMap(({ webSockets = [] }) => webSockets);
  return {
    ...sumCounts(parts),
    inFlight: sum(parts, ({ inFlight }) => inFlight),
    early: sum(parts, ({ early }) => early),
    bodyBytes: sum(parts, ({ bodyBytes }) => bodyBytes),
    faults: sumRecords(parts.map(({ faults }) => faults)),
    responseTime: mergeFigures(parts.map(({ responseTime }) => responseTime)),
    target: mergeFigures(parts.map(({ target }) => target)),
    lateness: mergeFigures(parts.map(({ lateness }) => lateness)),
    last10s: mergeWindows(parts.map(({ last10s }) => last10s)),
    last1m: mergeWindows(parts.map(({ last1m }) => last1m)),
    ...sockets.length > 0 && { webSockets: sumSockets(sockets) },
  };
}

/** The windows of replicas begin at different times: each rate is over the replica's own time, and the rates are added. */
function mergeWindows(parts: readonly WindowFigures[]): WindowFigures {
  return {
    seconds: greatest(parts, ({ seconds }) => seconds),
    ...sumCounts(parts),
    rates: sumCounts(parts.map(({ rates }) => rates)),
    responseTime: mergeFigures(parts.map(({ responseTime }) => responseTime)),
  };
}

function sumCounts(parts: readonly RequestCounts[]): RequestCounts {
  const [arrivals, answered, rejected, failed, gone, reset, cut] = COUNTS.map(
    (name) => round(sum(parts, (part) => part[name])),
  );
  return { arrivals, answered, rejected, failed, gone, reset, cut };
}

function sumSockets(parts: readonly SocketFigures[]): SocketFigures {
  return {
    open: sum(parts, ({ open }) => open),
    messagesSent: sum(parts, ({ messagesSent }) => messagesSent),
    messagesReceived: sum(parts, ({ messagesReceived }) => messagesReceived),
    bytesSent: sum(parts, ({ bytesSent }) => bytesSent),
    bytesReceived: sum(parts, ({ bytesReceived }) => bytesReceived),
    closes: sumRecords(parts.map(({ closes }) => closes)),
  };
}

/** Adds what processes use. A figure that one cannot read is left out, since a sum without it would be wrong. */
function sumProcesses(parts: readonly ProcessFigures[]): ProcessFigures {
  return Object.fromEntries(
    eachKey<number | undefined>(parts.map((part) => ({ ...part })))
      .filter(([, values]) => values.length === parts.length)
      .map(([name, values]) => [name, sum(values, (value) => value ?? 0)]),
  );
}

function mergeUnmatched(parts: readonly Stats[]): UnmatchedRequest[] {
  const merged = new Map<string, UnmatchedRequest>();
  for (const { unmatchedRequests } of parts) {
    for (const { method, path, count } of unmatchedRequests) {
      const key = `${method} ${path}`;
      const before = merged.get(key)?.count ?? 0;
      merged.set(key, { method, path, count: before + count });
    }
  }
  return [...merged.values()].slice(0, MOST_UNMATCHED);
}

/** Adds numbers by name. */
export function sumRecords(
  parts: readonly Readonly<Record<string, number>>[],
): Record<string, number> {
  return Object.fromEntries(
    eachKey(parts).map(([name, values]) => [name, sum(values, (n) => n)]),
  );
}

/** All keys in the order of the parts, each with its values. */
function eachKey<T>(
  parts: readonly Readonly<Record<string, T>>[],
): [string, T[]][] {
  const values = new Map<string, T[]>();
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      const known = values.get(key);
      if (known === undefined) values.set(key, [value]);
      else known.push(value);
    }
  }
  return [...values];
}

function sum<T>(parts: readonly T[], value: (part: T) => number): number {
  return parts.reduce((total, part) => total + value(part), 0);
}

function greatest<T>(parts: readonly T[], value: (part: T) => number): number {
  return Math.max(...parts.map(value));
}
