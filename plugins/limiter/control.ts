/**
 * The control calls of the limiter.
 *
 * @module
 */
import type { Clock, Endpoint, Host } from "../../core/plugin.ts";
import type { Limiter, PlannedPool } from "./limiter.ts";
import { changePool } from "./pool_change.ts";
import { REASONS } from "./series.ts";
import { orUnbounded } from "./words.ts";

/** A pool in the control API and in `stats`. */
export interface PoolReport {
  /** Unique. */
  readonly name: string;
  /** How many places. */
  readonly concurrency: number | "unbounded";
  /** How many of them are taken. */
  readonly busy: number;
  /** The most that were taken at once. */
  readonly peakBusy: number;
  /** How many may wait. */
  readonly queue: number | "unbounded";
  /** How many wait. */
  readonly queued: number;
  /** Who asked for a place since the start or the last reset, phantoms and those included who waited at the reset. */
  readonly arrivals: number;
  /** Who got one. */
  readonly admitted: number;
  /** Who got none, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** The mean share of places taken, time-weighted. */
  readonly utilisation: number;
  /** The mean number of those waiting, time-weighted. */
  readonly meanQueued: number;
  /** The mean time in the queue of those admitted, in milliseconds. */
  readonly meanWait: number;
  /** The total time in the queue of all who have left it, however, in milliseconds. */
  readonly waited: number;
  /** What Retry-After would say now, and whether that comes from what was served; only where it is estimated. */
  readonly retryAfter?: {
    readonly seconds: number;
    readonly from: "throughput" | "fallback";
  };
  /** The phantoms among the arrivals, and those of them that got no place; only where there are any. */
  readonly background?: { readonly arrivals: number; readonly refused: number };
}

/** All pools, in figures. */
export function reportPools(limiter: Limiter, clock: Clock): PoolReport[] {
  const now = clock.now();
  return [...limiter.pools].map((installed) => report(installed, now));
}

function report(
  { kept: { pool, background } }: PlannedPool,
  now: number,
): PoolReport {
  const { wait, from } = pool.estimate(now);
  return {
    name: pool.name,
    concurrency: orUnbounded(pool.concurrency),
    busy: pool.busy,
    queue: orUnbounded(pool.capacity),
    queued: pool.queued,
    ...pool.figures.counts(now),
    ...(pool.estimates && {
      retryAfter: { seconds: Math.ceil(wait / 1000), from },
    }),
    ...((background.running || background.arrived > 0) && {
      background: { arrivals: background.arrived, refused: background.refused },
    }),
  };
}

const TEXT = { type: "string" };
const NUMBER = { type: "number" };
const COUNT = { type: "integer" };
const LIMIT = { type: ["integer", "string"] };
const OPTIONAL_NUMBER = { type: ["number", "null"] };
const MANNERS = {
  requests: COUNT,
  refused: COUNT,
  retries: COUNT,
  told: COUNT,
  early: COUNT,
  amplification: NUMBER,
  spacing: {
    type: ["object", "null"],
    properties: { mean: NUMBER, min: NUMBER, max: NUMBER },
  },
  jitter: OPTIONAL_NUMBER,
  backoff: OPTIONAL_NUMBER,
  verdict: TEXT,
};

const POOL = {
  name: TEXT,
  concurrency: LIMIT,
  busy: COUNT,
  peakBusy: COUNT,
  queue: LIMIT,
  queued: COUNT,
  arrivals: COUNT,
  admitted: COUNT,
  rejected: {
    type: "object",
    properties: Object.fromEntries(
      REASONS.map((reason) => [reason, COUNT]),
    ),
  },
  utilisation: NUMBER,
  meanQueued: NUMBER,
  meanWait: NUMBER,
  waited: NUMBER,
  retryAfter: {
    type: "object",
    properties: {
      seconds: COUNT,
      from: { enum: ["throughput", "fallback"] },
    },
  },
  background: {
    type: "object",
    properties: { arrivals: COUNT, refused: COUNT },
  },
};

/** The calls under /_perfmock/limiter. */
export function controlEndpoints(limiter: Limiter, host: Host): Endpoint[] {
  const { clock, kit: { z } } = host;
  return [{
    method: "GET",
    path: "/pools",
    summary: "The pools: places, queues, refusals; times in milliseconds",
    answer: listOf("pools", POOL),
    handle: () => ({ pools: reportPools(limiter, clock) }),
  }, {
    method: "PATCH",
    path: "/pools/:name",
    summary:
      "Changes settings of a pool in the configuration, null removes one; If-Match may name the revision; who waits stays",
    body: z.record(z.string(), z.unknown()).meta({
      description: "settings of a pool, as in the configuration",
      examples: [{ concurrency: 20, queueTimeout: "1s" }],
    }),
    answer: { type: "object", properties: POOL },
    handle: (call) =>
      changePool(call, {
        host,
        limiter,
        report: (name) =>
          reportPools(limiter, clock).find((pool) => pool.name === name),
      }),
  }, {
    method: "GET",
    path: "/clients",
    summary:
      "What clients do once they were refused: retries, their spacing in milliseconds, and a verdict",
    answer: {
      ...listOf("clients", { client: TEXT, ...MANNERS }),
      required: ["clients", "all"],
    },
    handle: () => limiter.ledger.clients.report(),
  }];
}

function listOf(
  name: string,
  properties: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    type: "object",
    required: [name],
    properties: {
      [name]: { type: "array", items: { type: "object", properties } },
    },
  };
}
