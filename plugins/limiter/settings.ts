/**
 * Settings of the limiter: the schemas of its options and route keys, and the parsed types.
 *
 * @module
 */
import type { Kit, KitType, Schema } from "../../core/plugin.ts";
import type { BackgroundSettings } from "./background.ts";
import { type Discipline, DISCIPLINES } from "./queue.ts";
import type { Partition, RateLimitSettings } from "./rate_limit.ts";
import { ALGORITHMS } from "./rate_limit_algorithms.ts";
import type { RefusalSettings } from "./refusal.ts";

/** Prefix of the name of a route's own pool. */
export const INLINE = "route:";

/** Settings of a pool, parsed. */
export interface PoolSettings {
  /** Number of places; Infinity for no limit. */
  readonly concurrency: number;
  /** Maximum number of queued requests; Infinity for no limit. Default 0. */
  readonly queue: number;
  /** Order of service. Default `fifo`. */
  readonly discipline: Discipline;
  /** Header with the priority of a request; undefined for that of its route. */
  readonly priorityHeader: string | undefined;
  /** Maximum wait in the queue, in ms; Infinity for no limit. */
  readonly queueTimeout: number;
  /** Refusal where the queue is full. Default status 503. */
  readonly onFull: RefusalSettings;
  /** Refusal after the maximum wait. Default status 503. */
  readonly onTimeout: RefusalSettings;
  /** Rate limit; undefined for none. */
  readonly rateLimit: RateLimitSettings | undefined;
  /** Load from elsewhere, without HTTP; undefined for none. */
  readonly background: BackgroundSettings | undefined;
}

/** Options of the limiter, parsed. */
export interface LimiterOptions {
  /** Pools by name. */
  readonly pools: Readonly<Record<string, PoolSettings>>;
  /** Header that tells clients apart; undefined for X-Forwarded-For. Clients that send none are told apart by address. */
  readonly client: string | undefined;
}

/** Route keys of the limiter, parsed. */
export interface LimiterRouteOptions {
  /** Name of a pool, names of pools that are taken in turn, or settings of the route's own pool. */
  readonly limiter: string | readonly string[] | PoolSettings;
  /** Priority in queues of the discipline `priority`; lower numbers go first. Default 0. */
  readonly priority: number;
}

/** Maximum burst of a sliding window: a longer log, for each of many clients, would fill memory. */
const LONGEST_LOG = 10_000;

/** Default status of a refusal: 503 Service Unavailable. */
const UNAVAILABLE = 503;

