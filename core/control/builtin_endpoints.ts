/**
 * Endpoints of the control API itself: health, routes, plugins, figures, journal and reset, and those of `config` and
 * `sessions`.
 *
 * @module
 */
import { z } from "zod";
import type { EngineName } from "../config/mod.ts";
import { agreed } from "../lib/agreement.ts";
import { OUTCOMES } from "../lib/control_values.ts";
import { isOwn, isPart } from "../lib/replica_call.ts";
import type { ExchangeJournal } from "../observe/journal.ts";
import { checkRoute, findRequests } from "../observe/journal_query.ts";
import { LIVE_INTERVAL, type LiveFeed } from "../observe/live_feed.ts";
import { LIVE_SCHEMA, STATS_SCHEMA } from "../observe/stats.ts";
import {
  type Endpoint,
  endpoint,
  type JournalEntry,
  type JournalSocket,
  type Kit,
  type ReplicaAnswer,
} from "../plugin.ts";
import type { SharedHealth } from "../shared/redis.ts";
import type { BackendControl } from "./backend_control.ts";
import { backendEndpoints } from "./backend_endpoints.ts";
import { configEndpoints, type LiveConfiguration } from "./config_endpoints.ts";
import { sessionEndpoints, type SessionStore } from "./session_endpoints.ts";

/** Health of a server. */
export interface Health {
  /** `draining` while the server ends; otherwise `degraded` if there are reasons. */
  readonly status: "ok" | "degraded" | "draining";
  /** True: the server answers. For a liveness probe. */
  readonly live: true;
  /**
   * True if mock requests are taken, false while the server ends, or serves another configuration than the other replicas. For a
   * readiness probe.
   */
  readonly ready: boolean;
  /** Version of perfmock. */
  readonly version: string;
  /** Time since the server was made, in milliseconds of its clock. */
  readonly uptimeMs: number;
  /** Revision of the configuration. */
  readonly revision: number;
  /** Replica that the server is, such as `2/4`; absent for the only one. */
  readonly segment?: string;
  /** HTTP server that runs: perfmock's own, Deno's or Node's; `none` if it does not listen. */
  readonly engine: EngineName | "none";
  /** Reason why it is not perfmock's own where the configuration leaves the choice; absent otherwise. */
  readonly engineReason?: string;
  /** Reasons why it is degraded, or takes no requests, one sentence each. */
  readonly reasons: readonly string[];
  /** State that this server shares with others; absent if there is none. */
  readonly shared?: SharedHealth;
  /** Names of the activities of plugins, by kind, such as stress and load runs. */
  readonly active: Readonly<Record<string, readonly string[]>>;
  /** State of each exporter. */
  readonly exporters: Readonly<Record<string, string>>;
}

