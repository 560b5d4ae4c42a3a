/**
 * The edge between HTTP and the pipeline: finds a request's plan, starts an exchange, and makes a promise only where the
 * exchange waits.
 *
 * @module
 */
import { getPath } from "hono/utils/url";
import { LiveExchange, type Peer } from "./exchange.ts";
import type { Flow } from "./flow.ts";
import { abandon, begin } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { problem } from "../lib/problem.ts";
import { corsHeaders, isPreflight, preflight } from "./cors.ts";
import type { Matchable, Matcher } from "./matcher.ts";

/** A route and its plans, one for each method, since a metric names the method. */
export interface PlannedRoute extends Matchable {
  /** The plan for a request's method. */
  plan(method: string): Plan;
}

/** What the edge stands between. */
export interface EdgeParts {
  /** The mock routes. */
  readonly matcher: Matcher<PlannedRoute>;
  /** The exchanges under way. */
  readonly flow: Flow;
  /** Whether preflights are answered. */
  readonly cors: boolean;
  /** Whether a path belongs to the control API or a plugin's endpoint; these go before mock routes. */
  readonly reserved: (path: string) => boolean;
  /** Answers for the control API and endpoints. */
  readonly otherwise: (request: Request) => Response | Promise<Response>;
  /** Answers what nothing takes; the path is as routes know it. */
  readonly unmatched: (request: Request, path: string) => Response;
}

/** How many URLs are remembered with their plans. A frontend uses few; a crawl of many must not fill memory. */
const REMEMBERED = 4096;

/** A client's leaving is watched for where the wait is longer than this, in ms: the watch costs more than a short wait. */
const WATCHED = 50;

/** Takes requests in. */
export class Edge {
  readonly #parts: EdgeParts;
  readonly #get = new Map<string, Plan>();
  readonly #others = new Map<string, Plan>();

  /** @param parts what it stands between */
  constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  /** Answers a request, at once where nothing waits. */
  readonly fetch = (
    request: Request,
    peer?: Peer,
  ): Response | Promise<Response> => {
    const method = request.method;
    const url = request.url;
    const plan = method === "GET"
      ? this.#get.get(url)
      : this.#others.get(`${method} ${url}`);
    return plan === undefined
      ? this.#first(request, { method, url, peer })
      : this.#run(plan, method, request, peer);
  };

  #run(
    plan: Plan,
    method: string,
    request: Request,
    peer?: Peer,
  ): Response | Promise<Response> {
    if (plan.flow.draining) return unavailable(request, this.#parts.cors);
    const x = new LiveExchange(plan, method, request, peer);
    begin(x);
    return x.response ?? wait(x);
  }

  /** A URL that is not remembered. */
  #first(
    request: Request,
    { method, url, peer }: {
      readonly method: string;
      readonly url: string;
      readonly peer: Peer | undefined;
    },
  ): Response | Promise<Response> {
    const { cors, matcher, otherwise, reserved, unmatched } = this.#parts;
    const path = getPath(request);
    if (reserved(path)) return otherwise(request);
    if (cors && isPreflight(request)) return preflight(request);
    const plan = matcher.find(method, path)?.plan(method);
    if (plan === undefined) return unmatched(request, path);
    // An OPTIONS request may be a preflight at one time and not at another.
    if (method !== "OPTIONS") this.#remember(method, url, plan);
    return this.#run(plan, method, request, peer);
  }

  #remember(method: string, url: string, plan: Plan): void {
    const memory = method === "GET" ? this.#get : this.#others;
    if (memory.size >= REMEMBERED) memory.clear();
    memory.set(method === "GET" ? url : `${method} ${url}`, plan);
  }
}

/** The promise of an answer; its client's leaving ends the exchange. */
function wait(x: LiveExchange): Promise<Response> {
  return new Promise((resolve) => {
    x.resolve = resolve;
    const short = x.ticket === undefined && x.due - x.arrival <= WATCHED;
    if (short && !x.preparing && x.action !== "hang") return;
    x.request?.signal.addEventListener("abort", () => {
      abandon(x, "gone");
      forget(x);
    }, { once: true });
  });
}

/** Settles the promise of an exchange that nobody waits for any more; the response goes nowhere. */
export function forget(x: LiveExchange): void {
  if (x.response === undefined) {
    x.resolve?.(new Response(null, { status: 499 }));
  }
}

/** The server is ending. */
function unavailable(request: Request, cors: boolean): Response {
  const headers = new Headers({ "connection": "close" });
  const origin = cors ? request.headers.get("origin") : null;
  if (origin !== null) corsHeaders(headers, origin);
  return problem({
    status: 503,
    title: "The server is shutting down",
    detail: "Requests under way are still answered; new ones are not taken",
  }, headers);
}
