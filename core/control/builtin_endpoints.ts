/**
 * The control API's own calls: health, routes, plugins, stats, live, reset.
 *
 * @module
 */
import { z } from "zod";
import type {
  ExchangeJournal,
  JournalEntry,
  JournalFilter,
} from "../observe/journal.ts";
import { LIVE_INTERVAL, type LiveFeed } from "../observe/live_feed.ts";
import { LIVE_SCHEMA, STATS_SCHEMA } from "../observe/stats.ts";
import type { Endpoint, Kit } from "../plugin.ts";
import { configEndpoints, type LiveConfiguration } from "./config_endpoints.ts";
import { sessionEndpoints, type SessionStore } from "./session_endpoints.ts";

/** How well the server is. */
export interface Health {
  /** `degraded` where there are reasons. */
  readonly status: "ok" | "degraded";
  /** perfmock's version. */
  readonly version: string;
  /** Since the server was made, in milliseconds of its clock. */
  readonly uptimeMs: number;
  /** Of the configuration. */
  readonly revision: number;
  /** Why it is degraded, a sentence each. */
  readonly reasons: readonly string[];
  /** What is going on, by kind, such as stress and load runs. */
  readonly active: Readonly<Record<string, readonly string[]>>;
  /** The state of each exporter. */
  readonly exporters: Readonly<Record<string, string>>;
}