/** A route as the control API describes it. */
export interface RouteDescription {
  /** Unique id. */
  readonly id: string;
  /** Methods in upper case; `["*"]` stands for any method. */
  readonly methods: readonly string[];
  /** Path in Hono's syntax. */
  readonly path: string;
  /** Effects of the plugins on the route, in words. */
  readonly does: readonly string[];
  /** Settings as written, without defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A plugin as the control API describes it. */
export interface PluginDescription {
  /** Unique name. */
  readonly name: string;
  /** The plugin's own version. */
  readonly version: string;
  /** Key of its options in the configuration. */
  readonly key: string;
  /** Options as written. */
  readonly options: unknown;
  /** Route keys that it reads. */
  readonly routeKeys: readonly string[];
}

/** Figures of a fleet. */
export interface FleetFigures {
  /** Figures of all replicas as a stream of events. */
  readonly live: Pick<LiveFeed, "follow">;
  /** Merges answers of `GET stats`. */
  stats(answers: readonly ReplicaAnswer[]): object;
  /** Merges answers of `GET health`. */
  health(answers: readonly ReplicaAnswer[]): Health;
  /** Merges answers of `GET requests`; `limit` is the maximum number of exchanges. */
  requests(
    answers: readonly ReplicaAnswer[],
    limit: number,
  ): readonly JournalEntry[];
}

/** Sources of the answers. */
export interface ControlSource {
  /** Configuration in force: the server's or a session's. */
  readonly world: LiveConfiguration & {
    /** Routes in the order in which they are matched. */
    readonly routes: readonly RouteDescription[];
    /** Pace of the whole backend, and presets. */
    readonly backend: Pick<BackendControl, "change" | "describe">;
    /** Exchanges that ended. */
    readonly journal: Pick<ExchangeJournal, "entries" | "holds">;
    /** Returns the figures as JSON; with `part` each histogram with its content, to be merged with others. */
    statsText(part: boolean): Promise<BodyInit>;
    /** Figures as a stream of events. */
    readonly live: Pick<LiveFeed, "follow">;
    /** Starts sequence numbers, journal and figures again. */
    reset(): void;
    /** Resolves when all routes have sequence numbers, which replicas that share them have to be given after a reset. */
    numbered(): Promise<void>;
  };
  /** Sessions of the server. */
  readonly sessions: SessionStore;
  /** Value types of queries and bodies. */
  readonly kit: Kit;
  /** Replicas of which this server is one; undefined if it stands alone. */
  readonly fleet?: FleetFigures | undefined;
  /** Finds exchanges that have ended by their span ids, of all sessions. */
  bySpans(spans: readonly string[]): readonly JournalEntry[];
  /** Returns the server's health; with `part`, without what other replicas tell of themselves. */
  health(part?: boolean): Health;
  /** Returns the plugins in the order in which they were set up. */
  plugins(): readonly PluginDescription[];
}

const TEXT = { type: "string" };
const TEXT_OR_NULL = { type: ["string", "null"] };
const TEXTS = { type: "array", items: TEXT };
const COUNT = { type: "integer" };
const MILLISECONDS = { type: "number", description: "Milliseconds" };
const MILLISECONDS_OR_NULL = { ...MILLISECONDS, type: ["number", "null"] };

/** All endpoints of the control API itself; paths are relative to the control path. */
export function builtinEndpoints(source: ControlSource): Endpoint[] {
  const { fleet, world, sessions, kit } = source;
  return [
    endpoint({
      method: "GET",
      path: "/health",
      summary:
        "Health of the server, with the reasons if it is degraded; 503 while it is not ready",
      answer: HEALTH,
      handle: ({ request }) =>
        // A replica that ends is a part of the fleet's health, and no error.
        isPart(request) ? source.health(true) : readiness(source.health()),
      ...fleet !== undefined &&
        { merge: (answers) => readiness(fleet.health(answers)) },
    }),
    endpoint({
      method: "GET",
      path: "/health/live",
      summary: "Liveness probe: the server answers, also while it ends",
      answer: probe("live"),
      handle() {
        const { status, live } = source.health();
        return { status, live };
      },
    }),
    endpoint({
      method: "GET",
      path: "/health/ready",
      summary:
        "Readiness probe: 200 if the server takes mock requests, 503 while it ends, or serves another configuration than the other replicas",
      answer: probe("ready"),
      handle() {
        const { status, ready } = source.health();
        return readiness({ status, ready });
      },
    }),
    endpoint({
      method: "GET",
      path: "/routes",
      summary: "The mock routes, in the order in which they are matched",
      answer: listOf("routes", ROUTE),
      handle: () => ({ routes: world.routes }),
    }),
    endpoint({
      method: "GET",
      path: "/plugins",
      summary:
        "The plugins that are on, in the order in which they were set up",
      answer: listOf("plugins", PLUGIN),
      handle: () => ({ plugins: source.plugins() }),
    }),
    endpoint({
      method: "GET",
      path: "/stats",
      summary: "Figures since the start or the last reset",
      answer: STATS_SCHEMA,
      handle: async ({ request }) =>
        new Response(await world.statsText(isPart(request)), {
          headers: { "content-type": "application/json" },
        }),
      ...fleet !== undefined && { merge: (answers) => fleet.stats(answers) },
    }),
    endpoint({
      method: "GET",
      path: "/live",
      summary:
        "Server-Sent Events: a snapshot of stats at once and then one per interval, 1 s by default; resumable by Last-Event-ID",
      type: "text/event-stream",
      query: z.strictObject(kit.worded({
        interval: kit.duration(LIVE_INTERVAL).optional(),
      }, {
        interval: "Time between two snapshots. Default 1s",
      })),
      answer: LIVE_SCHEMA,
      headers: {
        "Last-Event-ID": "Id of the last event that a former reader received",
      },
      handle: ({ request, query }) =>
        (isOwn(request) || fleet === undefined ? world.live : fleet.live)
          .follow(
            query.interval,
            request.headers.get("last-event-id"),
          ),
    }),
    endpoint({
      method: "POST",
      path: "/reset",
      replicas: "all",
      summary:
        "Starts sequence numbers, journal and stats again; Prometheus counters continue",
      status: 204,
      async handle() {
        await agreed();
        world.reset();
        await world.numbered();
        return new Response(null, { status: 204 });
      },
    }),
    ...configEndpoints(world),
    ...backendEndpoints(world.backend, kit),
    ...sessionEndpoints(sessions, kit),
    journalEndpoint(source),
  ];
}

/** Gives an answer the status 503 while the server is not ready: probes look at nothing else. */
function readiness(
  answer: Pick<Health, "ready"> & Partial<Health>,
): unknown {
  return !answer.ready ? Response.json(answer, { status: 503 }) : answer;
}

/** JSON Schema of a probe's answer. */
function probe(member: "live" | "ready"): Record<string, unknown> {
  const { status } = HEALTH_PROPERTIES;
  return {
    type: "object",
    required: ["status", member],
    properties: { status, [member]: { type: "boolean" } },
  };
}

/** Default maximum number of entries that `GET requests` returns. */
const JOURNAL_LIMIT = 100;

function journalEndpoint(
  { bySpans, fleet, kit, world }: Pick<
    ControlSource,
    "bySpans" | "fleet" | "kit" | "world"
  >,
): Endpoint {
  const respondWith = (
    requests: readonly JournalEntry[],
    format: unknown,
  ) =>
    format !== "jsonl" ? { requests } : new Response(
      requests.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
      { headers: { "content-type": "application/jsonl" } },
    );
  return endpoint({
    method: "GET",
    path: "/requests",
    summary:
      "The latest exchanges that ended, oldest first: as JSON, or with format=jsonl as one line each",
    query: z.strictObject(kit.worded({
      limit: wholeNumber(1).default(JOURNAL_LIMIT),
      route: z.string().optional(),
      outcome: z.enum(OUTCOMES).optional(),
      status: wholeNumber(0).optional(),
      trace: z.string().optional(),
      slower: kit.duration().optional(),
      spans: z.string().regex(SPANS, {
        error: "Must be span ids, separated by commas",
      }).optional(),
      format: z.enum(["json", "jsonl"]).default("json"),
    }, {
      limit: "Maximum number of exchanges: the latest. Default 100",
      route: "Id of the route",
      outcome: "Outcome of the exchange",
      status: "Status of the answer; 0 for none",
      trace: "Trace id",
      slower: "Least time from arrival to headers",
      spans:
        "Span ids, separated by commas: finds these exchanges, of all sessions, whatever else is asked for",
      format: "JSON, or one line of JSON for each exchange",
    })),
    answer: listOf("requests", JOURNAL_ENTRY),
    types: { "application/jsonl": TEXT },
    handle({ query: { format, spans, ...filter }, request }) {
      if (spans !== undefined) {
        const found = bySpans(spans.split(","));
        return respondWith(found, isPart(request) ? "json" : format);
      }
      // A route that has been removed may have exchanges in the journal of another replica.
      return isPart(request)
        ? respondWith(world.journal.entries(filter), "json")
        : respondWith(findRequests(world, filter), format);
    },
    ...fleet !== undefined && {
      merge(answers: readonly ReplicaAnswer[], { request }) {
        const query = new URL(request.url).searchParams;
        const limit = Number(query.get("limit") ?? JOURNAL_LIMIT);
        const requests = fleet.requests(answers, limit);
        if (requests.length === 0 && !query.has("spans")) {
          checkRoute(world, query.get("route") ?? undefined);
        }
        return respondWith(requests, query.get("format"));
      },
    },
  });
}

/** Span ids, separated by commas. */
const SPANS = /^[0-9a-f]{16}(,[0-9a-f]{16})*$/;

/** A whole number in a query, where all values are text. */
function wholeNumber(least: number) {
  return z.string().regex(/^\d{1,9}$/, {
    error: `Must be a whole number, at least ${least}`,
  }).transform(Number).refine((value) => value >= least, {
    error: `Must be a whole number, at least ${least}`,
  });
}

const HEALTH_PROPERTIES = {
  status: { enum: ["ok", "degraded", "draining"] },
  live: { type: "boolean" },
  ready: { type: "boolean" },
  version: TEXT,
  uptimeMs: { type: "number" },
  revision: COUNT,
  segment: TEXT,
  engine: { enum: ["native", "deno", "node", "none"] },
  engineReason: TEXT,
  reasons: TEXTS,
  shared: {
    type: "object",
    properties: {
      replica: TEXT,
      connected: { type: "boolean" },
      forMs: MILLISECONDS,
      error: TEXT,
      onLost: { enum: ["divide", "open", "closed"] },
      latencyMs: MILLISECONDS,
    } satisfies Record<keyof SharedHealth, unknown>,
  },
  active: { type: "object", additionalProperties: TEXTS },
  exporters: { type: "object", additionalProperties: TEXT },
} satisfies Record<keyof Health, unknown>;

const HEALTH = {
  type: "object",
  required: Object.keys(HEALTH_PROPERTIES).filter((key) =>
    key !== "engineReason" && key !== "segment" && key !== "shared"
  ),
  properties: HEALTH_PROPERTIES,
};

const ROUTE = {
  id: TEXT,
  methods: TEXTS,
  path: TEXT,
  does: TEXTS,
  settings: { type: "object" },
} satisfies Record<keyof RouteDescription, unknown>;

const PLUGIN = {
  name: TEXT,
  version: TEXT,
  key: TEXT,
  options: {},
  routeKeys: TEXTS,
} satisfies Record<keyof PluginDescription, unknown>;

const JOURNAL_ENTRY = {
  number: COUNT,
  route: TEXT,
  pattern: TEXT,
  session: TEXT_OR_NULL,
  sequence: COUNT,
  key: TEXT_OR_NULL,
  method: TEXT,
  path: TEXT_OR_NULL,
  arrivalMs: MILLISECONDS,
  time: { type: "string", format: "date-time" },
  outcome: { enum: OUTCOMES },
  status: COUNT,
  queueMs: MILLISECONDS,
  drawnMs: MILLISECONDS,
  degradationMs: MILLISECONDS,
  achievedMs: MILLISECONDS_OR_NULL,
  totalMs: MILLISECONDS,
  latenessMs: MILLISECONDS_OR_NULL,
  traceId: TEXT,
  spanId: TEXT,
  parentSpanId: TEXT_OR_NULL,
  sampled: { type: "boolean" },
  webSocket: {
    type: ["object", "null"],
    properties: {
      messagesSent: COUNT,
      messagesReceived: COUNT,
      bytesSent: COUNT,
      bytesReceived: COUNT,
      code: COUNT,
    } satisfies Record<keyof JournalSocket, unknown>,
  },
} satisfies Record<keyof JournalEntry, unknown>;

/** JSON Schema of an object with one member, a list of objects. */
function listOf(
  name: string,
  properties: Record<string, unknown>,
): Record<string, unknown> {
  return {
    type: "object",
    required: [name],
    properties: {
      [name]: { type: "array", items: { type: "object", properties } },
    },
  };
}
