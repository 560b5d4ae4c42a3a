/**
 * The schema of the configuration.
 *
 * @module
 */
import { z } from "zod";
import type { Kit, Schema } from "../contract/values.ts";
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
import type { PerfmockConfig, RouteSettings } from "./config_types.ts";
import { withoutExtensions } from "./data.ts";
import { faultsType } from "./fault_settings.ts";
import type { Corrected } from "./_misspellings.ts";
import { isRecord } from "./_schema_lookup.ts";
import { jsonSchemaPart } from "./json_schema.ts";
import { readingType } from "./kit.ts";
import {
  type ResponseSettings,
  responseType,
  wireType,
} from "./response_settings.ts";
import { serverType } from "./server_settings.ts";
import { sharedType } from "./shared_settings.ts";
import { POWERS, refusalOf } from "./powers.ts";
import { TURNS } from "./turn_settings.ts";
import { validate, validateCorrected, type Validation } from "./validate.ts";
import { WHEN } from "./when_settings.ts";
import { plainWebSocket, webSocketType } from "./websocket_settings.ts";
import { worded } from "./worded.ts";
import { valueInWords } from "./words.ts";

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
  const result = validateCorrected(schema, whole);
  const issues: Issue[] = [...result.issues ?? []];
  const routes: RouteSettings[] = [];
  /** Routes with their misspellings put right, by index. */
  const corrected = new Map<number, Corrected>();
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
    const read = validateCorrected(routeSchema, route, `/routes/${index}`);
    if (read.issues === undefined) routes.push(read.value);
    else {
      issues.push(...read.issues);
      if (read.corrected !== undefined) corrected.set(index, read.corrected);
    }
  }
  const meant = result.issues === undefined ? undefined : result.corrected;
  const intended = meant === undefined && corrected.size === 0 ? value : {
    ...Object(meant?.value ?? value) as object,
    ...written !== undefined && {
      routes: written.map((route, index) =>
        corrected.has(index) ? corrected.get(index)?.value : route
      ),
    },
  };
  for (const issue of yield* crossIssues(intended, kit)) {
    issues.push(...asWritten(issue, meant, corrected));
  }
  if (result.issues !== undefined || issues.length > 0) return { issues };
  return {
    value: written === undefined ? result.value : { ...result.value, routes },
  };
}

