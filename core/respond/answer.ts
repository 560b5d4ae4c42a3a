/**
 * Answers requests: those to mock routes, and those that match no route. As much as possible is built before the first request:
 * each route has the bytes of its answers for engines that send bytes, and a template response for the others. An answer is a
 * clone of the template with the headers of its exchange. (To create a response from a record of headers takes ten times as long.)
 *
 * @module
 */
import type { AsciiWriter } from "../lib/ascii_writer.ts";
import {
  BODILESS,
  byteLength,
  headersOf,
  type HeaderValues,
  LENGTHLESS,
  retryDate,
} from "../lib/http.ts";
import { type Problem, problem } from "../lib/problem.ts";
import { suggest } from "../lib/suggest.ts";
import { describeThrown } from "../lib/thrown.ts";
import { wallTime } from "../lib/time/mod.ts";
import { type Cors, isPreflight } from "../pipeline/cors.ts";
import type { LiveExchange, Plan, Stage } from "../pipeline/exchange.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { Matchable, Matcher } from "../pipeline/matcher.ts";
import { REFUSED_HEADER } from "../pipeline/overrides.ts";
import type { Tracing } from "../pipeline/trace_context.ts";
import type { Exchange, Issue } from "../plugin.ts";
import {
  addOwn,
  linesOf,
  type OwnHeaders,
  type OwnHeaderWriter,
} from "./own_headers.ts";
import { prepareAnswer } from "./prepared_answer.ts";
import { shape } from "./shape.ts";
import type { FixedBody } from "./source.ts";

/**
 * Creates the response to one exchange.
 *
 * @param headers headers of all answers of the route
 * @param cors whether perfmock decides which origins may read the answer
 */
export type CreateResponse = (
  x: LiveExchange,
  headers: Headers,
  cors: boolean,
) => Response;

/** Answers of a route, validated. */
export interface AnswerSettings {
  /** Status, 200…599. */
  readonly status: number;
  /** Headers as configured. */
  readonly headers: HeaderValues;
  /** Body; undefined for none. */
  readonly body: FixedBody | undefined;
  /** Content type of the body, unless the headers contain another one. */
  readonly contentType: string | undefined;
  /** Creates the response to each exchange; `body` is not used then. Absent if all responses have the same bytes. */
  readonly create?: CreateResponse | undefined;
  /** Writes the body of each answer, where nothing else differs between answers. Given together with `create`. */
  readonly write?: ((x: LiveExchange) => string) | undefined;
  /** Writes headers that differ from answer to answer, beside the configured ones. Default none. */
  readonly own?: OwnHeaderWriter | undefined;
  /** Time after which Retry-After names the date, in ms. Default no such header. */
  readonly retryAfter?: number | undefined;
}

/** Parts that the answers of all routes share. */
export interface AnswerContext {
  /** Access of pages of other origins; undefined for none. */
  readonly cors: Cors | undefined;
  /** Gives exchanges their trace ids. */
  readonly traces: Tracing;
  /** True to close the connection after each answer of the route, whatever the answer. Default false. */
  readonly closes?: boolean;
}

/** Functions that answer the exchanges of a route when their time has come. */
export interface RouteAnswer extends Pick<Plan, "build"> {
  /** {@linkcode Plan.answer}. */
  readonly answer: (x: LiveExchange) => void;
}

const encoder = new TextEncoder();

