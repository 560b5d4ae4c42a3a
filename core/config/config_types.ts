/**
 * The configuration: its types, as written and as parsed.
 *
 * @module
 */
import type { Power } from "../contract/values.ts";
import type { FaultInput, FaultSettings } from "./fault_settings.ts";
import type {
  ResponseInput,
  ResponseSettings,
  TurnResponseInput,
  WireInput,
  WireSettings,
} from "./response_settings.ts";
import type { ServerInput, ServerSettings } from "./server_settings.ts";
import type { SharedInput, SharedSettings } from "./shared_settings.ts";
import type { TurnsInput, TurnsSettings } from "./turn_settings.ts";
import type {
  WebSocketInput,
  WebSocketSettings,
} from "./websocket_settings.ts";
import type { WhenInput, WhenSettings } from "./when_settings.ts";

/** A configuration as users write it. `perfmock schema` prints its JSON Schema. */
export interface PerfmockInput {
  /** Seed of all random draws: a whole number or a text. Default 42. */
  readonly seed?: number | string;
  /** Server. */
  readonly server?: ServerInput;
  /** Control API. */
  readonly control?: {
    /** Path prefix of its calls. Default "/_perfmock". */
    readonly path?: string;
    /** Bearer token it requires. Default null: none. */
    readonly token?: string | null;
    /**
     * Powers of its calls beyond the server: "plugins" to load, "files" outside of the configuration's folder, "targets" of load
     * and metrics and "proxies" beyond loopback. Default none.
     */
    readonly allow?: readonly Power[];
  };
  /** Journal of completed exchanges. */
  readonly journal?: {
    /** Maximum number of exchanges kept, 0…1000000. Default 1000. */
    readonly capacity?: number;
  };
  /** State that several servers share through Redis or Valkey. Default none. */
  readonly shared?: SharedInput;
  /** Sessions: servers within the server, created through the control API. */
  readonly sessions?: {
    /** Request header that selects a session. Default "Perfmock-Session". */
    readonly header?: string;
    /** Maximum number of sessions, 0…1000. Default 64. */
    readonly limit?: number;
    /** Time without a request after which a session ends. Default "10m". */
    readonly expiry?: string | number;
  };
  /** Effects that a request may have on its own exchange through the header Perfmock-Override. */
  readonly overrides?: {
    /** True to allow a service time: `delay=120ms`. Default false. */
    readonly delay?: boolean;
    /** True to allow the name of a distribution: `profile=slow-db`. Default false. */
    readonly profile?: boolean;
    /** True to allow a fault: `fault=503`, `fault=hang`. Default false. */
    readonly fault?: boolean;
  };
  /** Pace of the whole backend. */
  readonly backend?: {
    /** Factor on the drawn service times of all routes, above 0. Default 1. */
    readonly scale?: number;
    /** Time added to each response. Default 0. */
    readonly delay?: string | number;
    /** Factor on the shares of all faults, at least 0. Default 1. */
    readonly faultShare?: number;
  };
  /**
   * Presets by name: patches of the configuration, as PATCH config takes them, with `routes` as patches by id. One at a time is
   * switched on by a call of the control API or by a load script.
   */
  readonly presets?: Readonly<Record<string, PresetInput>>;
  /** Options by plugin: built-in name, relative path or specifier. False turns a plugin off. */
  readonly plugins?: Readonly<Record<string, unknown>>;
  /** Mock routes. The first that matches a request answers it. */
  readonly routes?: readonly RouteInput[];
}

/** A preset as users write it: a patch of the configuration (RFC 7396). */
export interface PresetInput {
  /** Patches of routes, by id; one with an unknown id and a path is a new route. */
  readonly routes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Any other part of the configuration. */
  readonly [key: string]: unknown;
}

