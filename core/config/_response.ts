/**
 * The types of what a route answers.
 *
 * @module
 */
import { z } from "zod";
import type { Kit } from "../plugin.ts";
import { JSON_VALUE } from "./_json_value.ts";
import { HEADERS } from "./_paths_and_headers.ts";
import { valueInWords } from "./words.ts";

/** What a route answers, as users write it: one body at most. */
export interface ResponseInput {
  /** 200 where absent; a proxied answer brings its own. */
  readonly status?: number;
  /** Beyond those the server writes itself. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, as JSON; its strings may hold places such as `{{path.id}}`. */
  readonly json?: unknown;
  /** The body, as text; may hold places such as `{{query.q}}`. */
  readonly text?: string;
  /** The body is this file; its path may hold places such as `{{path.name}}`. */
  readonly file?: string;
  /** Whether the file may lie outside the configuration's folder; false where absent. */
  readonly outside?: boolean;
  /** A real backend that answers, no earlier than the service time: its URL. */
  readonly proxy?: string | {
    /** The URL that the request's path is put behind. */
    readonly url: string;
    /** How long its headers may take; "30s" where absent. */
    readonly timeout?: string | number;
  };
  /** The body is a stream of Server-Sent Events. */
  readonly events?: {
    /** How many. */
    readonly count: number;
    /** The data of each: text, or what is sent as JSON; may hold places, `{{index}}` among them. */
    readonly data: unknown;
    /** The data of one more event at the end. */
    readonly last?: string;
    /** The type of each. */
    readonly event?: string;
    /** The id of each; may hold places. */
    readonly id?: string;
  };
}

/** A real backend. */
export interface ProxySettings {
  /** The URL that the request's path is put behind, without a trailing slash. */
  readonly url: string;
  /** How long its headers may take, in milliseconds. */
  readonly timeout: number;
}

/** A stream of Server-Sent Events. */
export interface EventsSettings {
  /** How many. */
  readonly count: number;
  /** The data of each: a text or what is sent as JSON. */
  readonly data: unknown;
  /** The data of one more event at the end. */
  readonly last?: string | undefined;
  /** The type of each. */
  readonly event?: string | undefined;
  /** The id of each. */
  readonly id?: string | undefined;
}

/** What a route answers. */
export interface ResponseSettings {
  /** 200…599. */
  readonly status: number;
  /** As written. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, to be sent as JSON. */
  readonly json?: unknown;
  /** The body, to be sent as text. */
  readonly text?: string | undefined;
  /** The absolute path of the file that is the body. */
  readonly file?: string | undefined;
  /** The backend that answers. */
  readonly proxy?: ProxySettings | undefined;
  /** The events that are the body. */
  readonly events?: EventsSettings | undefined;
}

/** Statuses that come without a body (RFC 9110). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const BODIES = ["json", "text", "file", "proxy", "events"] as const;

/** The end of a line ends a field of an event. */
const ONE_LINE = z.string().regex(/^[^\r\n\0]*$/u, {
  error: "Must be one line of text",
});

/** What a route answers. */
export function answerType(kit: Kit): z.ZodType<ResponseSettings> {
  return z.strictObject({
    status: kit.integer({ min: 200, max: 599 }).optional(),
    headers: HEADERS.default({}),
    json: JSON_VALUE.optional(),
    text: z.string().optional(),
    file: kit.file().optional(),
    outside: z.boolean().optional(),
    proxy: proxyType(kit).optional(),
    events: eventsType(kit).optional(),
  }).superRefine((response, context) => {
    const fault = (path: string[], message: string, allowed: string) =>
      context.addIssue({ code: "custom", path, message, params: { allowed } });
    const bodies = BODIES.filter((key) => response[key] !== undefined);
    const status = response.status as number | undefined;
    if (bodies.length > 1) {
      fault(
        [],
        "A response has one body only",
        'one of "json", "text", "file", "proxy" and "events"',
      );
    }
    if (status !== undefined && response.proxy !== undefined) {
      fault(
        ["status"],
        "A proxied answer brings its own status",
        'no "status" beside "proxy"',
      );
    } else if (BODILESS.has(status ?? 200) && bodies.length > 0) {
      fault(
        [bodies[0]],
        `A response with status ${status} has no body`,
        "no body, or another status",
      );
    }
    if (response.outside !== undefined && response.file === undefined) {
      fault(["outside"], 'Only a "file" can lie outside', 'a "file" beside it');
    }
  }).transform(({ status = 200, outside: _, ...response }) => ({
    status,
    ...response,
  })) as unknown as z.ZodType<ResponseSettings>;
}

const UPSTREAM = z.string().superRefine((url, context) => {
  const fault = (message: string, suggestion?: string) =>
    context.addIssue({
      code: "custom",
      message,
      params: { allowed: UPSTREAM_FORM, suggestion },
    });
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return fault(`Not a URL: ${valueInWords(url)}`, `http://${url}`);
  }
  const { protocol, hostname, username, search, hash } = parsed;
  if (protocol !== "http:" && protocol !== "https:") {
    fault(
      `Cannot ask an upstream by ${protocol}`,
      `http://${url.replace(/^\w+:\/\//, "")}`,
    );
  } else if (hostname === "" || username !== "" || search !== "" || hash) {
    fault("An upstream has a host and perhaps a path, nothing else");
  }
}).transform((url) => url.replace(/\/+$/, "")).meta({
  description: 'the URL of an upstream, such as "http://127.0.0.1:3000"',
});

const UPSTREAM_FORM = 'a URL such as "http://127.0.0.1:3000"';

/** How long an upstream's headers may take where nothing is said, in milliseconds. */
const TIMEOUT = 30_000;

function proxyType(kit: Kit) {
  return z.union([
    UPSTREAM.transform((url) => ({ url, timeout: TIMEOUT })),
    z.strictObject({
      url: UPSTREAM,
      timeout: kit.duration({ above: 0 }).default(TIMEOUT),
    }),
  ]);
}

function eventsType(kit: Kit) {
  return z.strictObject({
    count: kit.integer({ min: 0, max: 1_000_000 }),
    data: JSON_VALUE,
    last: z.string().optional(),
    event: ONE_LINE.optional(),
    id: ONE_LINE.optional(),
  });
}
