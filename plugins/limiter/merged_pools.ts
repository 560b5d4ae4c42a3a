/**
 * Reports of pools, and those of pools that several replicas divide among themselves, as one.
 *
 * @module
 */
import type { RecentMeans } from "./figures.ts";

/** A pool in the control API and in `stats`. Counts are those since the start or the last reset. */
export interface PoolReport {
  /** Name of the pool. */
  readonly name: string;
  /** Number of places. */
  readonly concurrency: number | "unbounded";
  /** Number of taken places. */
  readonly busy: number;
  /** Maximum number of places taken at once. */
  readonly peakBusy: number;
  /** Maximum number of queued requests. */
  readonly queue: number | "unbounded";
  /** Number of queued requests. */
  readonly queued: number;
  /** Number of requests for a place; phantoms count, and so do requests that were queued at the reset. */
  readonly arrivals: number;
  /** Number of requests that got one. */
  readonly admitted: number;
  /** Number of requests that got none, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Time-weighted mean share of taken places, 0…1. */
  readonly utilisation: number;
  /** Means over the last 10 s. */
  readonly last10s: RecentMeans;
  /** Means over the last minute. */
  readonly last1m: RecentMeans;
  /** Time-weighted mean number of queued requests. */
  readonly meanQueued: number;
  /** Mean queue time of admitted requests, in ms. */
  readonly meanWait: number;
  /** Total queue time of all requests that have left the queue for whatever reason, in ms. */
  readonly waited: number;
  /** Present estimate of Retry-After, and whether it follows from the throughput; only where it is estimated. */
  readonly retryAfter?: {
    readonly seconds: number;
    readonly from: "throughput" | "fallback";
  };
  /** The whole pool, over all replicas that share it; the other figures are this replica's. Only where it is shared. */
  readonly shared?: WholeReport;
  /** Number of phantoms among the arrivals, and of phantoms that got no place; only where there is a background. */
  readonly background?: { readonly arrivals: number; readonly refused: number };
}

/** The whole of a shared pool in the control API and in `stats`. */
export interface WholeReport {
  /** Source of this replica's decisions: `shared` for Redis, `waiting` while it was just lost, `alone` for itself. */
  readonly mode: "shared" | "waiting" | "alone";
  /** Number of taken places, of all replicas; of this one while it decides by itself. */
  readonly busy: number;
  /** Number of queued requests, in the same way. */
  readonly queued: number;
  /** Number of replicas that live. */
  readonly replicas: number;
  /** Number of places that this replica gives away while it decides by itself. */
  readonly share: number | "unbounded";
}

/**
 * Merges the reports of replicas, pool by pool. Places, requests and waits are added; a share of taken places is that of all places;
 * the mean wait is over all admitted requests. `peakBusy` is the sum of the replicas' maxima, which they may have had at different times: no
 * more places were taken at once. Of a pool that the replicas share, each names the places of the whole, and its own part of the taken ones.
 */
export function mergePools(
  reports: readonly (readonly PoolReport[])[],
): PoolReport[] {
  const byName = Map.groupBy(reports.flat(), ({ name }) => name);
  return [...byName.values()].map(mergePool);
}

