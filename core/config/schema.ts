/**
 * The configuration: its types, as written and as parsed, and its schema.
 *
 * @module
 */
import { z } from "zod";
import type { Kit, Power, Schema } from "../contract/values.ts";
import type { Issue } from "../errors.ts";
import { atOnce } from "../lib/time/mod.ts";
import { crossIssues } from "./_cross_checks.ts";
import { idOf } from "./_route_ids.ts";
import {
  defaultMethods,
  HEADER_NAME,
  METHODS,
  PATH,
} from "./_route_settings.ts";
import {
  type FaultInput,
  type FaultSettings,
  faultsType,
} from "./fault_settings.ts";
import { isRecord } from "./_schema_lookup.ts";
import { jsonSchemaPart } from "./json_schema.ts";
import { readingType } from "./kit.ts";
import {
  type ResponseInput,
  type ResponseSettings,
  responseType,
  type TurnResponseInput,
  type WireInput,
  type WireSettings,
  wireType,
} from "./response_settings.ts";
import {
  type ServerInput,
  type ServerSettings,
  serverType,
} from "./server_settings.ts";
import { POWERS, refusalOf } from "./powers.ts";
import { TURNS, type TurnsInput, type TurnsSettings } from "./turn_settings.ts";
import { validate, type Validation } from "./validate.ts";
import { WHEN, type WhenInput, type WhenSettings } from "./when_settings.ts";
import {
  plainWebSocket,
  type WebSocketInput,
  type WebSocketSettings,
  webSocketType,
} from "./websocket_settings.ts";
import { valueInWords } from "./words.ts";

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

/** A key of routes that a plugin reads. */
export interface RouteKey {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Schema of its value. */
  readonly schema: Schema;
}

/** Types and route keys that the configuration's schema is made from. */
export interface ConfigSchemaOptions {
  /** The types that settings are made of. */
  readonly kit: Kit;
  /** The plugins' route keys, by key. */
  readonly routeKeys: ReadonlyMap<string, RouteKey>;
}

/** Keys of a route that belong to core. */
export const OWN_ROUTE_KEYS: ReadonlySet<string> = new Set([
  "id",
  "method",
  "path",
  "delay",
  "when",
  "response",
  "responses",
  "turns",
  "wire",
  "websocket",
  "faults",
]);

/** Schemas of a configuration: of the whole, and of one of its routes. */
export interface ConfigSchemas {
  /** Schema of the whole. */
  readonly schema: Schema<PerfmockConfig>;
  /** Schema of one route. */
  readonly routeSchema: Schema<RouteSettings>;
}

/** Returns an object without its keys that begin with "x-": such as hold parts for aliases, and mean nothing by themselves. */
export function withoutExtensions(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).filter((key) => key.startsWith("x-"));
  if (keys.length === 0) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !keys.includes(key)),
  );
}

/** Number of errors from which on no further route is checked. */
export const MOST_ISSUES = 1000;

/**
 * Validates a whole configuration, route by route: the steps can be run in slices.
 *
 * @returns the configuration with defaults filled in, or all issues, including those between settings
 */
export function* validationSteps(
  given: unknown,
  { kit, schema, routeSchema }: ConfigSchemas & { readonly kit: Kit },
): Generator<void, Validation<PerfmockConfig>> {
  const value = withoutExtensions(given);
  const written = isRecord(value) && Array.isArray(value.routes)
    ? value.routes as readonly unknown[]
    : undefined;
  // An object with many keys takes long to copy, and long to validate.
  yield;
  const whole = written === undefined
    ? value
    : { ...value as object, routes: [] };
  yield;
  const result = validate(schema, whole);
  const issues: Issue[] = [...result.issues ?? []];
  const routes: RouteSettings[] = [];
  for (const [index, route] of (written ?? []).entries()) {
    yield;
    if (issues.length >= MOST_ISSUES) {
      issues.push({
        path: "/routes",
        message:
          `There are ${MOST_ISSUES} errors or more: the routes from index ${index} on were not checked`,
      });
      break;
    }
    const read = validate(routeSchema, route, `/routes/${index}`);
    if (read.issues === undefined) routes.push(read.value);
    else issues.push(...read.issues);
  }
  issues.push(...yield* crossIssues(value, kit));
  if (result.issues !== undefined || issues.length > 0) return { issues };
  return {
    value: written === undefined ? result.value : { ...result.value, routes },
  };
}

/** Validates a whole configuration at once; see {@linkcode validationSteps}. */
export function validateConfig(
  value: unknown,
  schemas: ConfigSchemas & { readonly kit: Kit },
): Validation<PerfmockConfig> {
  return atOnce(validationSteps(value, schemas));
}

/** Makes the schemas of a configuration and of its routes. */
export function createConfigSchemas(
  options: ConfigSchemaOptions,
): ConfigSchemas {
  const routeSchema = routeType(options);
  return { schema: createConfigSchema(options, routeSchema), routeSchema };
}

