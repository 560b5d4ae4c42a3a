/**
 * Asks a running server for the correlation, and checks that the answer is one: anything may answer at a URL.
 *
 * @module
 */
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { z } from "zod";
import { validate } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Schema } from "../plugin.ts";

const COUNTS = z.record(z.string(), z.number());
const DURATION = z.number().nullable();
const SPREAD = z.object({
  count: z.number(),
  mean: DURATION,
  p50: DURATION,
  p75: DURATION,
  p90: DURATION,
  p99: DURATION,
});

const CORRELATION = z.object({
  beacons: z.number(),
  refused: COUNTS,
  joined: z.number(),
  unjoined: COUNTS,
  notes: z.array(z.string()),
  routes: z.array(z.object({
    route: z.string(),
    session: z.string().nullable(),
    total: SPREAD,
    phases: z.record(z.string(), SPREAD),
  })),
  pages: z.array(z.object({
    url: z.string(),
    loads: z.number(),
    latest: z.string(),
    figures: z.record(z.string(), SPREAD),
  })),
});

const LOAD = z.object({
  url: z.string(),
  time: z.string(),
  figures: z.record(z.string(), z.object({ value: z.number() })),
  requests: z.array(z.object({
    url: z.string(),
    startMs: z.number(),
    totalMs: z.number(),
    route: z.string().nullable(),
    phases: COUNTS.nullable(),
    unjoined: z.string().nullable(),
  })),
});

/** Quantiles, mean and count of durations, in ms. */
export type Spread = z.infer<typeof SPREAD>;

/** Answer about routes and pages, as far as it is printed. */
export type Correlation = z.infer<typeof CORRELATION>;

/** A page load, as far as it is printed and drawn. Its requests are in the order of their starts. */
export type DrawnLoad = z.infer<typeof LOAD>;

/** Answer of the server: as far as it is understood, and all of it. */
export interface Answer<T> {
  /** Checked part. */
  readonly value: T;
  /** All of it, for JSON. */
  readonly all: unknown;
}

/** Time until an answer must be complete, in ms. */
const LONGEST_WAIT = 30_000;

/** Maximum size of an answer, in bytes. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** A running server. */
export interface Asked {
  /** URL of the control API, without a slash at the end. */
  readonly control: string;
  /** Asks for the figures, of all sessions or of one. */
  correlation(session: string | undefined): Promise<Answer<Correlation>>;
  /** Asks for a page load: an id, or `latest`, of all sessions or of one. */
  load(id: string, session: string | undefined): Promise<Answer<DrawnLoad>>;
}

/**
 * Prepares questions to a server.
 *
 * @param url URL of the server; with a path, that of its control API
 * @param token token of the control API; undefined for none
 * @throws PerfmockError where the URL is none; its functions throw one where the server does not answer as perfmock does
 */
export function serverAt(url: string, token: string | undefined): Asked {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw cannotAsk("", [{
      path: "--url",
      message: "This is no URL of a server",
      value: url,
      allowed: "http or https, such as http://127.0.0.1:8080",
    }]);
  }
  const prefix = base.pathname.replace(/\/+$/, "");
  const control = `${base.origin}${prefix === "" ? "/_perfmock" : prefix}`;
  const ask = async <T>(path: string, schema: Schema<T>) => {
    const asked = `${control}/exporters/correlation${path}`;
    const { status, text } = await get(asked, token).catch((error) => {
      throw noAnswer(url, base, error);
    });
    const all = parsed(text);
    if (status !== 200) throw refused(asked, status, all, token);
    const read = validate(schema, all);
    if (read.issues === undefined) return { value: read.value, all };
    throw cannotAsk("", [{
      path: "--url",
      message: `What answers at ${asked} is not a perfmock of this version`,
      value: all ?? text,
      allowed: "the URL of a running perfmock",
    }]);
  };
  const query = (session: string | undefined) =>
    session === undefined ? "" : `?session=${encodeURIComponent(session)}`;
  return {
    control,
    correlation: (session) => ask(query(session), CORRELATION),
    load: (id, session) =>
      ask(`/pages/${encodeURIComponent(id)}${query(session)}`, LOAD),
  };
}

function cannotAsk(reason: string, issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot ask the server${reason === "" ? "" : `: ${reason}`}`,
    issues,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Gets a text. The certificate of this machine is not verified: nobody sits in between, and perfmock makes its own. */
function get(
  url: string,
  token: string | undefined,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    { readonly status: number | undefined; readonly text: string }
  >();
  const { protocol, hostname } = new URL(url);
  const options = {
    agent: false,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(LONGEST_WAIT),
  } as const;
  const request = protocol === "https:"
    ? requestSecure(url, {
      ...options,
      rejectUnauthorized: !isThisMachine(hostname),
    })
    : requestPlain(url, options);
  request.on("error", reject);
  request.on("response", (response) => {
    const decoder = new TextDecoder();
    let size = 0;
    let text = "";
    response.on("data", (part: Uint8Array) => {
      size += part.length;
      if (size <= LARGEST_ANSWER) {
        text += decoder.decode(part, { stream: true });
      } else request.destroy(new Error("the answer does not end"));
    });
    response.on("error", reject);
    response.on("end", () => {
      resolve({ status: response.statusCode, text: text + decoder.decode() });
    });
  });
  request.end();
  return promise;
}

function isThisMachine(hostname: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost|.+\.localhost)$/.test(
    hostname,
  );
}

function noAnswer(url: string, base: URL, error: unknown): PerfmockError {
  const reason = error instanceof Error ? error.message : String(error);
  return cannotAsk("", [{
    path: "--url",
    message: `No server answers there: ${reason}`,
    value: url,
    allowed: "the URL of a running perfmock",
    // A server with TLS ends a connection without it.
    ...base.protocol === "http:" && !reason.includes("ECONNREFUSED") && {
      suggestion: "https:// for a server with TLS",
    },
  }]);
}

/** Error for a status other than 200: what the server says, and what can be done. */
function refused(
  asked: string,
  status: number | undefined,
  answer: unknown,
  token: string | undefined,
): PerfmockError {
  const { success, data } = z.object({
    title: z.string(),
    issues: z.array(z.object({
      path: z.string(),
      message: z.string(),
      value: z.unknown(),
      allowed: z.string().optional(),
    })).default([]),
  }).safeParse(answer);
  const reason = success ? data.title : `it answered ${status}`;
  if (status === 401 || status === 403) {
    return cannotAsk(reason, [{
      path: "PERFMOCK_TOKEN",
      message: token === undefined
        ? "The environment variable is not set"
        : "The server has another token",
      allowed: "control.token of the server",
    }]);
  }
  if (success && data.issues.length > 0) return cannotAsk(reason, data.issues);
  return cannotAsk(reason, [{
    path: "--url",
    message: `Nothing tells the correlation at ${asked}`,
    allowed:
      "the URL of a running perfmock, with control.path where that is not /_perfmock, and without plugins.exporters.correlation: false",
  }]);
}