/** Returns an issue of the corrected configuration with its paths as written; none if it lies in a value that was only guessed. */
function asWritten(
  issue: Issue,
  whole: Corrected | undefined,
  routes: ReadonlyMap<number, Corrected>,
): Issue[] {
  const [, index, rest = ""] = /^\/routes\/(\d+)(\/.*)?$/s.exec(issue.path) ??
    [];
  const corrected = index === undefined ? whole : routes.get(Number(index));
  if (corrected === undefined) return [issue];
  const found = corrected.asWritten({
    path: index === undefined ? issue.path : rest,
    message: issue.message,
  });
  if (found === undefined) return [];
  return [{
    ...issue,
    path: index === undefined ? found.path : `/routes/${index}${found.path}`,
  }];
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
  return z.strictObject(worded({
    // Tells editors where the JSON Schema is; perfmock ignores it.
    $schema: z.string().optional(),
    seed: z.union([kit.integer(), z.string().min(1)]).default(42),
    server: serverType(kit).prefault({}),
    control: z.strictObject(worded({
      path: CONTROL_PATH.default("/_perfmock"),
      token: TOKEN.nullable().default(null),
      allow: z.array(POWER).default([]),
    }, {
      path: "Prefix of the paths of its calls",
      token:
        "Bearer token that its calls need; required before binding beyond loopback",
      allow:
        "Powers of its calls beyond the server: plugins to load, files outside of the configuration's folder, targets of load and metrics and proxies beyond loopback",
    })).prefault({}),
    journal: z.strictObject(worded({
      capacity: kit.integer({ min: 0, max: 1_000_000 }).default(10_000),
    }, {
      capacity: "Maximum number of exchanges that are kept",
    })).prefault({}),
    shared: sharedType(kit).optional(),
    sessions: z.strictObject(worded({
      header: HEADER_NAME.default("Perfmock-Session"),
      limit: kit.integer({ min: 0, max: 1000 }).default(64),
      expiry: kit.duration({ above: 0 }).default(600_000),
    }, {
      header: "Request header that selects a session",
      limit: "Maximum number of sessions",
      expiry: "Time without a request after which a session ends",
    })).prefault({}),
    overrides: z.strictObject(worded({
      delay: z.boolean().default(false),
      profile: z.boolean().default(false),
      fault: z.boolean().default(false),
    }, {
      delay:
        "True if a request may set its service time by the header Perfmock-Override: delay=200ms",
      profile:
        "True if a request may select its distribution by Perfmock-Override: profile=NAME",
      fault:
        "True if a request may ask for a fault by Perfmock-Override: fault=503 or fault=hang",
    })).prefault({}),
    backend: z.strictObject(worded({
      scale: kit.number({ above: 0 }).default(1),
      delay: kit.duration().default(0),
      faultShare: kit.number({ min: 0 }).default(1),
    }, {
      scale: "Factor on the service times that all routes draw",
      delay: "Time added to each response",
      faultShare: "Factor on the shares of all faults",
    })).prefault({}),
    presets: PRESETS.default({}),
    plugins: z.record(
      z.string(),
      z.union([z.literal(false), z.record(z.string(), z.unknown()), z.null()]),
    ).default({}),
    routes: z.array(routeSchema).default([]),
  }, {
    $schema:
      "Path or URL of this JSON Schema, for editors; perfmock ignores it",
    seed:
      "Seed of all random draws, a whole number or a text: the same seed gives the same service times",
    server: "HTTP server",
    control: "Control API",
    journal: "Journal of the last exchanges",
    shared:
      "State that several servers share through Redis or Valkey, so that they behave as one backend. Default: none",
    sessions:
      "Sessions: servers within the server, each with its own settings and figures",
    overrides: "Effects that a request may have on its own exchange",
    backend: "Pace of the whole backend; each key is a dial, too",
    presets:
      "Named patches of the configuration. A call or a load script switches one of them on at a time",
    plugins:
      "Options by plugin: built-in name, relative path or specifier; false turns one off",
    routes: "Mock routes; the first that matches a request answers it",
  })).transform(({ $schema: _, ...config }) => config) as unknown as Schema<
    PerfmockConfig
  >;
}

/** A preset. Its errors beyond these are found by building the configuration with it. */
const PRESET = z.object(worded({
  routes: z.record(z.string(), z.record(z.string(), z.unknown())).optional()
    .meta({ description: "patches of routes, by id" }),
}, {
  routes:
    "Routes that the preset changes; an unknown id with a path is a new route",
})).catchall(
  z.unknown().meta({
    description: "Any other part of the configuration, merged into it",
  }),
).superRefine((preset, context) => {
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
  const own = worded({
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
  }, {
    id:
      "Unique id. Default: method, path and conditions in words, such as get-api-orders-id",
    method:
      "Method of the requests. Default GET, which also answers HEAD, and POST too with a condition on GraphQL",
    path: "Path of the requests, in Hono's syntax",
    delay:
      "Time added to each response, behind a proxy too, and not to the wait in queues. Default: none",
    when:
      "Conditions on requests beyond method and path, all of which must hold. Default: none",
    response: "Response. Default: status 200 without a body",
    responses:
      "Responses that are given in turn, in place of response: the first request gets the first, and so on",
    turns:
      "Requests that are counted together for responses and serviceTimes, and what follows the last entry",
    wire: "Timing of the body after the headers. Default: as fast as possible",
    websocket: "WebSocket that the route opens, in place of an answer",
    faults: "Faults to inject: failures on purpose, in place of the response",
  });
  return z.strictObject({
    ...pluginKeys,
    ...own,
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