const HEADER = "header:[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Makes the schema of the plugin's options. */
export function optionsSchema(kit: Kit): KitType<LimiterOptions> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    pools: z.record(z.string().min(1), poolSchema(kit)).default({}),
    client: keyType(kit, [], "header:X-Client-Id").optional(),
  }, {
    pools: "Pools that routes may take places of, by name",
    client:
      "Header that tells clients apart. Default: X-Forwarded-For, and without it the address",
  })).superRefine(({ pools }, context) => {
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

/** Makes the schemas of the route keys. */
export function routeKeySchemas(
  kit: Kit,
): {
  readonly [K in keyof LimiterRouteOptions]: Schema<LimiterRouteOptions[K]>;
} {
  const { z } = kit;
  return kit.worded({
    limiter: z.union([
      z.string().min(1),
      z.array(z.string().min(1)).min(1),
      poolSchema(kit),
    ]),
    priority: kit.number(),
  }, {
    limiter:
      "Name of the pool that a request takes a place of, names of several that it takes in turn, or the settings of the route's own pool. Default: no limit",
    priority:
      "Priority in queues of the discipline priority; lower numbers go first. Default 0",
  });
}

/** Makes the schema of a pool. */
function poolSchema(kit: Kit): KitType<PoolSettings> {
  const { z, integer, duration, distribution, rate, signal, worded } = kit;
  return z.strictObject(worded({
    concurrency: integer({ min: 1 }).optional(),
    queue: z.union([integer({ min: 0 }), z.literal("unbounded")]).default(0),
    discipline: z.enum(DISCIPLINES).default("fifo"),
    priority: keyType(kit, ["route"], "header:X-Priority").optional(),
    queueTimeout: duration({ above: 0 }).optional(),
    onFull: refusalSchema(kit),
    onTimeout: refusalSchema(kit),
    rateLimit: rateLimitSchema(kit).optional(),
    background: z.strictObject(worded({
      rate: signal(rate()),
      serviceTime: distribution(),
    }, {
      rate: "Rate of the arrivals from elsewhere, over time",
      serviceTime: "Time for which each of them holds its place",
    })).optional(),
  }, {
    concurrency:
      "Number of requests that are served at once. Default: no limit, beside a rateLimit",
    queue: "Maximum number of requests that wait; further ones are refused",
    discipline: "Order in which waiting requests are served",
    priority:
      'Source of the priority, for the discipline priority: a header, or the route ("route", the default)',
    queueTimeout:
      "Maximum wait in the queue; then the request is refused. Default: no limit",
    onFull: "Refusal of requests that find the queue full",
    onTimeout: "Refusal of requests that have waited for queueTimeout",
    rateLimit: "Limit on the rate of requests. Default: none",
    background:
      "Load from elsewhere, which occupies places without HTTP. Default: none",
  })).superRefine((pool, context) => {
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

function refusalSchema({ z, integer, duration, worded }: Kit) {
  return z.strictObject(worded({
    status: integer({ min: 200, max: 599 }).optional(),
    retryAfter: z.union([duration(), z.literal("estimate")]).optional(),
    retryAfterAs: z.enum(["seconds", "date"]).optional(),
    body: z.string().optional(),
    action: z.enum(["connection-reset", "hang"]).optional(),
  }, {
    status: "Status of the refusal. Default 503",
    retryAfter:
      'Time that the header Retry-After asks to wait; "estimate" is the expected wait. Default: none',
    retryAfterAs:
      "Form of Retry-After: a number of seconds, or the date at which they have passed. Default seconds",
    body: "Text of the refusal. Default: a problem document",
    action:
      "Effect on the connection, in place of an answer: it is reset, or nothing is sent without end",
  })).superRefine(({ action, ...answer }, context) => {
    const said = Object.keys(answer);
    if (
      answer.retryAfterAs !== undefined && answer.retryAfter === undefined &&
      action === undefined
    ) {
      context.addIssue({
        code: "custom",
        path: ["retryAfterAs"],
        message: "There is no time to write",
        params: { allowed: '"retryAfter" beside it' },
      });
    }
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

/** Makes the schema of a word from a list, or of `"header:"` and a header's name. */
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
  const { z, integer, rate, worded } = kit;
  return z.strictObject(worded({
    rate: rate({ above: 0 }),
    burst: integer({ min: 1, max: 1_000_000 }).optional(),
    algorithm: z.enum(ALGORITHMS).default("token-bucket"),
    per: keyType(kit, ["pool", "route", "client"], "header:X-Api-Key")
      .default("pool"),
    cost: integer({ min: 1 }).default(1),
    status: integer({ min: 200, max: 599 }).default(429),
    retryAfterAs: z.enum(["seconds", "date"]).default("seconds"),
  }, {
    rate: "Rate of requests that may pass",
    burst:
      "Number of requests that may pass at once. Default: those of a second, at least 1",
    algorithm: "Algorithm that decides",
    per:
      "Requests that are limited together: those of the pool, of a route, of a client, or of each value of a header",
    cost: "Number of tokens that each request takes",
    status: "Status of the refusal",
    retryAfterAs:
      "Form of Retry-After: a number of seconds, or the date at which they have passed",
  })).transform((limit): RateLimitSettings => ({
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

/** Writes a limit as the settings do: a number, or "unbounded". */
export function orUnbounded(limit: number): number | "unbounded" {
  return limit === Infinity ? "unbounded" : limit;
}
