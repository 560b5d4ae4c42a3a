/**
 * Control endpoints of the limiter: reports of pools and clients, and changes of a pool.
 *
 * @module
 */
import {
  type Call,
  type Clock,
  type Endpoint,
  endpoint,
  type Host,
  type Issue,
  PerfmockError,
  toPointer,
} from "../../core/plugin.ts";
import { REASONS, type RecentMeans } from "./figures.ts";
import type { Limiter, PlannedPool } from "./limiter.ts";
import {
  mergePools,
  type PoolReport,
  type WholeReport,
} from "./merged_pools.ts";
import { INLINE, orUnbounded } from "./settings.ts";
import { SharedPool } from "./shared/shared_pool.ts";

/** Reports all pools. */
export function reportPools(limiter: Limiter, clock: Clock): PoolReport[] {
  const now = clock.now();
  return Array.from(limiter.pools, (pool) => report(pool, now));
}

function report(
  { persistent: { pool, background } }: PlannedPool,
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
    last10s: pool.figures.recent(now, 10_000),
    last1m: pool.figures.recent(now, 60_000),
    ...(pool.estimates && {
      retryAfter: { seconds: Math.ceil(wait / 1000), from },
    }),
    ...(pool instanceof SharedPool && { shared: sharedReport(pool) }),
    ...((background.running || background.arrived > 0) && {
      background: { arrivals: background.arrived, refused: background.refused },
    }),
  };
}

function sharedReport(pool: SharedPool): WholeReport {
  const { mode, busy, queued, replicas, share } = pool.whole;
  return { mode, busy, queued, replicas, share: orUnbounded(share) };
}

const TEXT = { type: "string" };
const NUMBER = { type: "number" };
const COUNT = { type: "integer" };
const LIMIT = { type: ["integer", "string"] };
const OPTIONAL_NUMBER = { type: ["number", "null"] };
const RETRY_FIGURES = {
  requests: COUNT,
  refused: COUNT,
  retries: COUNT,
  uncertain: COUNT,
  told: COUNT,
  early: COUNT,
  amplification: NUMBER,
  spacing: {
    type: ["object", "null"],
    properties: { mean: NUMBER, min: NUMBER, max: NUMBER },
  },
  jitter: OPTIONAL_NUMBER,
  backoff: OPTIONAL_NUMBER,
  repeats: {
    type: ["object", "null"],
    properties: { count: COUNT, sinceSent: NUMBER, sinceAnswered: NUMBER },
  },
  verdict: TEXT,
};

const RECENT = {
  type: "object",
  properties: {
    seconds: { ...NUMBER, description: "Seconds that the means cover" },
    utilisation: {
      ...NUMBER,
      description: "Time-weighted mean share of taken places, 0…1",
    },
    meanQueued: NUMBER,
  } satisfies Record<keyof RecentMeans, unknown>,
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
  utilisation: {
    ...NUMBER,
    description:
      "Time-weighted mean share of taken places since the start or the last reset, 0…1",
  },
  last10s: RECENT,
  last1m: RECENT,
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
  shared: {
    type: "object",
    properties: {
      mode: { enum: ["shared", "waiting", "alone"] },
      busy: COUNT,
      queued: COUNT,
      replicas: COUNT,
      share: LIMIT,
    } satisfies Record<keyof WholeReport, unknown>,
  },
  background: {
    type: "object",
    properties: { arrivals: COUNT, refused: COUNT },
  },
};

