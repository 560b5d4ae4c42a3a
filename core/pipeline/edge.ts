/**
 * The edge between HTTP and the pipeline: finds a request's plan, starts an exchange, and makes a promise only where the
 * exchange waits. The HTTP server calls {@linkcode Edge.fetch} itself; nothing stands between.
 *
 * @module
 */
import { getPath } from "hono/utils/url";
import { problem } from "../lib/problem.ts";
import { corsHeaders, isPreflight, preflight } from "./cors.ts";
import { LiveExchange, type Peer, type Plan } from "./exchange.ts";
import type { Matchable, Matcher } from "./matcher.ts";
import { abandon, begin } from "./pipeline.ts";

/** A route with a plan for each method, since a metric names the method. */
export interface PlannedRoute extends Matchable {
  /** Returns the plan for a request's method. */
  plan(method: string): Plan;
}

/** Everything that one revision answers. */
export interface Served {
  /** The mock routes. */
  readonly matcher: Matcher<PlannedRoute>;
  /** True to answer preflights. */
  readonly cors: boolean;
  /** Returns true if a path belongs to the control API or a plugin's endpoint, which take precedence over mock routes. */
  readonly reserved: (path: string) => boolean;
  /** Answers for the control API and the endpoints. */
  readonly endpoints: (request: Request) => Response | Promise<Response>;
  /** Answers a request that no route takes; `path` is decoded as routes are. */
  readonly unmatched: (request: Request, path: string) => Response;
}

/** Maximum number of URLs remembered with their plans. A frontend uses few; a crawl of many must not fill memory. */
const REMEMBERED = 4096;

/** Shortest wait, in ms, during which a client's leaving is watched: the watch costs more than a short wait. */
const WATCHED = 50;

/** Takes the requests of one world, whichever revision is in force. */
export class Edge {
  /** Answers a request that names a session; undefined result for none. Set once the first session exists. */
  inSession:
    | ((
      request: Request,
      peer: Peer | undefined,
    ) => Response | Promise<Response> | undefined)
    | undefined = undefined;
  #served: Served | undefined;
  readonly #get = new Map<string, Plan>();
  readonly #others = new Map<string, Plan>();

  /** A revision takes over: plans of the one before are forgotten. */
  serve(served: Served): void {
    this.#served = served;
    this.#get.clear();
    this.#others.clear();
  }

  /** Answers a request, at once where nothing waits. */
  readonly fetch = (
    request: Request,
    peer?: Peer,
  ): Response | Promise<Response> =>
    this.inSession?.(request, peer) ?? this.own(request, peer);

  /** Answers a request from this world's own routes, whatever session it names. */
  own(request: Request, peer?: Peer): Response | Promise<Response> {
    const method = request.method;
    const url = request.url;
    const plan = method === "GET"
      ? this.#get.get(url)
      : this.#others.get(`${method} ${url}`);
    return plan === undefined
      ? this.#first(request, peer)
      : this.#run(plan, method, request, peer);
  }

  #run(
    plan: Plan,
    method: string,
    request: Request,
    peer?: Peer,
  ): Response | Promise<Response> {
    if (plan.flow.draining) {
      return unavailable(request, this.#served?.cors ?? false);
    }
    const x = new LiveExchange(plan, method, request, peer);
    begin(x);
    return x.response ?? wait(x);
  }

  /** A URL that is not remembered. */
  #first(request: Request, peer?: Peer): Response | Promise<Response> {
    const { method, url } = request;
    if (this.#served === undefined) return unavailable(request, false);
    const { cors, matcher, endpoints, reserved, unmatched } = this.#served;
    const path = getPath(request);
    if (reserved(path)) return endpoints(request);
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

/** Returns the promise of an answer; its client's leaving ends the exchange. */
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

/** Settles the promise of an abandoned exchange; the response goes nowhere. */
export function forget(x: LiveExchange): void {
  if (x.response === undefined) {
    x.resolve?.(new Response(null, { status: 499 }));
  }
}

/** Answers while the server is ending. */
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
