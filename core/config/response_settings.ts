/**
 * Settings of a route's response, `response`, and of the timing of its body, `wire`.
 *
 * @module
 */
import { z } from "zod";
import { BODILESS, type HeaderValues } from "../lib/http.ts";
import { parseSize, suggestSize } from "../lib/units.ts";
import type { Distribution, Kit, KitType } from "../contract/values.ts";
import { HEADERS } from "./_route_settings.ts";
import {
  type Coding,
  CODINGS,
  COMPRESS,
  type FolderSettings,
  MAX_SIZE,
  type RepeatInput,
  type RepeatSettings,
  repeatType,
  SCHEMA,
  type SizeSettings,
  WITHIN,
} from "./body_settings.ts";
import { JSON_VALUE, type Quantity, quantityType } from "./kit.ts";
import { refusalOf } from "./powers.ts";
import { worded } from "./worded.ts";
import { alternatives, valueInWords } from "./words.ts";

/** A route's response as users write it, with at most one body. */
export interface ResponseInput {
  /** Status, 200…599. Default 200; a proxied response has its own. */
  readonly status?: number;
  /** Headers, in addition to those the server writes itself. A list has several values, as Set-Cookie may. */
  readonly headers?: HeaderValues;
  /** Body, sent as JSON. Its strings may contain places such as `{{path.id}}`. */
  readonly json?: unknown;
  /** Body, sent as text. May contain places such as `{{query.q}}`. */
  readonly text?: string;
  /** Path of the file that is the body. May contain places such as `{{path.name}}`. */
  readonly file?: string;
  /** Path of a folder whose files are the bodies: the file is named by the part of the path that the route's `*` stands for. */
  readonly folder?: string;
  /** Name of the file that answers for a folder. Default "index.html". */
  readonly index?: string;
  /** Path, within the folder, of the file that answers navigations to paths without a file. Default none: 404. */
  readonly fallback?: string;
  /** True to send files of the folder whose names begin with a dot. Default false. */
  readonly dotFiles?: boolean;
  /** True to allow a file or a folder outside the configuration's folder. Default false. */
  readonly outside?: boolean;
  /** A list of items from a template, sent as JSON. */
  readonly repeat?: RepeatInput;
  /** Size of a body without meaning, such as "500KiB". Its bytes depend on the seed and the route alone. */
  readonly size?: string | number;
  /** True if the body of that size is text that can be compressed. Default false: random bytes. */
  readonly compressible?: boolean;
  /** JSON Schema of which an example is sent. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Codings in which the body is sent if the client accepts them: true for "br" and "gzip". Default true for a folder, else false. */
  readonly compress?: boolean | readonly Coding[];
  /** URL of a backend that answers, no earlier than the service time. */
  readonly proxy?: string | {
    /** URL that the request's path is appended to. */
    readonly url: string;
    /** Maximum time until the backend's headers arrive. Default "30s". */
    readonly timeout?: string | number;
  };
  /** Body, sent as a stream of Server-Sent Events. */
  readonly events?: {
    /** Number of events, 0…1000000. */
    readonly count: number;
    /** Data of each event: text, or a value sent as JSON. May contain places, including `{{index}}`. */
    readonly data: unknown;
    /** Data of one more event at the end. */
    readonly last?: string;
    /** Type of each event. */
    readonly event?: string;
    /** Id of each event. May contain places. With `{{index}}`, clients that connect again get the events after their last one. */
    readonly id?: string;
    /** Time after which clients connect again once the stream has ended. Default: theirs. */
    readonly retry?: string | number;
  };
}

/** A response among several that a route gives in turn. */
export interface TurnResponseInput extends ResponseInput {
  /** Number of requests in a row that get it, from 1. Default 1. */
  readonly times?: number;
}

/** A backend that answers a route. */
export interface ProxySettings {
  /** URL that the request's path is appended to, without a trailing slash. */
  readonly url: string;
  /** Maximum time until its headers arrive, in ms. */
  readonly timeout: number;
}

/** A stream of Server-Sent Events. */
export interface EventsSettings {
  /** Number of events. */
  readonly count: number;
  /** Data of each event: text, or a value sent as JSON. */
  readonly data: unknown;
  /** Data of one more event at the end. */
  readonly last?: string | undefined;
  /** Type of each event. */
  readonly event?: string | undefined;
  /** Id of each event. */
  readonly id?: string | undefined;
  /** Time after which clients connect again, in ms. */
  readonly retry?: number | undefined;
}