/** Makes the schema of the configuration. It leaves plugin options as they are: each plugin's own schema parses them. */
export function createConfigSchema(
  options: ConfigSchemaOptions,
  routeSchema = routeType(options),
): Schema<PerfmockConfig> {
  const { kit } = options;
  return z.strictObject({
    // Tells editors where the JSON Schema is; perfmock ignores it.
    $schema: z.string().optional(),
    seed: z.union([kit.integer(), z.string().min(1)]).default(42),
    server: serverType(kit).prefault({}),
    control: z.strictObject({
      path: CONTROL_PATH.default("/_perfmock"),
      token: TOKEN.nullable().default(null),
      allow: z.array(POWER).default([]),
    }).prefault({}),
    journal: z.strictObject({
      capacity: kit.integer({ min: 0, max: 1_000_000 }).default(10_000),
    }).prefault({}),
    sessions: z.strictObject({
      header: HEADER_NAME.default("Perfmock-Session"),
      limit: kit.integer({ min: 0, max: 1000 }).default(64),
      expiry: kit.duration({ above: 0 }).default(600_000),
    }).prefault({}),
    overrides: z.strictObject({
      delay: z.boolean().default(false),
      profile: z.boolean().default(false),
      fault: z.boolean().default(false),
    }).prefault({}),
    backend: z.strictObject({
      scale: kit.number({ above: 0 }).default(1),
      delay: kit.duration().default(0),
      faultShare: kit.number({ min: 0 }).default(1),
    }).prefault({}),
    presets: PRESETS.default({}),
    plugins: z.record(
      z.string(),
      z.union([z.literal(false), z.record(z.string(), z.unknown()), z.null()]),
    ).default({}),
    routes: z.array(routeSchema).default([]),
  }).transform(({ $schema: _, ...config }) => config) as unknown as Schema<
    PerfmockConfig
  >;
}

/** A preset. Its errors beyond these are found by building the configuration with it. */
const PRESET = z.looseObject({
  routes: z.record(z.string(), z.record(z.string(), z.unknown())).optional()
    .meta({ description: "patches of routes, by id" }),
}).superRefine((preset, context) => {
  const refuse = (path: string[], message: string, allowed: string) =>
    context.addIssue({ code: "custom", path, message, params: { allowed } });
  if ("presets" in preset) {
    refuse(["presets"], "A preset cannot contain presets", "other settings");
  } else if (Object.keys(preset).length === 0) {
    refuse(
      [],
      "A preset that names nothing changes nothing",
      'settings such as { "backend": { "scale": 3 } }',
    );
  }
});

const PRESETS = z.record(
  z.string().min(1).regex(/^(?!none$)\P{Cc}+$/u, {
    error: 'The name of a preset is one line of text, and not "none"',
  }),
  PRESET,
);

/** A power; no call can give itself one that the configuration did not have at the start. */
const POWER = z.enum(POWERS).superRefine((power, context) => {
  if (refusalOf(power, "control.allow") === undefined) return;
  context.addIssue({
    code: "custom",
    message: `The control API cannot give itself the power "${power}"`,
    params: { allowed: "powers that the configuration had at the start" },
  });
});

/** A token travels in a header, which a line break would end. */
const TOKEN = z.string().regex(/^[\x21-\x7e]+$/, {
  error: "A token consists of visible ASCII characters without spaces",
});

const CONTROL_PATH = z.string().regex(/^(\/[A-Za-z0-9._~-]+)+$/, {
  error: (issue) =>
    `Must start with a slash and not end with one, received ${
      valueInWords(issue.input)
    }`,
}).meta({
  description: 'a path such as "/_perfmock", of letters, digits and . _ ~ -',
});

const NO_RESPONSE: ResponseSettings = { status: 200, headers: {} };

function routeType({ kit, routeKeys }: ConfigSchemaOptions) {
  const pluginKeys = Object.fromEntries(
    [...routeKeys].map((
      [key, { schema }],
    ) => [key, embed(schema, key).optional()]),
  );
  return z.strictObject({
    ...pluginKeys,
    id: z.string().min(1).regex(/^\P{Cc}+$/u, {
      error: "An id is one line of text",
    }).optional(),
    method: METHODS.optional(),
    path: PATH,
    delay: kit.duration().optional(),
    when: WHEN.optional(),
    response: responseType(kit).optional(),
    responses: z.array(responseType(kit, true)).min(1).optional(),
    turns: TURNS.optional(),
    wire: wireType(kit).optional(),
    websocket: webSocketType(kit).optional(),
    faults: faultsType(kit).default([]),
  }).superRefine(({ response, responses }, context) => {
    if (response === undefined || responses === undefined) return;
    context.addIssue({
      code: "custom",
      path: ["responses"],
      message: "A route has one response, or several in turn",
      params: { allowed: 'either "response" or "responses"' },
    });
  }).superRefine(plainWebSocket).transform((
    {
      id,
      method,
      path,
      delay,
      when,
      response,
      responses,
      turns,
      wire,
      websocket,
      faults,
      ...plugins
    },
  ): RouteSettings => ({
    id: id ?? idOf(method, path, when),
    methods: method ?? defaultMethods(when),
    path,
    ...delay !== undefined && { delay },
    ...when !== undefined && { when },
    response: responses?.[0] ?? response ?? NO_RESPONSE,
    ...responses !== undefined && { responses },
    ...turns !== undefined && { turns },
    ...wire !== undefined && { wire },
    ...websocket !== undefined && { websocket },
    faults,
    plugins,
  }));
}

/** Wraps a plugin's schema of any validator; one of zod may be of another copy of zod, so it is wrapped too. */
function embed(schema: Schema, key: string) {
  const json = jsonSchemaPart(schema, `route.${key}`);
  return readingType("value", json, (value) => validate(schema, value));
}

/** Freezes a configuration route by route, like {@linkcode deepFreeze}. */
export function* freezingSteps(
  config: PerfmockConfig,
): Generator<void, PerfmockConfig> {
  for (const route of config.routes) {
    deepFreeze(route);
    yield;
  }
  return deepFreeze(config);
}

/** Freezes a value with all plain objects and lists in it. Class instances and functions are left alone. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) {
    return value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (
    prototype !== Object.prototype && prototype !== null &&
    !Array.isArray(value)
  ) return value;
  Object.freeze(value);
  // Getters are not evaluated: their values are not part of the snapshot.
  for (
    const property of Object.values(Object.getOwnPropertyDescriptors(value))
  ) {
    deepFreeze(property.value);
  }
  return value;
}
