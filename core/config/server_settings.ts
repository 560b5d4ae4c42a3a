/**
 * Settings of the HTTP server, `server`.
 *
 * @module
 */
import { z } from "zod";
import type { Kit } from "../contract/values.ts";
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { isHost } from "./_host.ts";
import { HEADER_NAME } from "./_route_settings.ts";
import { isRecord } from "./_schema_lookup.ts";
import { worded } from "./worded.ts";
import { valueInWords } from "./words.ts";

/** Name of an HTTP server: perfmock's own, Deno's or Node's. */
export type EngineName = "native" | "deno" | "node";

/** Cross-origin access as users write it. */
export interface CorsInput {
  /** Origins such as "https://app.example" or "https://*.app.example", or "*" for all. Default "*". */
  readonly origins?: string | readonly string[];
  /** Time for which a browser may keep a permission. Default "2h". */
  readonly maxAge?: string | number;
  /** Names of the response headers that pages may read. Default all: perfmock's own and those of the route. */
  readonly exposedHeaders?: readonly string[];
  /** True to permit cookies and other credentials. Default true. */
  readonly credentials?: boolean;
}

/** Cross-origin access, with defaults filled in. */
export interface CorsSettings {
  /** Origins, of which one may have a star in place of the first labels of its host, or of its port; "*" for all. */
  readonly origins: "*" | readonly string[];
  /** Time for which a browser may keep a permission, in ms. */
  readonly maxAge: number;
  /** Names of the response headers that pages may read; undefined for all. */
  readonly exposedHeaders?: readonly string[] | undefined;
  /** True to permit credentials. */
  readonly credentials: boolean;
}

/** Settings of the server as users write them. */
export interface ServerInput {
  /**
   * Host name or address to listen on, or a list of them, which share the port. Default 127.0.0.1. Beyond loopback,
   * `control.token` is required.
   */
  readonly host?: string | readonly string[];
  /** Port, 0…65535; 0 picks a free one. Default 8080 on the command line, 0 in a library. */
  readonly port?: number;
  /** True to share the port with other processes: the kernel spreads the connections. Default false. Only with the engine `native`. */
  readonly reusePort?: boolean;
  /** True to let pages of other origins read the answers, or which of them and how. Default true: all, with credentials. */
  readonly cors?: boolean | CorsInput;
  /** Maximum time for requests in flight to end after a signal. Default "10s". */
  readonly drainTimeout?: string | number;
  /**
   * HTTP server. Default "auto": perfmock's own, `native`, where it runs (Linux, without TLS, with --allow-ffi), and else
   * Deno's, unless a fault resets connections before the first byte, which Deno's cannot do and Node's can.
   */
  readonly engine?: "auto" | EngineName;
  /** Limits of the engine `native`; `node` keeps `connections` and the time-outs, too. */
  readonly limits?: ServerLimitsInput;
  /** Enables HTTPS and HTTP/2, with a certificate from files in PEM, or a self-signed one, which is kept for later runs. */
  readonly tls?: "self-signed" | {
    /** Path of the certificate. */
    readonly cert: string;
    /** Path of its private key. */
    readonly key: string;
  };
}

/** Limits of the HTTP server as users write them. */
export interface ServerLimitsInput {
  /** Maximum size of a request line. Default "16KiB"; a longer one is answered with 414. */
  readonly requestLine?: string | number;
  /** Maximum size of a request's head, its request line included. Default "64KiB"; a larger one is answered with 431. */
  readonly head?: string | number;
  /** Maximum number of headers of a request. Default 200; more are answered with 431. */
  readonly headers?: number;
  /** Maximum size of a request's body. Default "1GiB"; a larger one is answered with 413. */
  readonly body?: string | number;
  /** Maximum number of open connections per address. Default 16384; further ones wait, or are refused by `node`. */
  readonly connections?: number;
  /** Maximum number of connections that wait to be accepted. Default 4096. */
  readonly backlog?: number;
  /** Maximum time from the first byte of a head to its end. Default "60s"; 0 for no limit. */
  readonly headTimeout?: string | number;
  /** Time after which a connection without a request is closed. Default "10m"; 0 for no limit. */
  readonly idleTimeout?: string | number;
}

/** Source of the certificate: absolute paths of files in PEM, or a self-signed certificate. */
export type TlsSettings = "self-signed" | {
  /** Absolute path of the certificate. */
  readonly cert: string;
  /** Absolute path of its private key. */
  readonly key: string;
};

