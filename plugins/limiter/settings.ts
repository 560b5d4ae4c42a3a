/**
 * The settings of pools: their schemas, and what comes out of them.
 *
 * @module
 */
import type { Kit, KitType } from "../../core/plugin.ts";
import type { BackgroundSettings } from "./background.ts";
import { type Discipline, DISCIPLINES } from "./disciplines/mod.ts";
import {
  ALGORITHMS,
  type Partition,
  type RateLimitSettings,
} from "./rate_limits/mod.ts";
import type { RefusalSettings } from "./refusal.ts";

/** How inline pools are named. */
export const INLINE = "route:";

/** The settings of a pool, parsed. */
export interface PoolSettings {
  /** How many places; Infinity for no limit. */
  readonly concurrency: number;
  /** How many may wait; Infinity for no limit. */
  readonly queue: number;
  /** Who is next. */
  readonly discipline: Discipline;
  /** The header that says how important a request is; undefined for the route's own word. */
  readonly priorityHeader: string | undefined;
  /** How long anybody waits, in milliseconds; Infinity for no limit. */
  readonly queueTimeout: number;
  /** What who finds the queue full is told. */
  readonly onFull: RefusalSettings;
  /** What who has waited too long is told. */
  readonly onTimeout: RefusalSettings;
  /** How many may pass in a time. */
  readonly rateLimit: RateLimitSettings | undefined;
  /** Load from elsewhere. */
  readonly background: BackgroundSettings | undefined;
}

/** The options of the limiter plugin, parsed. */
export interface LimiterOptions {
  /** By name. */
  readonly pools: Readonly<Record<string, PoolSettings>>;
  /** The header that tells clients apart; undefined for X-Forwarded-For. Who sends none is told apart by its address. */
  readonly client: string | undefined;
}

/** The keys of a route that the limiter reads, parsed. */
export interface LimiterRouteOptions {
  /** A pool's name, several taken in turn, or a pool of the route's own. */
  readonly limiter: string | readonly string[] | PoolSettings;
  /** Lower numbers go first. */
  readonly priority: number;
}

/** A longer log than this, times the clients there may be, would fill memory. */
const LONGEST_LOG = 10_000;

/** What a pool says that refuses: 503 Service Unavailable. */
const UNAVAILABLE = 503;

const HEADER = "header:[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** The schema of the plugin's options. */
export function optionsSchema(kit: Kit): KitType<LimiterOptions> {
  const { z } = kit;
  return z.strictObject({
    pools: z.record(z.string().min(1), poolSchema(kit)).default({}),
    client: keyType(kit, [], "header:X-Client-Id").optional(),
  }).superRefine(({ pools }, context) => {
    for (const name of Object.keys(pools)) {
      if (!name.startsWith(INLINE)) continue;
      context.addIssue({
        code: "custom",
        path: ["pools", name],
        message: `Names that start with "${INLINE}" are those of inline pools`,
        params: { allowed: "any other name" },
      });
    }
  }).transform(({ pools, client }): LimiterOptions => ({
    pools,
    client: client === undefined ? undefined : headerOf(client),
  }));
}

/** The schema of one pool. */
export function poolSchema(kit: Kit): KitType<PoolSettings> {
  const { z, integer, duration, distribution, rate, signal } = kit;
  return z.strictObject({
    concurrency: integer({ min: 1 }).optional(),
    queue: z.union([integer({ min: 0 }), z.literal("unbounded")]).default(0),
    discipline: z.enum(DISCIPLINES).default("fifo"),
    priority: keyType(kit, ["route"], "header:X-Priority").optional(),
    queueTimeout: duration({ above: 0 }).optional(),
    onFull: refusalSchema(kit),
    onTimeout: refusalSchema(kit),
    rateLimit: rateLimitSchema(kit).optional(),
    background: z.strictObject({
      rate: signal(rate()),
      serviceTime: distribution(),
    }).optional(),
  }).superRefine((pool, context) => {
    const report = (path: string, message: string, allowed: string) =>
      context.addIssue({
        code: "custom",
        path: [path],
        message,
        params: { allowed },
      });
    if (pool.concurrency === undefined && pool.rateLimit === undefined) {
      report(
        "concurrency",
        "A pool without concurrency or rateLimit limits nothing",
        "a whole number, at least 1",
      );
    }
    if (pool.priority !== undefined && pool.discipline !== "priority") {
      report(
        "priority",
        `Priority means nothing to the discipline "${pool.discipline}"`,
        'a pool with discipline "priority"',
      );
    }
  }).transform(({ concurrency, queue, queueTimeout, priority, ...rest }) => ({
    ...rest,
    concurrency: concurrency ?? Infinity,
    queue: queue === "unbounded" ? Infinity : queue,
    queueTimeout: queueTimeout ?? Infinity,
    priorityHeader: priority === undefined || priority === "route"
      ? undefined
      : headerOf(priority),
    rateLimit: rest.rateLimit,
    background: rest.background,
  }));
}