/** A route as users write it. Further keys belong to plugins, such as `serviceTime`. */
export interface RouteInput {
  /** Unique id. Default: method and path, such as `get-api-orders-id`. */
  readonly id?: string;
  /** Method, list of methods, or "*" for any. Default GET, and POST too with a condition on GraphQL. */
  readonly method?: string | readonly string[];
  /** Path in Hono's syntax. */
  readonly path: string;
  /** Time added to each response, behind a proxy too, and not to the wait in queues. Default 0. */
  readonly delay?: string | number;
  /** Conditions on requests beyond method and path; all must hold. Default none. */
  readonly when?: WhenInput;
  /** Response. Default: status 200 without a body. */
  readonly response?: ResponseInput;
  /** Responses that are given in turn, in place of `response`: the first request gets the first, and so on. */
  readonly responses?: readonly TurnResponseInput[];
  /** Requests that are counted together for `responses` and `serviceTimes`, and what follows the last. */
  readonly turns?: TurnsInput;
  /** Timing of the body after the headers. */
  readonly wire?: WireInput;
  /** WebSocket that the route opens, in place of an answer. */
  readonly websocket?: WebSocketInput;
  /** Faults to inject. */
  readonly faults?: readonly FaultInput[];
  /** Settings of a plugin. */
  readonly [key: string]: unknown;
}

/** Settings of the control API, with defaults filled in. */
export interface ControlSettings {
  /** Path prefix, with a slash at the start and none at the end. */
  readonly path: string;
  /** Bearer token; null for none. */
  readonly token: string | null;
  /** Powers of its calls beyond the server. */
  readonly allow: readonly Power[];
}

/** Settings of sessions, with defaults filled in. */
export interface SessionSettings {
  /** Request header that selects a session. */
  readonly header: string;
  /** Maximum number of sessions. */
  readonly limit: number;
  /** Time without a request after which a session ends, in ms. */
  readonly expiry: number;
}

/** Effects that a request may have on its own exchange. */
export interface OverrideSettings {
  /** True if it may set its service time. */
  readonly delay: boolean;
  /** True if it may select the distribution of its service time. */
  readonly profile: boolean;
  /** True if it may ask for a fault. */
  readonly fault: boolean;
}

/** Pace of the whole backend, with defaults filled in. */
export interface BackendSettings {
  /** Factor on the drawn service times of all routes. */
  readonly scale: number;
  /** Time added to each response, in ms. */
  readonly delay: number;
  /** Factor on the shares of all faults. */
  readonly faultShare: number;
}

/** A route with defaults filled in. */
export interface RouteSettings {
  /** Unique id. */
  readonly id: string;
  /** Methods in upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** Path in Hono's syntax. */
  readonly path: string;
  /** Time added to each response, in ms; undefined for none. */
  readonly delay?: number | undefined;
  /** Conditions on requests beyond method and path; undefined for none. */
  readonly when?: WhenSettings | undefined;
  /** Response; the first of several. */
  readonly response: ResponseSettings;
  /** Responses that are given in turn; undefined for one only. */
  readonly responses?: readonly ResponseSettings[] | undefined;
  /** Counting of requests; undefined to count all. */
  readonly turns?: TurnsSettings | undefined;
  /** Timing of the body after the headers; undefined to send as fast as possible. */
  readonly wire?: WireSettings | undefined;
  /** WebSocket that the route opens; undefined to answer. */
  readonly websocket?: WebSocketSettings | undefined;
  /** Faults to inject, in the order written. */
  readonly faults: readonly FaultSettings[];
  /** Parsed settings of plugins, by route key; absent keys were not set. */
  readonly plugins: Readonly<Record<string, unknown>>;
}

/** A configuration with defaults filled in. */
export interface PerfmockConfig {
  /** Seed of all random draws. */
  readonly seed: number | string;
  /** Server. */
  readonly server: ServerSettings;
  /** Control API. */
  readonly control: ControlSettings;
  /** Journal of completed exchanges. */
  readonly journal: {
    /** Maximum number of exchanges kept. */
    readonly capacity: number;
  };
  /** State that several servers share; undefined for none. */
  readonly shared?: SharedSettings | undefined;
  /** Sessions. */
  readonly sessions: SessionSettings;
  /** Effects that a request may have on its own exchange. */
  readonly overrides: OverrideSettings;
  /** Pace of the whole backend. */
  readonly backend: BackendSettings;
  /** Presets by name, as written. */
  readonly presets: Readonly<Record<string, PresetInput>>;
  /** Options by plugin, as written. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** Routes in matching order. */
  readonly routes: readonly RouteSettings[];
}