function mergePool(parts: readonly PoolReport[]): PoolReport {
  const [{ name }] = parts;
  const sum = (value: (part: PoolReport) => number) =>
    parts.reduce((total, part) => total + value(part), 0);
  const admitted = sum((part) => part.admitted);
  const rejected: Record<string, number> = {};
  for (const part of parts) {
    for (const [reason, count] of Object.entries(part.rejected)) {
      rejected[reason] = (rejected[reason] ?? 0) + count;
    }
  }
  const retries = parts.flatMap(({ retryAfter = [] }) => retryAfter);
  const wholes = parts.flatMap(({ shared = [] }) => shared);
  const isShared = wholes.length === parts.length;
  const limit = isShared ? largestLimit : sumLimits;
  const backgrounds = parts.flatMap(({ background = [] }) => background);
  return {
    name,
    concurrency: limit(parts.map(({ concurrency }) => concurrency)),
    busy: sum(({ busy }) => busy),
    peakBusy: sum(({ peakBusy }) => peakBusy),
    queue: limit(parts.map(({ queue }) => queue)),
    queued: sum(({ queued }) => queued),
    arrivals: sum(({ arrivals }) => arrivals),
    admitted,
    rejected,
    utilisation: isShared
      ? sum(({ utilisation }) => utilisation)
      : shareOfPlaces(parts, ({ utilisation }) => utilisation),
    last10s: mergeMeans(parts, isShared, ({ last10s }) => last10s),
    last1m: mergeMeans(parts, isShared, ({ last1m }) => last1m),
    meanQueued: sum(({ meanQueued }) => meanQueued),
    meanWait: admitted === 0
      ? 0
      : sum((part) => part.meanWait * part.admitted) / admitted,
    waited: sum(({ waited }) => waited),
    ...retries.length > 0 && {
      retryAfter: retries.reduce((longest, retry) =>
        retry.seconds > longest.seconds ? retry : longest
      ),
    },
    ...isShared && {
      shared: {
        mode: MODES.find((mode) => wholes.some((one) => one.mode === mode)) ??
          "shared",
        ...wholeOf(parts, wholes),
        share: sumLimits(wholes.map(({ share }) => share)),
      },
    },
    ...backgrounds.length > 0 && {
      background: {
        arrivals: backgrounds.reduce(
          (total, { arrivals }) => total + arrivals,
          0,
        ),
        refused: backgrounds.reduce((total, { refused }) => total + refused, 0),
      },
    },
  };
}

/**
 * Returns the levels of a whole pool. If all of its replicas are there, they are the sums of theirs; otherwise those that Redis has said,
 * which include replicas that did not answer, and places that a dead one holds until its lease ends.
 */
function wholeOf(
  parts: readonly PoolReport[],
  wholes: readonly WholeReport[],
): Pick<WholeReport, "busy" | "queued" | "replicas"> {
  const replicas = Math.max(...wholes.map(({ replicas }) => replicas));
  const known = parts.length < replicas
    ? wholes.filter(({ mode }) => mode === "shared")
    : [];
  const level = (name: "busy" | "queued") =>
    Math.max(
      parts.reduce((total, part) => total + part[name], 0),
      ...known.map((whole) => whole[name]),
    );
  return { busy: level("busy"), queued: level("queued"), replicas };
}

/** Sources of decisions, from the one that is told first. */
const MODES = ["alone", "waiting", "shared"] as const;

/** The limit of a whole that each replica names: they differ for a moment, when it changes. */
function largestLimit(
  limits: readonly PoolReport["queue"][],
): PoolReport["queue"] {
  const numbers = limits.filter((limit) => typeof limit === "number");
  return numbers.length < limits.length ? "unbounded" : Math.max(...numbers);
}

function sumLimits(
  limits: readonly PoolReport["queue"][],
): PoolReport["queue"] {
  let total = 0;
  for (const limit of limits) {
    if (typeof limit === "string") return limit;
    total += limit;
  }
  return total;
}

/** Mean of shares of taken places, each weighted by the places that it is a share of. */
function shareOfPlaces(
  parts: readonly PoolReport[],
  share: (part: PoolReport) => number,
): number {
  let places = 0;
  let taken = 0;
  for (const part of parts) {
    // Of places without number, no share is taken.
    if (typeof part.concurrency === "string") return 0;
    places += part.concurrency;
    taken += part.concurrency * share(part);
  }
  return places === 0 ? 0 : taken / places;
}

function mergeMeans(
  parts: readonly PoolReport[],
  isShared: boolean,
  of: (part: PoolReport) => RecentMeans,
): RecentMeans {
  return {
    seconds: Math.max(...parts.map((part) => of(part).seconds)),
    utilisation: isShared
      ? parts.reduce((total, part) => total + of(part).utilisation, 0)
      : shareOfPlaces(parts, (part) => of(part).utilisation),
    meanQueued: parts.reduce((total, part) => total + of(part).meanQueued, 0),
  };
}
