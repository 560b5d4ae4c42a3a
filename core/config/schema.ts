/**
 * The configuration: its types, and the schema that reads it.
 *
 * @module
 */
import { z } from "zod";
import type { Kit, Schema } from "../plugin.ts";
import { METHODS, PATH } from "./_paths_and_headers.ts";
import {
  answerType,
  type ResponseInput,
  type ResponseSettings,
} from "./_response.ts";
import { type WireInput, type WireSettings, wireType } from "./_wire.ts";
import {
  type FaultInput,
  type FaultSettings,
  faultsType,
} from "./fault_settings.ts";
import { jsonSchemaPart } from "./json_schema.ts";
import { readingType } from "./_reading_type.ts";
import { crossFaults } from "./_cross_faults.ts";
import { idOf } from "./route_id.ts";
import { validate, type Validation } from "./validate.ts";
import { valueInWords } from "./words.ts";

/** A configuration as users write it; `deno run -A mod.ts schema` prints all there is. */
export interface PerfmockInput {
  /** A whole number or a text; the same seed, the same draws. 42 where absent. */
  readonly seed?: number | string;
  /** Where and how to listen. */
  readonly server?: {
    /** 127.0.0.1 where absent; beyond loopback `control.token` is demanded. */
    readonly host?: string;
    /** 8080 where absent, in a library 0: a free one is picked. */
    readonly port?: number;
    /** Whether pages from elsewhere may read the answers; true where absent. */
    readonly cors?: boolean;
    /** How long requests under way may take to end after a signal; "10s" where absent. */
    readonly drainTimeout?: string | number;
    /**
     * The HTTP server. "auto" where absent: Deno's, which is faster, unless something resets connections before any byte,
     * which only Node's can.
     */
    readonly engine?: "auto" | "deno" | "node";
    /** Brings HTTPS and HTTP/2: files in PEM, or a certificate made for the run. */
    readonly tls?: "self-signed" | {
      /** The certificate's file. */
      readonly cert: string;
      /** Its private key's file. */
      readonly key: string;
    };
  };
  /** The control API. */
  readonly control?: {
    /** "/_perfmock" where absent. */
    readonly path?: string;
    /** Demanded as a bearer token; null where absent: none. */
    readonly token?: string | null;
  };
  /** The ended exchanges that can be looked up. */
  readonly journal?: {
    /** How many are kept, 0 for none; 1000 where absent. */
    readonly capacity?: number;
  };
  /** Sessions: servers within the server, made by the control API. */
  readonly sessions?: {
    /** The request header that names one; "Perfmock-Session" where absent. */
    readonly header?: string;
    /** How many there may be; 64 where absent. */
    readonly limit?: number;
    /** One that gets no request for so long ends; "10m" where absent. */
    readonly expiry?: string | number;
  };
  /** What a request may change of its own exchange, by its header Perfmock-Override; nothing where absent. */
  readonly overrides?: {
    /** Whether it may name its own service time: `delay=120ms`. */
    readonly delay?: boolean;
    /** Whether it may name a distribution: `profile=slow-db`. */
    readonly profile?: boolean;
    /** Whether it may ask for a fault: `fault=503`, `fault=hang`. */
    readonly fault?: boolean;
  };
  /** Options by plugin: built-in name, relative path or specifier; false turns one off. */
  readonly plugins?: Readonly<Record<string, unknown>>;
  /** The mock routes; the first that matches answers. */
  readonly routes?: readonly RouteInput[];
}

/** A route as users write it. Keys beyond these belong to plugins, such as `serviceTime`. */
export interface RouteInput {
  /** Unique; method and path in words where absent. */
  readonly id?: string;
  /** GET where absent; a list, or "*" for any. */
  readonly method?: string | readonly string[];
  /** In Hono's path syntax. */
  readonly path: string;
  /** What it answers; status 200 without a body where absent. */
  readonly response?: ResponseInput;
  /** How its body leaves, after the headers. */
  readonly wire?: WireInput;
  /** What goes wrong on purpose. */
  readonly faults?: readonly FaultInput[];
  /** A plugin's key. */
  readonly [key: string]: unknown;
}

/** Where a certificate comes from: absolute paths of files in PEM, or made for the run. */
export type TlsSettings = "self-signed" | {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
};

/** Where and how the server listens. */
export interface ServerSettings {
  /** A host name or an address. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Whether pages from elsewhere may read the answers. */
  readonly cors: boolean;
  /** In milliseconds. */
  readonly drainTimeout: number;
  /** The HTTP server; auto takes Deno's unless something resets connections. */
  readonly engine: "auto" | "deno" | "node";
  /** Where the certificate comes from; undefined for plain HTTP. */
  readonly tls?: TlsSettings | undefined;
}

/** The control API. */
export interface ControlSettings {
  /** Starts with a slash, does not end with one. */
  readonly path: string;
  /** The bearer token it demands, if any. */
  readonly token: string | null;
}

/** Sessions. */
export interface SessionSettings {
  /** The request header that names one. */
  readonly header: string;
  /** How many there may be. */
  readonly limit: number;
  /** In milliseconds without a request. */
  readonly expiry: number;
}

/** What a request may change of its own exchange. */
export interface OverrideSettings {
  /** Its service time. */
  readonly delay: boolean;
  /** The distribution its service time is drawn from. */
  readonly profile: boolean;
  /** The fault that meets it. */
  readonly fault: boolean;
}