function refusalSchema({ z, integer, duration }: Kit) {
  return z.strictObject({
    status: integer({ min: 200, max: 599 }).optional(),
    retryAfter: z.union([duration(), z.literal("estimate")]).optional(),
    body: z.string().optional(),
    action: z.enum(["connection-reset", "hang"]).optional(),
  }).superRefine(({ action, ...answer }, context) => {
    const said = Object.keys(answer);
    if (action === undefined || said.length === 0) return;
    context.addIssue({
      code: "custom",
      path: [said[0]],
      message: `Cannot answer with ${
        said.join(" and ")
      } where the action is "${action}"`,
      params: { allowed: "action alone, or status, retryAfter and body" },
    });
  }).transform(({ action, status = UNAVAILABLE, ...answer }): RefusalSettings =>
    action === undefined ? { status, ...answer } : { action }
  ).prefault({});
}

/** One of some words, or a header: `"header:"` and its name. */
function keyType({ z }: Kit, words: readonly string[], example: string) {
  const pattern = new RegExp(`^(${[...words, HEADER].join("|")})$`);
  const choices = words.map((word) => `"${word}"`).join(", ");
  const header = `"header:" and a header's name, such as "${example}"`;
  const allowed = choices === "" ? header : `${choices} or ${header}`;
  return z.string().regex(pattern, {
    error: (issue) =>
      `Must be ${allowed}, received ${JSON.stringify(issue.input)}`,
  }).meta({ description: allowed });
}

function rateLimitSchema(kit: Kit) {
  const { z, integer, rate } = kit;
  return z.strictObject({
    rate: rate({ above: 0 }),
    burst: integer({ min: 1, max: 1_000_000 }).optional(),
    algorithm: z.enum(ALGORITHMS).default("token-bucket"),
    per: keyType(kit, ["pool", "route", "client"], "header:X-Api-Key")
      .default("pool"),
    cost: integer({ min: 1 }).default(1),
    status: integer({ min: 200, max: 599 }).default(429),
  }).transform((limit): RateLimitSettings => ({
    ...limit,
    burst: limit.burst ?? Math.max(limit.cost, Math.ceil(limit.rate)),
    per: partitionOf(limit.per),
  })).superRefine(({ algorithm, burst, cost }, context) => {
    if (cost > burst) {
      context.addIssue({
        code: "custom",
        path: ["cost"],
        message:
          `Must be at most burst, ${burst}, or nothing would ever pass, received ${cost}`,
        params: { allowed: `a whole number, 1 to ${burst}` },
      });
    }
    if (algorithm === "sliding-window" && burst > LONGEST_LOG) {
      context.addIssue({
        code: "custom",
        path: ["burst"],
        message:
          `A sliding window remembers every request: burst must be at most ${LONGEST_LOG}, received ${burst}`,
        params: { allowed: `a whole number, 1 to ${LONGEST_LOG}` },
      });
    }
  });
}

function partitionOf(per: string): Partition {
  return per === "pool" || per === "route" || per === "client"
    ? per
    : { header: headerOf(per) };
}

function headerOf(key: string): string {
  return key.slice("header:".length);
}