/** Limits of the HTTP server, with defaults filled in. */
export interface ServerLimits {
  /** Maximum size of a request line, in bytes. */
  readonly requestLine: number;
  /** Maximum size of a request's head, its request line included, in bytes. */
  readonly head: number;
  /** Maximum number of headers of a request. */
  readonly headers: number;
  /** Maximum size of a request's body, in bytes. */
  readonly body: number;
  /** Maximum number of open connections per address. */
  readonly connections: number;
  /** Maximum number of connections that wait to be accepted. */
  readonly backlog: number;
  /** Maximum time from the first byte of a head to its end, in ms; 0 for no limit. */
  readonly headTimeout: number;
  /** Time after which a connection without a request is closed, in ms; 0 for no limit. */
  readonly idleTimeout: number;
}

/** Settings of the server, with defaults filled in. */
export interface ServerSettings {
  /** Host name or address, or several. */
  readonly host: string | readonly string[];
  /** Port; 0 picks a free one. */
  readonly port: number;
  /** True if other processes may share the port. */
  readonly reusePort: boolean;
  /** True if pages of other origins may read the answers, or which of them and how. */
  readonly cors: boolean | CorsSettings;
  /** Maximum time for requests in flight to end, in ms. */
  readonly drainTimeout: number;
  /** HTTP server; "auto" picks the best one that runs here and does what the routes need. */
  readonly engine: "auto" | EngineName;
  /** Limits; most are those of the engine `native` alone. */
  readonly limits: ServerLimits;
  /** Source of the certificate; undefined for plain HTTP. */
  readonly tls?: TlsSettings | undefined;
}

/** Engines besides `native`: their names in messages, and the limits that they keep, too. */
const OTHERS: Readonly<
  Record<string, { readonly name: string; readonly kept: readonly string[] }>
> = {
  deno: { name: "with Deno's HTTP server", kept: [] },
  node: {
    name: "with Node's HTTP server",
    kept: ["connections", "headTimeout", "idleTimeout"],
  },
};

/** Makes the type of `server`. */
export function serverType(kit: Kit): z.ZodType<ServerSettings> {
  const host = z.string().refine(isHost, {
    error: "Must be a host name or an address alone; the port has its own key",
  });
  const limits = z.strictObject(worded({
    requestLine: kit.size({ min: 64, max: 1 << 20 }).default(16_384),
    head: kit.size({ min: 256, max: 16 << 20 }).default(65_536),
    headers: kit.integer({ min: 1, max: 10_000 }).default(200),
    body: kit.size().default(1 << 30),
    connections: kit.integer({ min: 1, max: 1_000_000 }).default(16_384),
    backlog: kit.integer({ min: 1, max: 65_535 }).default(4096),
    headTimeout: kit.duration().default(60_000),
    idleTimeout: kit.duration().default(600_000),
  }, {
    requestLine:
      "Maximum size of a request line; a longer one is answered with 414",
    head:
      "Maximum size of a request's head, its request line included; a larger one is answered with 431",
    headers:
      "Maximum number of headers of a request; more are answered with 431",
    body: "Maximum size of a request's body; a larger one is answered with 413",
    connections:
      "Maximum number of open connections per address; further ones wait, or are refused by the engine node",
    backlog: "Maximum number of connections that wait to be accepted",
    headTimeout:
      "Maximum time from the first byte of a head to its end; 0 for no limit",
    idleTimeout:
      "Time after which a connection without a request is closed; 0 for no limit",
  }));
  return z.strictObject(worded({
    host: z.union([host, z.array(host).min(1).superRefine(distinct)])
      .default("127.0.0.1"),
    port: kit.integer({ min: 0, max: 65_535 }).default(8080),
    reusePort: z.boolean().default(false),
    cors: z.union([z.boolean(), corsType(kit)]).default(true),
    drainTimeout: kit.duration().default(10_000),
    engine: z.enum(["auto", "native", "deno", "node"]).default("auto"),
    limits: limits.prefault({}),
    tls: z.union([
      z.literal("self-signed"),
      z.strictObject(worded({ cert: kit.file(), key: kit.file() }, {
        cert: "Certificate, in PEM",
        key: "Private key of the certificate, in PEM",
      })),
    ]).optional(),
  }, {
    host:
      "Host name or address to listen on, or a list of them, which share the port; beyond loopback, control.token is required",
    port: "Port to listen on; 0 picks a free one. A library's default is 0",
    reusePort:
      "True to share the port with other processes, so that the kernel spreads the connections; only with the engine native",
    cors:
      "True to let pages of other origins read the answers, false to let none, or an object that says which and how",
    drainTimeout:
      "Maximum time for requests in flight to end after a signal; what is left is cut",
    engine:
      "HTTP server: auto takes perfmock's own, native, on Linux without TLS and with --allow-ffi, and else deno, or node where a fault resets connections",
    limits:
      "Limits of the engine native; node keeps connections and the time-outs, too",
    tls:
      "Certificate for HTTPS and HTTP/2: self-signed makes one and keeps it for later runs. Default: plain HTTP",
  })) as unknown as z.ZodType<ServerSettings>;
}

