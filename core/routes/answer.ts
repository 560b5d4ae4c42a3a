/**
 * Builds the answers of a mock route. What can be built before the first request is: a template response per route, of which
 * each answer is a clone with the headers of its own exchange (a response from a record of headers costs ten times as much).
 *
 * @module
 */
import type { LiveExchange } from "../exchange.ts";
import { problem } from "../problem.ts";
import type { TraceIds } from "../trace.ts";
import { corsHeaders } from "./cors.ts";
import { serverTiming } from "./server_timing.ts";

/** What a route answers, validated. */
export interface AnswerSettings {
  /** 200…599. */
  readonly status: number;
  /** As configured. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; undefined for none. */
  readonly body: string | undefined;
  /** Of the body, unless the headers say otherwise. */
  readonly contentType: string | undefined;
}

/** What all routes of a server share. */
export interface AnswerContext {
  /** Whether a page from elsewhere may read the answers. */
  readonly cors: boolean;
  /** Where traceparents come from. */
  readonly traces: TraceIds;
}

/** The function that answers an exchange of this route whose end has come: {@linkcode Plan.answer}. */
export function createAnswer(
  settings: AnswerSettings,
  context: AnswerContext,
): (x: LiveExchange) => void {
  const { traces } = context;
  const headers = new Headers(settings.headers);
  const cors = context.cors && !headers.has("access-control-allow-origin");
  if (settings.contentType !== undefined && !headers.has("content-type")) {
    headers.set("content-type", settings.contentType);
  }
  if (!headers.has("timing-allow-origin")) {
    headers.set("timing-allow-origin", "*");
  }
  if (cors) headers.append("vary", "Origin");
  const init = { status: settings.status, headers };
  const template = new Response(settings.body, init);
  const headTemplate = new Response(null, init);

  function build(x: LiveExchange): Response {
    let response: Response;
    if (x.outcome === "answered") {
      response = x.method === "HEAD" ? headTemplate.clone() : template.clone();
    } else {
      response = refusal(x, cors);
    }
    const own = response.headers;
    own.append("perfmock-sequence", `${x.sequence}`);
    own.append("server-timing", serverTiming(x, traces.next()));
    if (cors && x.request !== undefined) {
      const origin = x.request.headers.get("origin");
      if (origin !== null) corsHeaders(own, origin);
    }
    return response;
  }

  return function answer(x) {
    const response = build(x);
    x.response = x.plan.hooks.respond.length === 0 || x.outcome === "failed"
      ? response
      : shape(x, response);
    x.resolve?.(x.response);
  };
}

/** The answer of an exchange that was not served. */
function refusal(x: LiveExchange, cors: boolean): Response {
  const rejection = x.rejection;
  const headers = new Headers(rejection?.headers);
  headers.set("timing-allow-origin", "*");
  if (cors) headers.append("vary", "Origin");
  if (rejection?.retryAfter !== undefined) {
    // Retry-After knows whole seconds only: rounded up, since a client that comes back early is refused again.
    headers.set("retry-after", `${Math.ceil(rejection.retryAfter)}`);
  }
  if (rejection?.body !== undefined) {
    return new Response(rejection.body, { status: x.status, headers });
  }
  return problem({
    status: x.status,
    title: rejection === undefined
      ? "A hook of this route failed"
      : "This request was not admitted",
    detail: rejection === undefined ? String(x.fault) : rejection.reason,
  }, headers);
}

/** The respond hooks, one after another; a promise only where one of them makes one. */
function shape(
  x: LiveExchange,
  response: Response,
): Response | Promise<Response> {
  const hooks = x.plan.hooks.respond;
  let shaped: Response | PromiseLike<Response> = response;
  try {
    for (const hook of hooks) {
      shaped = shaped instanceof Response
        ? hook(x, shaped)
        : shaped.then((before) => hook(x, before));
    }
  } catch (error) {
    return broken(x, error);
  }
  return shaped instanceof Response
    ? shaped
    : Promise.resolve(shaped).catch((error) => broken(x, error));
}

function broken(x: LiveExchange, error: unknown): Response {
  x.plan.report(error, x.plan.route);
  return problem({
    status: 500,
    title: "A hook of this route failed",
    detail: String(error),
  });
}