/** A route in the control API. */
export interface RouteDescription {
  /** Unique. */
  readonly id: string;
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** In Hono's path syntax. */
  readonly path: string;
  /** What plugins do to it, in words. */
  readonly does: readonly string[];
  /** As written, defaults left out. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A plugin in the control API. */
export interface PluginDescription {
  /** Its name. */
  readonly name: string;
  /** Its own version. */
  readonly version: string;
  /** Its key in the configuration. */
  readonly key: string;
  /** Its options as written. */
  readonly options: unknown;
  /** The route keys it reads. */
  readonly routeKeys: readonly string[];
}

/** What the calls answer with. */
export interface ControlSource {
  /** The configuration in force, the server's own or a session's. */
  readonly world: LiveConfiguration & {
    /** GET routes. */
    readonly routes: readonly RouteDescription[];
    /** GET requests. */
    readonly journal: Pick<ExchangeJournal, "entries">;
    /** GET stats, as JSON. */
    statsText(): Promise<BodyInit>;
    /** GET live. */
    readonly live: Pick<LiveFeed, "follow">;
    /** POST reset. */
    reset(): void;
  };
  /** All sessions. */
  readonly sessions: SessionStore;
  /** The types of queries and bodies. */
  readonly kit: Kit;
  /** GET health. */
  health(): Health;
  /** GET plugins. */
  plugins(): readonly PluginDescription[];
}

const TEXT = { type: "string" };
const TEXTS = { type: "array", items: TEXT };
const COUNT = { type: "integer" };
/** The endpoints, to be served under the control path. */
export function builtinEndpoints(source: ControlSource): Endpoint[] {
  const { world, sessions, kit } = source;
  return [
    {
      method: "GET",
      path: "/health",
      summary: "How well the server is, and why it is not",
      answer: {
        type: "object",
        required: [
          "status",
          "version",
          "uptimeMs",
          "revision",
          "reasons",
          "active",
          "exporters",
        ],
        properties: {
          status: { enum: ["ok", "degraded"] },
          version: TEXT,
          uptimeMs: { type: "number" },
          revision: COUNT,
          reasons: TEXTS,
          active: { type: "object", additionalProperties: TEXTS },
          exporters: { type: "object", additionalProperties: TEXT },
        },
      },
      handle: () => source.health(),
    },
    {
      method: "GET",
      path: "/routes",
      summary: "The mock routes, in the order in which they are matched",
      answer: listOf("routes", {
        id: TEXT,
        methods: TEXTS,
        path: TEXT,
        does: TEXTS,
        settings: { type: "object" },
      }),
      handle: () => ({ routes: world.routes }),
    },
    {
      method: "GET",
      path: "/plugins",
      summary:
        "The plugins that are on, in the order in which they were set up",
      answer: listOf("plugins", {
        name: TEXT,
        version: TEXT,
        key: TEXT,
        options: {},
        routeKeys: TEXTS,
      }),
      handle: () => ({ plugins: source.plugins() }),
    },
    {
      method: "GET",
      path: "/stats",
      summary: "What happened since the start or the last reset",
      answer: STATS_SCHEMA,
      handle: async () =>
        new Response(await world.statsText(), {
          headers: { "content-type": "application/json" },
        }),
    },
    {
      method: "GET",
      path: "/live",
      summary:
        "Server-Sent Events: a snapshot of stats at once and then each interval, 1 s unless told otherwise; resumable by Last-Event-ID",
      type: "text/event-stream",
      query: z.strictObject({
        interval: kit.duration(LIVE_INTERVAL).optional(),
      }),
      answer: LIVE_SCHEMA,
      handle: ({ request, query }) =>
        world.live.follow(
          (query as { interval?: number }).interval,
          request.headers.get("last-event-id"),
        ),
    },
    {
      method: "POST",
      path: "/reset",
      summary:
        "Sequence numbers, journal and stats start afresh; Prometheus counters go on",
      handle() {
        world.reset();
        return new Response(null, { status: 204 });
      },
      status: 204,
    },
    ...configEndpoints(world),
    ...sessionEndpoints(sessions, kit),
    journalEndpoint((filter) => world.journal.entries(filter), kit),
  ];
}

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

/** How many entries are given where nobody says how many. */
const LIMIT = 100;

const OUTCOMES = [
  "answered",
  "rejected",
  "gone",
  "cut",
  "failed",
  "reset",
] as const;

/** How entries are written: as one document, or a line each. */
const FORMATS = ["json", "jsonl"] as const;

/** The query as parsed. */
interface Query extends JournalFilter {
  readonly format: typeof FORMATS[number];
}

const MILLISECONDS = { type: "number", description: "Milliseconds" };
const MILLISECONDS_OR_NULL = { ...MILLISECONDS, type: ["number", "null"] };

/** The JSON Schema of a {@linkcode JournalEntry}. */
const JOURNAL_ENTRY = {
  type: "object",
  properties: {
    number: COUNT,
    route: TEXT,
    session: { type: ["string", "null"] },
    sequence: COUNT,
    key: { type: ["string", "null"] },
    method: TEXT,
    path: { type: ["string", "null"] },
    arrivalMs: MILLISECONDS,
    outcome: { enum: OUTCOMES },
    status: COUNT,
    queueMs: MILLISECONDS,
    drawnMs: MILLISECONDS,
    degradationMs: MILLISECONDS,
    achievedMs: MILLISECONDS_OR_NULL,
    totalMs: MILLISECONDS,
    latenessMs: MILLISECONDS_OR_NULL,
    traceId: TEXT,
  } satisfies Record<keyof JournalEntry, unknown>,
};

/**
 * `GET requests`.
 *
 * @param entries finds them, oldest first
 * @param kit for the query's duration
 */
function journalEndpoint(
  entries: (filter: JournalFilter) => readonly JournalEntry[],
  kit: Pick<Kit, "duration">,
): Endpoint {
  return {
    method: "GET",
    path: "/requests",
    summary:
      "The last exchanges that ended, oldest first: as JSON, or with format=jsonl a line each",
    query: z.strictObject({
      limit: whole(1).default(LIMIT),
      route: z.string().optional(),
      outcome: z.enum(OUTCOMES).optional(),
      status: whole(0).optional(),
      trace: z.string().optional(),
      slower: kit.duration().optional(),
      format: z.enum(FORMATS).default("json"),
    }),
    answer: {
      type: "object",
      required: ["requests"],
      properties: { requests: { type: "array", items: JOURNAL_ENTRY } },
    },
    handle({ query }) {
      const { format, ...filter } = query as Query;
      const requests = entries(filter);
      return format === "json" ? { requests } : new Response(
        requests.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
        { headers: { "content-type": "application/jsonl" } },
      );
    },
  };
}

/** A whole number in a query, where all is text. */
function whole(least: number) {
  return z.string().regex(/^\d{1,9}$/, {
    error: `Must be a whole number, at least ${least}`,
  }).transform(Number).refine((value) => value >= least, {
    error: `Must be a whole number, at least ${least}`,
  });
}