/** Text that a line of HTTP/1.1 can carry unchanged. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Creates the functions that answer the exchanges of a route. */
export function createAnswer(
  settings: AnswerSettings,
  context: AnswerContext,
): RouteAnswer {
  const { traces, closes = false } = context;
  const { create, own: ownHeaders, retryAfter } = settings;
  const headers = headersOf(settings.headers);
  if (closes) headers.set("connection", "close");
  const sets = (name: string) =>
    headers.has(name) || ownHeaders?.names.has(name) === true;
  const cors = sets("access-control-allow-origin") ? undefined : context.cors;
  if (settings.contentType !== undefined && !headers.has("content-type")) {
    headers.set("content-type", settings.contentType);
  }
  if (!sets("timing-allow-origin")) {
    headers.set("timing-allow-origin", "*");
  }
  if (cors !== undefined) headers.append("vary", "Origin");
  const init = { status: settings.status, headers };
  const length = typeof settings.body === "string"
    ? byteLength(settings.body)
    : settings.body?.length ?? 0;
  const template = new Response(settings.body, init);
  const headTemplate = new Response(null, {
    status: settings.status,
    headers: headersOfHead(template, length),
  });
  const write = BODILESS.has(settings.status) ? undefined : settings.write;
  const prepared = create === undefined
    ? prepareAnswer(template, settings.body ?? "")
    : write === undefined
    ? undefined
    : prepareAnswer(template, undefined);
  const named = new Headers(headers);
  for (const name of ownHeaders?.names ?? []) named.set(name, "");
  const afterOrigin = cors?.fieldsAfterOrigin(cors.exposedNames(named)) ?? "";

  function responseTo(x: LiveExchange): Response {
    if (x.outcome !== "answered") return complete(x, refusal(x));
    if (create !== undefined) {
      const all = ownHeaders === undefined
        ? headers
        : withOwn(headers, ownHeaders.write(x));
      return complete(x, create(x, all, cors !== undefined));
    }
    const response = (x.method === "HEAD" ? headTemplate : template).clone();
    if (x.method !== "HEAD") x.sent = length;
    if (ownHeaders !== undefined) {
      addOwn(response.headers, ownHeaders.write(x));
    }
    return complete(x, response);
  }

  function complete(x: LiveExchange, response: Response): Response {
    const own = response.headers;
    own.append("perfmock-sequence", `${x.sequence}`);
    own.append("server-timing", serverTiming(x, traces));
    if (retryAfter !== undefined && x.outcome === "answered") {
      own.append("retry-after", dateAfter(x, retryAfter));
    }
    if (x.refused !== undefined) own.append(REFUSED_HEADER, x.refused);
    const origin = cors === undefined ? null : cors.originOf(x);
    if (origin === null) return response;
    cors?.addHeaders(own, origin);
    if (isPreflight(x)) cors?.allowPreflight(own, x);
    return response;
  }

  /** Writes the header lines that {@linkcode complete} adds; undefined if the origin is not printable ASCII, or asks for permission. */
  function fieldsOf(
    x: LiveExchange,
    incoming: Incoming,
  ): AsciiWriter | undefined {
    const origin = cors === undefined ? null : cors.originOf(incoming);
    if (origin !== null && (!PRINTABLE.test(origin) || isPreflight(x))) {
      return undefined;
    }
    const out = traces.fields.clear();
    out.text("perfmock-sequence: ").whole(x.sequence);
    writeServerTiming(out.text("\r\nserver-timing: "), x, traces);
    out.text("\r\n");
    if (ownHeaders !== undefined) out.text(linesOf(ownHeaders.write(x)));
    if (x.refused !== undefined) {
      out.text(`${REFUSED_HEADER}: ${x.refused}\r\n`);
    }
    if (retryAfter !== undefined) {
      out.text(`retry-after: ${dateAfter(x, retryAfter)}\r\n`);
    }
    if (origin !== null) {
      out.text("access-control-allow-origin: ").text(origin).text(afterOrigin);
    }
    return out;
  }

  /** Answers 500: the cause is an error of perfmock or of a plugin, not of the client. */
  function broken(
    x: LiveExchange,
    error: unknown,
    stage?: Stage,
    index?: number,
  ): Response {
    x.plan.report(error, x.plan, stage, index);
    x.status = 500;
    return complete(x, problem(failure(error), refusalHeaders()));
  }

  function refusalHeaders(given?: Readonly<Record<string, string>>): Headers {
    const headers = new Headers(given);
    headers.set("timing-allow-origin", "*");
    if (closes) headers.set("connection", "close");
    if (cors !== undefined) headers.append("vary", "Origin");
    return headers;
  }

  /** Creates the response to an exchange that was not served. */
  function refusal(x: LiveExchange): Response {
    const { rejection, status } = x;
    const headers = refusalHeaders(rejection?.headers);
    if (rejection === undefined) return problem(failure(x.error), headers);
    const { retryAfter, retryAfterAs } = rejection;
    if (retryAfter !== undefined) {
      headers.set(
        "retry-after",
        retryAfterAs === "date"
          ? dateAfter(x, retryAfter * 1000)
          // Whole seconds only. Rounded up, because a client that returns too early is refused again.
          : `${Math.ceil(retryAfter)}`,
      );
    }
    if (rejection.body !== undefined || BODILESS.has(status)) {
      return new Response(rejection.body, { status, headers });
    }
    return problem({
      status,
      title: "This request was not admitted",
      detail: rejection.reason,
    }, headers);
  }

  function build(x: LiveExchange): Response | Promise<Response> {
    // The exchange must end whatever happens: a plugin may have rejected it with a status or header that HTTP does not allow.
    try {
      const response = responseTo(x);
      if (x.plan.hooks.respond.length === 0 || x.outcome === "failed") {
        return response;
      }
      const shaped = shape(x, response, broken);
      if (cors === undefined || cors.originOf(x) === null) return shaped;
      return shaped instanceof Response
        ? withRestExposed(shaped, cors)
        : shaped.then((made) => withRestExposed(made, cors));
    } catch (error) {
      x.flowing = false;
      return broken(x, error);
    }
  }

  return {
    build,
    answer(x) {
      const { incoming } = x;
      if (incoming === undefined) return;
      if (
        prepared !== undefined && incoming.send !== undefined &&
        x.outcome === "answered" && x.plan.hooks.respond.length === 0
      ) {
        try {
          const fields = fieldsOf(x, incoming);
          if (fields !== undefined && write === undefined) {
            if (x.method !== "HEAD") x.sent = length;
            return incoming.send(prepared, fields);
          }
          if (fields !== undefined && write !== undefined) {
            const body = encoder.encode(write(x));
            fields.text("content-length: ").whole(body.length).text("\r\n");
            if (x.method !== "HEAD") x.sent = body.length;
            return incoming.send({ ...prepared, body }, fields);
          }
        } catch (error) {
          return incoming.respond(broken(x, error));
        }
      }
      incoming.respond(build(x));
    },
  };
}