/** A route, complete. */
export interface RouteSettings {
  /** Unique. */
  readonly id: string;
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** In Hono's path syntax. */
  readonly path: string;
  /** What it answers. */
  readonly response: ResponseSettings;
  /** How its body leaves, after the headers; undefined where as fast as it can. */
  readonly wire?: WireSettings | undefined;
  /** What goes wrong on purpose, in the order in which it was written. */
  readonly faults: readonly FaultSettings[];
  /** The plugins' keys that are set, parsed. */
  readonly plugins: Readonly<Record<string, unknown>>;
}

/** A configuration, complete. */
export interface PerfmockConfig {
  /** A whole number or a text. */
  readonly seed: number | string;
  /** Where and how to listen. */
  readonly server: ServerSettings;
  /** The control API. */
  readonly control: ControlSettings;
  /** The ended exchanges that can be looked up. */
  readonly journal: {
    /** How many are kept. */
    readonly capacity: number;
  };
  /** Servers within the server. */
  readonly sessions: SessionSettings;
  /** What a request may change of its own exchange. */
  readonly overrides: OverrideSettings;
  /** As written. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** In the order in which they are matched. */
  readonly routes: readonly RouteSettings[];
}

/** A key of a route that a plugin reads. */
export interface RouteKey {
  /** The plugin's name. */
  readonly plugin: string;
  /** What may stand there. */
  readonly schema: Schema;
}

/** What the schema depends on. */
export interface ConfigSchemaParts {
  /** The types that settings are made of. */
  readonly kit: Kit;
  /** The plugins' route keys, by key. */
  readonly routeKeys: ReadonlyMap<string, RouteKey>;
}

/** The keys of a route that are core's own. */
export const OWN_ROUTE_KEYS: ReadonlySet<string> = new Set([
  "id",
  "method",
  "path",
  "response",
  "wire",
  "faults",
]);

/**
 * Reads a whole configuration.
 *
 * @returns the configuration with all defaults, or all its faults, those between settings included
 */
export function validateConfig(
  value: unknown,
  parts: { readonly kit: Kit; readonly schema: Schema<PerfmockConfig> },
): Validation<PerfmockConfig> {
  const result = validate(parts.schema, value);
  // Found in what was written, so that a fault elsewhere does not hide them.
  const between = crossFaults(value, parts.kit);
  const issues = [...result.issues ?? [], ...between];
  return issues.length > 0 || result.issues !== undefined ? { issues } : result;
}

/** The schema of the whole configuration; plugin options are taken as they are, each plugin's own schema reads them. */
export function createConfigSchema(
  parts: ConfigSchemaParts,
): Schema<PerfmockConfig> {
  const { kit } = parts;
  return z.strictObject({
    // What editors need to complete the rest; it means nothing to us.
    $schema: z.string().optional(),
    seed: z.union([kit.integer(), z.string().min(1)]).default(42),
    server: z.strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: kit.integer({ min: 0, max: 65_535 }).default(8080),
      cors: z.boolean().default(true),
      drainTimeout: kit.duration().default(10_000),
      engine: z.enum(["auto", "deno", "node"]).default("auto"),
      tls: z.union([
        z.literal("self-signed"),
        z.strictObject({ cert: kit.file(), key: kit.file() }),
      ]).optional(),
    }).prefault({}),
    control: z.strictObject({
      path: CONTROL_PATH.default("/_perfmock"),
      token: TOKEN.nullable().default(null),
    }).prefault({}),
    journal: z.strictObject({
      capacity: kit.integer({ min: 0, max: 1_000_000 }).default(1000),
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
    plugins: z.record(
      z.string(),
      z.union([z.literal(false), z.record(z.string(), z.unknown()), z.null()]),
    ).default({}),
    routes: z.array(routeType(parts)).default([]),
  }).transform(({ $schema: _, ...config }) => config) as unknown as Schema<
    PerfmockConfig
  >;
}

const HEADER_NAME = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, {
  error: (issue) =>
    `Must be the name of a header, received ${valueInWords(issue.input)}`,
}).meta({ description: "the name of a header" });

/** What a header can carry: a line break would end it. */
const TOKEN = z.string().regex(/^[\x21-\x7e]+$/, {
  error: "A token is made of visible ASCII characters, without spaces",
});

const CONTROL_PATH = z.string().regex(/^(\/[A-Za-z0-9._~-]+)+$/, {
  error: (issue) =>
    `Must start with a slash and not end with one, received ${
      valueInWords(issue.input)
    }`,
}).meta({
  description: 'a path such as "/_perfmock", of letters, digits and . _ ~ -',
});

function routeType({ kit, routeKeys }: ConfigSchemaParts) {
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
    method: METHODS.default(["GET"]),
    path: PATH,
    response: answerType(kit).prefault({}),
    wire: wireType(kit).optional(),
    faults: faultsType(kit).default([]),
  }).transform((
    { id, method, path, response, wire, faults, ...plugins },
  ): RouteSettings => ({
    id: id ?? idOf(method, path),
    methods: method,
    path,
    response,
    ...wire !== undefined && { wire },
    faults,
    plugins,
  }));
}

/** Any validator's schema as a part of ours: zod's own can be another copy of zod, so they are all treated alike. */
function embed(schema: Schema, key: string) {
  const json = jsonSchemaPart(schema, `route.${key}`);
  return readingType("value", json, (value) => validate(schema, value));
}