/** A route's response, parsed. */
export interface ResponseSettings {
  /** Status, 200…599. */
  readonly status: number;
  /** Headers as written. */
  readonly headers: HeaderValues;
  /** Body to send as JSON. */
  readonly json?: unknown;
  /** Body to send as text. */
  readonly text?: string | undefined;
  /** Absolute path of the file that is the body. */
  readonly file?: string | undefined;
  /** Folder whose files are the bodies. */
  readonly folder?: FolderSettings | undefined;
  /** List that is the body. */
  readonly repeat?: RepeatSettings | undefined;
  /** Body without meaning. */
  readonly size?: SizeSettings | undefined;
  /** JSON Schema of which an example is the body. */
  readonly schema?: object | undefined;
  /** Content codings in which the body may be sent, the preferred one first; undefined for none. */
  readonly compress?: readonly Coding[] | undefined;
  /** Backend that answers. */
  readonly proxy?: ProxySettings | undefined;
  /** Events that are the body. */
  readonly events?: EventsSettings | undefined;
  /** Number of requests in a row that get it, among several responses; undefined for 1. */
  readonly times?: number | undefined;
}

const BODIES = [
  "json",
  "text",
  "file",
  "folder",
  "repeat",
  "size",
  "schema",
  "proxy",
  "events",
] as const;

/** Keys that apply beside one of others only. */
const BESIDE: readonly (readonly [key: string, bodies: readonly string[]])[] = [
  ["outside", ["file", "folder"]],
  ["index", ["folder"]],
  ["fallback", ["folder"]],
  ["dotFiles", ["folder"]],
  ["compressible", ["size"]],
  [
    "compress",
    ["json", "text", "file", "folder", "repeat", "size", "schema"],
  ],
];

/** Bodies that have statuses of their own. */
const OWN_STATUS: Readonly<Record<string, string>> = {
  proxy: "A proxied response",
  folder: "A folder",
};

/** Greatest number of requests in a row that one response or service time among several is for. */
export const MOST_TIMES = 1_000_000;

/** Text of a field of an event, which a line break would end. */
const ONE_LINE = z.string().regex(/^[^\r\n\0]*$/u, {
  error: "Must be one line of text",
});

const RESPONSE_WORDS = {
  times: "Number of requests in a row that get this response. Default 1",
  status:
    "Status of the response. Default 200; a proxied response and a folder have their own",
  headers:
    "Headers, in addition to those that the server writes itself; a list has several values, as Set-Cookie may",
  json:
    "Body, sent as JSON; its texts may contain placeholders such as {{path.id}}",
  text: "Body, sent as text; it may contain placeholders such as {{query.q}}",
  file:
    "File that is the body; its path may contain placeholders such as {{path.name}}",
  folder:
    "Folder whose files are the bodies; the part of the path that the route's * stands for names the file",
  index: "File that answers for a folder. Default index.html",
  fallback:
    "File of the folder that answers navigations to paths without a file. Default: none, so that they are answered with 404",
  dotFiles:
    "True to send files of the folder whose names begin with a dot. Default false",
  outside:
    "True to allow a file or a folder outside of the configuration's folder. Default false",
  repeat: "List of items made from a template, sent as JSON",
  size:
    "Size of a body without meaning; its bytes depend on the seed and the route alone",
  compressible:
    "True if the body of that size is text that can be compressed, false for random bytes. Default false",
  schema: "JSON Schema of which an example is sent",
  compress:
    "Content codings in which the body is sent if the client accepts them: true for br and gzip. Default true for a folder, else false",
  proxy:
    "Backend that answers, no earlier than the service time: its URL, which the request's path is appended to",
  events: "Body, sent as a stream of Server-Sent Events",
} as const;

/**
 * Makes the type of `response`.
 *
 * @param inTurn true for an entry of `responses`, which may have `times`. Default false
 */
