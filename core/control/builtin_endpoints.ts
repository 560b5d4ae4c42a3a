/**
 * The control API's own calls: health, routes, plugins, stats, live, reset.
 *
 * @module
 */
import {
  type ExchangeJournal,
  journalEndpoint,
} from "../observe/journal/mod.ts";
import { configEndpoints, type LiveConfiguration } from "./config/mod.ts";
import { type LiveFeed, STATS_SCHEMA } from "../observe/live/mod.ts";
import type { Endpoint, Kit } from "../plugin.ts";
import { sessionEndpoints, type Sessions } from "../server/sessions/mod.ts";

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
  readonly tenant: LiveConfiguration & {
    /** GET routes. */
    readonly routes: readonly RouteDescription[];
    /** GET requests. */
    readonly journal: Pick<ExchangeJournal, "entries">;
    /** GET stats, as JSON. */
    statsText(): Promise<BodyInit>;
    /** GET live. */
    readonly live: Pick<LiveFeed, "endpoint">;
    /** POST reset. */
    reset(): void;
  };
  /** All sessions. */
  readonly sessions: Sessions;
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
  const { tenant, sessions, kit } = source;
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
      handle: () => ({ routes: tenant.routes }),
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
        new Response(await tenant.statsText(), {
          headers: { "content-type": "application/json" },
        }),
    },
    tenant.live.endpoint(kit),
    {
      method: "POST",
      path: "/reset",
      summary:
        "Sequence numbers, journal and stats start afresh; Prometheus counters go on",
      handle() {
        tenant.reset();
        return new Response(null, { status: 204 });
      },
      status: 204,
    },
    ...configEndpoints(tenant),
    ...sessionEndpoints(sessions, kit),
    journalEndpoint((filter) => tenant.journal.entries(filter), kit),
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