function withOwn(headers: Headers, own: OwnHeaders): Headers {
  const all = new Headers(headers);
  addOwn(all, own);
  return all;
}

/** Date of Retry-After, a time after the present. */
function dateAfter(x: LiveExchange, ms: number): string {
  return retryDate(wallTime(x.plan.clock.now()) + ms);
}

/** Headers of the answer to HEAD: those of GET, with the length that its body has. */
function headersOfHead(
  { headers, status }: Response,
  length: number,
): Headers {
  const own = new Headers(headers);
  if (!LENGTHLESS.has(status) && !own.has("content-length")) {
    own.set("content-length", `${length}`);
  }
  return own;
}

function failure(error: unknown): Problem {
  return {
    status: 500,
    title: "A hook of this route failed",
    detail: describeThrown(error),
  };
}

/** Exposes the headers that hooks have added. */
function withRestExposed(response: Response, cors: Cors): Response {
  try {
    cors.exposeRest(response.headers);
  } catch {
    // A response that a hook has fetched has headers that cannot be changed.
  }
  return response;
}

const NOTHING =
  'queue;dur=0.000, service;dur=0.000, degrade;dur=0.000, total;dur=0.000, traceparent;desc="';

/**
 * Formats the value of Server-Timing, which shows the measured times of an exchange in a browser's developer tools and
 * performance entries. All are in ms, and total = queue + service + degrade; lateness is a part of service.
 */
export function serverTiming(x: LiveExchange, traces: Tracing): string {
  const out = traces.fields.clear();
  writeServerTiming(out, x, traces);
  return out.toString();
}

function writeServerTiming(
  out: AsciiWriter,
  x: LiveExchange,
  traces: Tracing,
): void {
  writeTimes(out, x);
  traces.writeTraceparent(out, x);
  out.text('"');
}

/** Writes the times, and what stands before the traceparent. */
function writeTimes(out: AsciiWriter, x: Exchange): void {
  const total = x.end - x.arrival;
  if (total === 0) {
    out.text(NOTHING);
    return;
  }
  const queue = Math.min(x.start, x.end) - x.arrival;
  // The dial `speedup` may have taken a part of the degradation away.
  const degrade = x.outcome === "answered"
    ? Math.min(x.degradation, total - queue)
    : 0;
  out.text("queue;dur=").milliseconds(queue)
    .text(", service;dur=").milliseconds(total - queue - degrade)
    .text(", degrade;dur=").milliseconds(degrade)
    .text(", total;dur=").milliseconds(total)
    .text(', traceparent;desc="');
}

/**
 * Creates the function that answers requests that match no route, without delay: with 405 if the path has a route for another
 * method, otherwise with 404 and a suggestion, or with the conditions of routes that the request does not meet.
 *
 * @returns function of the request, its path and those conditions
 */
export function createFallback<T extends Matchable>(
  matcher: Matcher<T>,
  routes: readonly T[],
  options: Pick<AnswerContext, "cors">,
): (
  incoming: Pick<Incoming, "method" | "header">,
  path: string,
  unmet?: readonly Issue[],
) => Response {
  const paths = [...new Set(routes.map((route) => route.path))];
  return (incoming, path, unmet = []) => {
    const headers = new Headers({ "timing-allow-origin": "*" });
    const { cors } = options;
    if (cors !== undefined) {
      headers.set("vary", "Origin");
      const origin = cors.originOf(incoming);
      if (origin !== null) cors.addHeaders(headers, origin);
    }
    if (unmet.length > 0) {
      return problem({
        status: 404,
        title: "No route matches",
        detail:
          `Routes take ${incoming.method} ${path}, but this request does not meet their conditions`,
        issues: unmet,
      }, headers);
    }
    const allowed = matcher.methodsOf(path);
    if (allowed.length > 0) {
      headers.set("allow", allowed.join(", "));
      return problem({
        status: 405,
        title: "No route takes this method",
        detail: `${path} has a route for ${
          allowed.join(", ")
        }, not for ${incoming.method}`,
      }, headers);
    }
    const nearest = suggest(path, paths);
    return problem({
      status: 404,
      title: "No route matches",
      detail: `No route takes ${incoming.method} ${path}${
        nearest === undefined ? "" : `; did you mean ${nearest}?`
      }`,
    }, headers);
  };
}
