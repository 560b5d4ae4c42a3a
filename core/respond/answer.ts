/**
 * Builds the answers of a mock route. What can be built before the first request is: a template response per route, of which
 * each answer is a clone with the headers of its own exchange (a response from a record of headers costs ten times as much).
 *
 * @module
 */
import type { LiveExchange, Stage } from "../pipeline/exchange.ts";
import { REFUSED_HEADER } from "../pipeline/overrides.ts";
import { breakOff, handOver } from "../pipeline/pipeline.ts";
import { type Problem, problem } from "../lib/problem.ts";
import { type TraceIds, traceparent } from "../lib/trace.ts";
import { corsHeaders } from "../pipeline/cors.ts";
import { serverTiming } from "./server_timing.ts";
import { BODILESS, type Sourced } from "./sourced.ts";

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
  /** Makes the answer of each exchange, where they are not all the same bytes at once; `body` is left out then. */
  readonly sourced?: Sourced | undefined;
}

/** What all routes of a server share. */
export interface AnswerContext {
  /** Whether a page from elsewhere may read the answers. */
  readonly cors: boolean;
  /** Where trace ids come from. */
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
  const { sourced } = settings;

  function build(x: LiveExchange): Response {
    if (x.outcome !== "answered") return complete(x, refusal(x));
    if (sourced !== undefined) return complete(x, sourced(x, headers, cors));
    const base = x.method === "HEAD" ? headTemplate : template;
    return complete(x, base.clone());
  }

  function complete(x: LiveExchange, response: Response): Response {
    const own = response.headers;
    own.append("perfmock-sequence", `${x.sequence}`);
    x.trace = traces.next();
    own.append("server-timing", serverTiming(x, traceparent(x.trace)));
    if (x.refused !== undefined) own.append(REFUSED_HEADER, x.refused);
    if (cors && x.request !== undefined) {
      const origin = x.request.headers.get("origin");
      if (origin !== null) corsHeaders(own, origin);
    }
    return response;
  }

  /** Answers 500: the error is perfmock's or a plugin's, not the client's. */
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
    if (cors) headers.append("vary", "Origin");
    return headers;
  }

  /** The answer of an exchange that was not served. */
  function refusal(x: LiveExchange): Response {
    const { rejection, status } = x;
    const headers = refusalHeaders(rejection?.headers);
    if (rejection === undefined) return problem(failure(x.error), headers);
    if (rejection.retryAfter !== undefined) {
      // Retry-After knows whole seconds only: rounded up, since a client that comes back early is refused again.
      headers.set("retry-after", `${Math.ceil(rejection.retryAfter)}`);
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

  return function answer(x) {
    // Whatever goes wrong, the exchange must end: a plugin may have refused with a status or a header that HTTP has not.
    try {
      const response = build(x);
      x.response = x.plan.hooks.respond.length === 0 || x.outcome === "failed"
        ? response
        : shape(x, response, broken);
    } catch (error) {
      x.flowing = false;
      x.response = broken(x, error);
    }
    x.resolve?.(x.response);
  };
}

function failure(error: unknown): Problem {
  return {
    status: 500,
    title: "A hook of this route failed",
    detail: String(error),
  };
}

/** The respond hooks, one after another; a promise only where one of them makes one. */
function shape(
  x: LiveExchange,
  response: Response,
  broken: (
    x: LiveExchange,
    error: unknown,
    stage: Stage,
    index: number,
  ) => Response,
): Response | Promise<Response> {
  let running = 0;
  let shaped: Response | PromiseLike<Response> = response;
  try {
    for (const [index, hook] of x.plan.hooks.respond.entries()) {
      const run = (before: Response) => {
        running = index;
        return hook(x, before);
      };
      shaped = shaped instanceof Response
        ? run(shaped)
        : shaped.then((before) => run(checked(before)));
    }
  } catch (error) {
    x.flowing = false;
    return broken(x, error, "respond", running);
  }
  if (typeof Reflect.get(Object(shaped), "then") === "function") {
    return Promise.resolve(shaped).then(checked).then((final) => {
      if (isLeft(response, final)) handOver(x);
      return final;
    }).catch((error) => {
      breakOff(x, error);
      return broken(x, error, "respond", running);
    });
  }
  let final: Response;
  try {
    final = checked(shaped);
  } catch (error) {
    x.flowing = false;
    return broken(x, error, "respond", running);
  }
  if (isLeft(response, final)) x.flowing = false;
  // Who observes is told the status that is sent.
  x.status = final.status;
  return final;
}

/** Whether a hook answers with another body and nobody will read the route's own. */
function isLeft({ body }: Response, final: Response): boolean {
  return body !== null && body !== final.body && !body.locked;
}

/** The types say so; a plugin may be plain JavaScript. */
function checked(response: unknown): Response {
  if (response instanceof Response) return response;
  throw new TypeError(
    `Cannot answer with what a respond hook returned: ${response} is no Response`,
  );
}