export function responseType(
  kit: Kit,
  inTurn = false,
): z.ZodType<ResponseSettings> {
  return z.strictObject(worded({
    ...inTurn && { times: kit.integer({ min: 1, max: MOST_TIMES }).optional() },
    status: kit.integer({ min: 200, max: 599 }).optional(),
    headers: HEADERS.default({}),
    json: JSON_VALUE.optional(),
    text: z.string().optional(),
    file: kit.file().optional(),
    folder: kit.file().optional(),
    index: WITHIN.optional(),
    fallback: WITHIN.optional(),
    dotFiles: z.boolean().optional(),
    outside: z.boolean().optional(),
    repeat: repeatType(kit).optional(),
    size: kit.size({ max: MAX_SIZE }).optional(),
    compressible: z.boolean().optional(),
    schema: SCHEMA.optional(),
    compress: COMPRESS.optional(),
    proxy: proxyType(kit).optional(),
    events: eventsType(kit).optional(),
  }, RESPONSE_WORDS)).superRefine((response, context) => {
    const refuse = (path: string[], message: string, allowed: string) =>
      context.addIssue({ code: "custom", path, message, params: { allowed } });
    const bodies = BODIES.filter((key) => response[key] !== undefined);
    const status = response.status as number | undefined;
    if (bodies.length > 1) {
      refuse(
        [],
        "A response has one body only",
        `one of ${alternatives(BODIES.map((key) => `"${key}"`))}`,
      );
    }
    const own = bodies.find((key) => key in OWN_STATUS);
    if (status !== undefined && own !== undefined) {
      refuse(
        ["status"],
        `${OWN_STATUS[own]} has its own status`,
        `no "status" beside "${own}"`,
      );
    } else if (BODILESS.has(status ?? 200) && bodies.length > 0) {
      refuse(
        [bodies[0]],
        `A response with status ${status} has no body`,
        "no body, or another status",
      );
    }
    // Placeholders could lead anywhere then.
    const path = response.file ?? response.folder;
    const outside = response.outside === true && path !== undefined
      ? refusalOf("files", `outside ${path}`)
      : undefined;
    if (outside !== undefined) {
      const { message, ...params } = outside;
      context.addIssue({ code: "custom", path: ["outside"], message, params });
    }
    if (response.compress?.length && isCoded(response.headers)) {
      refuse(
        ["compress"],
        'The header "Content-Encoding" says that the body is coded already',
        '"compress", or the header',
      );
    }
    const written: Readonly<Record<string, unknown>> = response;
    for (const [key, beside] of BESIDE) {
      if (written[key] === undefined) continue;
      if (beside.some((body) => written[body] !== undefined)) continue;
      const needed = alternatives(beside.map((body) => `"${body}"`));
      refuse(
        [key],
        `"${key}" applies only to ${needed}`,
        `${needed} beside it`,
      );
    }
  }).transform((
    {
      status = 200,
      headers,
      outside: _,
      folder,
      index = "index.html",
      fallback,
      dotFiles = false,
      size,
      compressible = false,
      compress = folder === undefined || isCoded(headers) ? undefined : CODINGS,
      ...response
    },
  ) => ({
    status,
    headers,
    ...response,
    ...compress !== undefined && { compress },
    ...folder !== undefined &&
      { folder: { path: folder, index, fallback, dotFiles } },
    ...size !== undefined && { size: { bytes: size, compressible } },
  })) as unknown as z.ZodType<ResponseSettings>;
}

/** True if headers name a content coding of the body. */
function isCoded(headers: HeaderValues): boolean {
  return Object.keys(headers).some((name) =>
    name.toLowerCase() === "content-encoding"
  );
}

const UPSTREAM_FORM = 'a URL such as "http://127.0.0.1:3000"';

/** Makes the type of an upstream's URL. */
const upstreamType = (kit: Kit) =>
  z.string().superRefine((url, context) => {
    const refuse = (message: string, suggestion?: string) =>
      context.addIssue({
        code: "custom",
        message,
        params: { allowed: UPSTREAM_FORM, suggestion },
      });
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      return refuse(`Not a URL: ${valueInWords(url)}`, `http://${url}`);
    }
    const { protocol, hostname, username, search, hash } = parsed;
    if (protocol !== "http:" && protocol !== "https:") {
      refuse(
        `Cannot reach an upstream through ${protocol}`,
        `http://${url.replace(/^\w+:\/\//, "")}`,
      );
    } else if (hostname === "" || username !== "" || search !== "" || hash) {
      refuse(
        "The URL of an upstream has a host and an optional path, nothing else",
      );
    }
  }).transform((url) => url.replace(/\/+$/, ""))
    .superRefine(kit.beyond("proxies", (url) => URL.parse(url)?.hostname))
    .meta({
      description: 'the URL of an upstream, such as "http://127.0.0.1:3000"',
    });

/** Default timeout of a proxy, in ms. */
const PROXY_TIMEOUT = 30_000;

function proxyType(kit: Kit) {
  const upstream = upstreamType(kit);
  return z.union([
    upstream.transform((url) => ({ url, timeout: PROXY_TIMEOUT })),
    z.strictObject(worded({
      url: upstream,
      timeout: kit.duration({ above: 0 }).default(PROXY_TIMEOUT),
    }, {
      url: "URL that the request's path is appended to",
      timeout:
        "Maximum time until the backend's headers arrive; then the answer is 504",
    })),
  ]);
}