/** Makes the type of `server.cors` as an object. */
function corsType(kit: Kit) {
  return z.strictObject(worded({
    origins: z.union([
      z.literal("*"),
      ORIGIN.transform((origin) => [origin]),
      z.array(ORIGIN),
    ]).default("*"),
    maxAge: kit.duration().default(7_200_000),
    exposedHeaders: z.array(HEADER_NAME).optional(),
    credentials: z.boolean().default(true),
  }, {
    origins:
      "Origins whose pages may read the answers, one or a list; a star stands for labels of a host, and alone for all origins",
    maxAge:
      "Time for which a browser may keep the permission of a preflight; 0 to be asked each time",
    exposedHeaders:
      "Names of the response headers that pages may read. Default: perfmock's own and all of the route",
    credentials: "True to permit cookies and other credentials",
  }));
}

const ORIGIN = z.string().superRefine((origin, context) => {
  const host = origin.replace(/^(https?:\/\/)\*\./, "$1");
  // Of two stars one stays, which no origin has.
  const plain = host === origin ? origin.replace(/:\*$/, ":1") : host;
  if (origin === "null" || isOrigin(plain) || OF_APP.test(origin)) return;
  const meant = URL.parse(host.includes("://") ? host : `https://${host}`);
  context.addIssue({
    code: "custom",
    message: `Not an origin: ${valueInWords(origin)}`,
    params: {
      allowed:
        'an origin such as "https://app.example", "http://localhost:3000", "http://localhost:*" or "https://*.app.example"',
      suggestion: origin === "*"
        ? 'origins: "*"'
        : meant === null || meant.origin === "null"
        ? undefined
        : meant.origin,
    },
  });
}).meta({ description: 'an origin such as "https://app.example"' });

/** An origin of an app with a scheme of its own, such as capacitor://localhost. */
const OF_APP = /^(?!https?:|file:)[a-z][a-z\d+.-]*:\/\/[a-z\d.-]+$/;

/** Returns true for a text that is the origin of a URL, in the form in which browsers send it. */
function isOrigin(text: string): boolean {
  return !text.includes("*") && URL.parse(text)?.origin === text;
}

/** Refuses an address that another one of the list covers: it would find the port in use. */
function distinct(
  hosts: readonly string[],
  context: z.RefinementCtx<readonly string[]>,
): void {
  for (const [index, host] of hosts.entries()) {
    const by = hosts.find((other, place) =>
      place === index
        ? false
        : other === host
        ? place < index
        : covers(other, host)
    );
    if (by === undefined) continue;
    context.addIssue({
      code: "custom",
      path: [index],
      message: by === host
        ? `The address ${JSON.stringify(host)} is named twice`
        : `The address ${JSON.stringify(by)} includes ${JSON.stringify(host)}`,
      input: host,
      params: { allowed: "addresses of which none includes another" },
    });
  }
}

/** Returns true if a server at one address receives the connections to another: `::` takes all, `0.0.0.0` those of IPv4. */
function covers(host: string, other: string): boolean {
  return host === "::" || host === "0.0.0.0" && /^\d+(\.\d+){3}$/.test(other);
}

/** Warns of limits that are written but have no effect, since the configuration rules out the engines that keep them. */
export function limitWarnings(written: unknown): Issue[] {
  const server = isRecord(written) ? written.server : undefined;
  if (!isRecord(server) || !isRecord(server.limits)) return [];
  const other = OTHERS[String(server.engine)] ??
    (server.tls === undefined
      ? undefined
      : { name: "on HTTPS", kept: OTHERS.deno.kept });
  if (other === undefined) return [];
  return Object.entries(server.limits).filter(([key]) =>
    !other.kept.includes(key)
  ).map(([key, value]) => {
    const node = OTHERS.node.kept.includes(key);
    return {
      path: toPointer(["server", "limits", key]),
      message: `The limit has no effect ${other.name}: only the ${
        node ? "engines native and node keep" : "engine native keeps"
      } it`,
      value,
      allowed: `a limit where server.engine is "native"${
        node ? ', "node"' : ""
      }, or "auto" without TLS`,
    };
  });
}

/** Server settings that cannot change while a server listens: they stay if a new configuration does not name them. */
export const FIXED_SETTINGS = [
  "host",
  "port",
  "reusePort",
  "tls",
  "engine",
  "limits",
] as const;
