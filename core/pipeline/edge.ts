/**
 * The edge between HTTP and the pipeline: finds a request's plan and starts an exchange. An engine calls it itself; nothing
 * stands between. {@linkcode Edge.fetch} makes a promise only where the exchange waits; {@linkcode Edge.receive} makes none.
 *
 * @module
 */
import { ByteMap } from "../lib/bounded.ts";
import { problem } from "../lib/problem.ts";
import { type Cors, isPreflight } from "./cors.ts";
import { type Flow, LiveExchange, type Plan } from "./exchange.ts";
import {
  abandoned,
  FetchIncoming,
  type Incoming,
  type Peer,
} from "./incoming.ts";
import { type Matchable, type Matcher, pathOf } from "./matcher.ts";
import { begin } from "./pipeline.ts";

/** A route with a plan for each method, since a metric names the method. */
export interface PlannedRoute extends Matchable {
  /** Returns the plan for a request's method. */
  plan(method: string): Plan;
}

/** Everything that one revision answers. */
export interface Served {
  /** The mock routes. */
  readonly matcher: Matcher<PlannedRoute>;
  /** Access of pages of other origins; undefined to leave preflights to the routes. */
  readonly cors: Cors | undefined;
  /** Returns the time of the clock that decides when answers leave, in ms. */
  readonly now: () => number;
  /** Returns true if a path belongs to the control API or a plugin's endpoint, which take precedence over mock routes. */
  readonly reserved: (path: string) => boolean;
  /** Answers for the control API and the endpoints. */
  readonly endpoints: (request: Request) => Response | Promise<Response>;
  /** Answers a request that no route takes; `path` is decoded as routes are. */
  readonly unmatched: (incoming: Incoming, path: string) => Response;
  /** Exchanges in flight: while they drain, no request is taken, whether a route takes it or not. */
  readonly flow: Pick<Flow, "draining">;
}

/** Maximum number of bytes of URLs remembered with their plans, for each of the two maps. A frontend uses few; a crawl of many must not fill memory. */
export const REMEMBERED_BYTES = 1 << 20;

/** Maximum length of a remembered URL, in characters: the route of a longer one is found each time. */
const LONGEST_URL = 2048;

/** Shortest wait, in ms, during which a client's leaving is watched: the watch may cost more than a short wait. */
const WATCHED = 50;

/** Takes the requests of one world, whichever revision is in force. */
export class Edge {
  /** Takes a request that names a session; returns false, and does nothing, for one that names none. Set once the first session exists. */
  inSession: ((incoming: Incoming) => boolean) | undefined = undefined;
  #served: Served | undefined;
  // The size of a plan is 0 here, because plans belong to their routes.
  readonly #get = new ByteMap<Plan>(REMEMBERED_BYTES, 0);
  readonly #others = new ByteMap<Plan>(REMEMBERED_BYTES, 0);

  /** Number of bytes that the remembered URLs take at most. */
  get bytes(): number {
    return this.#get.bytes + this.#others.bytes;
  }

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
  ): Response | Promise<Response> => {
    const incoming = new FetchIncoming(request, peer);
    this.receive(incoming);
    return incoming.answer();
  };

  /** Takes a request, which receives its answer by itself, now or later. */
  readonly receive = (incoming: Incoming): void => {
    if (this.inSession !== undefined && this.inSession(incoming)) return;
    const { method, url } = incoming;
    const plan = method === "GET"
      ? this.#get.get(url)
      : this.#others.get(`${method} ${url}`);
    if (plan === undefined) this.#first(method, url, incoming);
    else this.#run(plan, method, incoming);
  };

  /** @param at time of the request's arrival, in the clock's ms; undefined for now */
  #run(plan: Plan, method: string, incoming: Incoming, at?: number): void {
    if (plan.flow.draining) {
      return incoming.respond(
        unavailable(incoming, this.#served?.cors),
      );
    }
    // A proxy alone reads bodies.
    if (plan.prepare === undefined) incoming.discard?.();
    const x = new LiveExchange(plan, method, incoming);
    begin(x, at);
    if (x.outcome !== "pending") {
      // A reader in the same process cancels the body itself; an engine may have to be told. The code that runs respond hooks
      // watches for the client itself.
      if (x.flowing) incoming.onLeave(x, true);
      return;
    }
    const soon = x.ticket === undefined && x.due - x.arrival <= WATCHED;
    incoming.onLeave(x, soon && !x.preparing && x.action !== "hang");
  }

  /** A URL that is not remembered. */
  #first(method: string, url: string, incoming: Incoming): void {
    if (this.#served === undefined) {
      return incoming.respond(unavailable(incoming, undefined));
    }
    const { cors, flow, matcher, endpoints, now, reserved, unmatched } =
      this.#served;
    // Before the route is found, which is longer with many routes: what holds an answer back counts as its lateness.
    const at = now();
    const path = pathOf(incoming);
    if (reserved(path)) return incoming.respond(endpoints(incoming.request));
    const route = matcher.find(method, path);
    if (
      cors !== undefined && isPreflight(incoming) &&
      route?.methods.includes(method) !== true
    ) return incoming.respond(cors.preflight(incoming));
    if (flow.draining) return incoming.respond(unavailable(incoming, cors));
    const plan = route?.plan(method);
    if (plan === undefined) {
      incoming.discard?.();
      return incoming.respond(unmatched(incoming, path));
    }
    // An OPTIONS request may be a preflight at one time and not at another.
    if (method !== "OPTIONS") this.#remember(method, url, plan);
    this.#run(plan, method, incoming, at);
  }

  #remember(method: string, url: string, plan: Plan): void {
    if (url.length > LONGEST_URL) return;
    if (method === "GET") this.#get.set(url, plan);
    else this.#others.set(`${method} ${url}`, plan);
  }
}

/** Settles the request of an abandoned exchange, unless its answer is on its way. */
export function forget(x: LiveExchange): void {
  if (x.phase !== "body") x.incoming?.respond(abandoned(x.outcome));
}

/** Answers while the server is ending. */
function unavailable(
  incoming: Incoming,
  cors: Cors | undefined,
): Response {
  const headers = new Headers({ "connection": "close" });
  const origin = cors?.originOf(incoming) ?? null;
  if (origin !== null) cors?.addHeaders(headers, origin);
  return problem({
    status: 503,
    title: "The server is shutting down",
    detail: "Requests under way are still answered; new ones are not taken",
  }, headers);
}