function eventsType(kit: Kit) {
  return z.strictObject(worded({
    count: kit.integer({ min: 0, max: 1_000_000 }),
    data: JSON_VALUE,
    last: z.string().optional(),
    event: ONE_LINE.optional(),
    id: ONE_LINE.optional(),
    retry: kit.duration().optional(),
  }, {
    count: "Number of events",
    data:
      "Data of each event: a text, or a value that is sent as JSON; it may contain placeholders, including {{index}}",
    last: "Data of one more event at the end. Default: none",
    event: "Type of each event. Default: none, which browsers read as message",
    id:
      "Id of each event; with {{index}}, clients that connect again get the events after their last one. Default: none",
    retry:
      "Time after which clients connect again once the stream has ended. Default: theirs",
  }));
}

/** Timing of a body, as users write it. */
export interface WireInput {
  /** Time between two pieces: a distribution. */
  readonly gap?: unknown;
  /** Size of a piece, at most 16 MiB. Default "16KiB". Each event is one piece. */
  readonly chunk?: string | number;
  /** Bandwidth, such as "1MiB/s", or bandwidth with a burst. */
  readonly bandwidth?:
    | string
    | number
    | {
      /** Bytes per second. */
      readonly rate: string | number;
      /** Size that may be sent at once after a pause. Default 0. */
      readonly burst?: string | number;
    };
}

/** Timing of a body, parsed. */
export interface WireSettings {
  /** Time between two pieces. */
  readonly gap?: Distribution | undefined;
  /** Size of a piece, in bytes. */
  readonly chunk?: number | undefined;
  /** Capacity of the connection. */
  readonly bandwidth?: {
    /** Bytes per second. */
    readonly rate: number;
    /** Bytes that may be sent at once after a pause. */
    readonly burst: number;
  } | undefined;
}

/** Bandwidths, in bytes per second. */
const BANDWIDTH: Quantity = {
  name: "bandwidth",
  form: 'a bandwidth such as "1MiB/s" or 1048576 (bytes a second)',
  units: "(B|[kKMGT]B|[KMGT]iB)/s",
  examples: ["1MiB/s", "250KB/s", 1_048_576],
  parse(value) {
    if (typeof value !== "string") return parseSize(value);
    const [, size] = /^(.*\S)\s*\/\s*s\s*$/u.exec(value) ?? [];
    return parseSize(size);
  },
  suggest(value) {
    if (typeof value !== "string") return undefined;
    const size = value.replace(/\s*(\/\s*(s|sec|second)|ps)?\s*$/iu, "");
    const meant = parseSize(size) === undefined ? suggestSize(size) : size;
    return meant === undefined ? undefined : `${meant}/s`;
  },
  write: (value) => value === 0 ? "0" : `${value}B/s`,
};

/** Maximum size of a piece, in bytes: a piece is held in memory. */
const MAX_CHUNK = 16 * 1024 * 1024;

/** Makes the type of bandwidths, in bytes per second. */
export function bandwidthType(): KitType<number> {
  return quantityType(BANDWIDTH, { above: 0 });
}

/** Makes the type of `wire`. */
export function wireType(kit: Kit): z.ZodType<WireSettings> {
  const rate = bandwidthType();
  return z.strictObject(worded({
    gap: kit.distribution().optional(),
    chunk: kit.size({ min: 1, max: MAX_CHUNK }).optional(),
    bandwidth: z.union([
      rate.transform((rate) => ({ rate: rate as number, burst: 0 })),
      z.strictObject(worded({ rate, burst: kit.size().default(0) }, {
        rate: "Number of bytes per second",
        burst: "Number of bytes that may be sent at once after a pause",
      })),
    ]).optional(),
  }, {
    gap: "Time between two pieces of the body. Default: none",
    chunk: "Size of a piece; each event is a piece of its own. Default 16KiB",
    bandwidth:
      "Bandwidth of the body, alone or with a burst. Default: no limit",
  })).superRefine(({ gap, bandwidth }, context) => {
    if (gap !== undefined || bandwidth !== undefined) return;
    context.addIssue({
      code: "custom",
      message: 'A wire without "gap" and "bandwidth" changes nothing',
      params: { allowed: '"gap", "bandwidth", or both' },
    });
  }) as unknown as z.ZodType<WireSettings>;
}