/** Makes the endpoints under /_perfmock/limiter. */
export function controlEndpoints(limiter: Limiter, host: Host): Endpoint[] {
  const { clock, kit: { z } } = host;
  return [
    endpoint({
      method: "GET",
      path: "/pools",
      summary:
        "Report the pools: places, queues, refusals; times in milliseconds",
      answer: listOf("pools", POOL),
      handle: () => ({ pools: reportPools(limiter, clock) }),
      merge: (answers) => ({
        pools: mergePools(
          answers.map(({ answer }) =>
            (answer as { readonly pools: PoolReport[] }).pools
          ),
        ),
      }),
    }),
    endpoint({
      method: "PATCH",
      path: "/pools/:name",
      summary:
        "Change settings of a pool in the configuration, null removes one; If-Match may name the revision; queued requests stay",
      body: z.record(z.string(), z.unknown()).meta({
        description: "settings of a pool, as in the configuration",
        examples: [{ concurrency: 20, queueTimeout: "1s" }],
      }),
      headers: {
        "If-Match":
          "Revisions of the configuration to be changed, or *; 412 otherwise",
      },
      answer: { type: "object", properties: POOL },
      handle: (call) => changePool(call, limiter, host),
    }),
    endpoint({
      method: "GET",
      path: "/clients",
      summary:
        "Report refused clients: retries, their spacing in milliseconds, and a verdict",
      answer: {
        type: "object",
        required: ["clients", "all"],
        properties: {
          clients: {
            type: "array",
            items: {
              type: "object",
              properties: { client: TEXT, ...RETRY_FIGURES },
            },
          },
          all: { type: "object", properties: RETRY_FIGURES },
        },
      },
      handle: () => limiter.state.clients.report(),
      // A client's retries may have reached other processes than its first request: no sum would be right.
      merge: (answers) => ({
        processes: Object.fromEntries(
          answers.map(({ name, answer }) => [name, answer]),
        ),
      }),
    }),
  ];
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

type Settings = Record<string, unknown>;

/**
 * Answers PATCH limiter/pools/{name}: merges the body into the pool's settings in the configuration (RFC 7396: null removes).
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with status 404 where there is no such pool; else what {@linkcode Host.update} throws,
 * issues of the pool with paths relative to the body
 */
async function changePool(
  { parameters: { name }, request, body }: Call<Settings>,
  limiter: Limiter,
  host: Host,
): Promise<Response> {
  let pointer: string | undefined;
  const edit = (written: unknown) => {
    const place = placeOf(written, name, limiter);
    if (place === undefined) throw unknownPool(name, limiter, host);
    pointer = place.pointer;
    place.holder[place.key] = merged(place.holder[place.key], body);
    return written;
  };
  if (limiter.pool(name) === undefined) throw unknownPool(name, limiter, host);
  try {
    const revision = await host.update(edit, request.headers.get("if-match"));
    const report = reportPools(limiter, host.clock).find((pool) =>
      pool.name === name
    );
    return Response.json(report, { headers: { etag: `"${revision}"` } });
  } catch (error) {
    if (pointer === undefined || !isInvalidConfig(error)) throw error;
    const { issues } = error;
    throw new PerfmockError(
      "CONFIG_INVALID",
      `Cannot change the pool "${name}": ${issues.length} ${
        issues.length === 1 ? "error" : "errors"
      }`,
      issues.map((issue) => relative(issue, `${pointer}`)),
    );
  }
}

/** True for an error with issues of the configuration. Not checked by class, since core may be loaded twice. */
function isInvalidConfig(error: unknown): error is PerfmockError {
  const { code, issues = [] } = error as Partial<PerfmockError>;
  return code === "CONFIG_INVALID" && issues.length > 0;
}

function unknownPool(
  name: string,
  limiter: Limiter,
  host: Host,
): PerfmockError {
  const names = Array.from(
    limiter.pools,
    ({ persistent: { pool } }) => pool.name,
  );
  const suggestion = host.suggest(name, names);
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `There is no pool "${name}"`,
    [{
      path: "",
      message: `Unknown pool "${name}"`,
      value: name,
      allowed: names.join(", ") || "nothing: there are no pools",
      ...(suggestion !== undefined && { suggestion }),
    }],
    { status: 404 },
  );
}

/** An issue of the pool itself gets a path relative to the body. */
function relative(issue: Issue, pointer: string): Issue {
  return issue.path === pointer || issue.path.startsWith(`${pointer}/`)
    ? { ...issue, path: issue.path.slice(pointer.length) }
    : issue;
}

/** The settings of a pool in the configuration as written. */
interface Place {
  /** Object that holds the settings. */
  readonly holder: Settings;
  /** Key of the settings in that object. */
  readonly key: string;
  /** JSON Pointer to the settings. */
  readonly pointer: string;
}

function placeOf(
  written: unknown,
  name: string,
  limiter: Limiter,
): Place | undefined {
  const { plugins, routes } = settingsIn(written) ?? {};
  if (name.startsWith(INLINE)) {
    const place = limiter.routeOf(name);
    if (place === undefined || !Array.isArray(routes)) return undefined;
    const isIt = (value: unknown): value is Settings => {
      const { id, path, limiter } = settingsIn(value) ?? {};
      return path === place.path && (id ?? place.id) === place.id &&
        settingsIn(limiter) !== undefined;
    };
    // Another change may have moved the route. Routes without an id may share a path, so its former place is tried first.
    const index = isIt(routes[place.index])
      ? place.index
      : routes.findIndex(isIt);
    const route = settingsIn(routes[index]);
    if (route === undefined) return undefined;
    const pointer = `/routes/${index}/limiter`;
    return { holder: route, key: "limiter", pointer };
  }
  // The plugin may be named by a path or a specifier: it is the one that has the pool.
  for (const [key, options] of Object.entries(settingsIn(plugins) ?? {})) {
    const pools = settingsIn(settingsIn(options)?.pools);
    if (pools === undefined || !Object.hasOwn(pools, name)) continue;
    const pointer = toPointer(["plugins", key, "pools", name]);
    return { holder: pools, key: name, pointer };
  }
  return undefined;
}

function settingsIn(value: unknown): Settings | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Settings
    : undefined;
}

/** JSON Merge Patch, RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  const changes = settingsIn(patch);
  if (changes === undefined) return patch;
  const result: Settings = { ...settingsIn(target) };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
