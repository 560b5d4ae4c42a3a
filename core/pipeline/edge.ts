/**
 * The edge between HTTP and the pipeline: finds a request's plan and starts an exchange. An engine calls it itself; nothing
 * stands between. {@linkcode Edge.fetch} makes a promise only where the exchange waits; {@linkcode Edge.receive} makes none.
 *
 * @module
 */
import { ByteMap } from "../lib/bounded.ts";
import { problem } from "../lib/problem.ts";
import type { Issue } from "../plugin.ts";
import { Batch } from "./batch.ts";
import {
  choose,
  type Conditional,
  explain,
  isTooLong,
  needsLook,
} from "./choice.ts";
import { type Cors, isPreflight } from "./cors.ts";
import { type Flow, LiveExchange, type Plan } from "./exchange.ts";
import {
  abandoned,
  FetchIncoming,
  type Incoming,
  type Peer,
} from "./incoming.ts";
import { type Matcher, pathOf } from "./matcher.ts";
import { begin } from "./pipeline.ts";
import { READ_LIMIT } from "./received_body.ts";
import { MOST_IN_BATCH, RequestView } from "./request_view.ts";

/** A route with a plan for each method, since a metric names the method. */
export interface PlannedRoute extends Conditional {
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
  /**
   * Answers a request that no route takes; `path` is decoded as routes are. `unmet` are the conditions that it does not meet, of
   * routes that would take it otherwise.
   */
  readonly unmatched: (
    incoming: Incoming,
    path: string,
    unmet?: readonly Issue[],
  ) => Response;
  /** Counts a request whose body could not be looked at, by the reason. */
  readonly unread: (reason: UnreadReason, incoming: Incoming) => void;
  /** Counts a request that is refused before any exchange. */
  readonly refused: (incoming: Incoming, response: Response) => Response;
  /** Exchanges in flight: while they drain, no request is taken, whether a route takes it or not. */
  readonly flow: Pick<Flow, "draining">;
}

/** Reason why conditions on a body could not be looked at. */
export type UnreadReason = "not_json" | "too_long" | "long_batch";

/** Maximum number of bytes of URLs remembered with their plans, for each of the three maps. A frontend uses few; a crawl of many must not fill memory. */
export const REMEMBERED_BYTES = 1 << 20;

/** Maximum length of a remembered URL, in characters: the route of a longer one is found each time. */
const LONGEST_URL = 2048;

/** Maximum number of lists of routes that are remembered for each route which they begin with. */
const MOST_LISTS = 64;

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
  /** Routes of URLs that leave a choice. The size of a list is 0 here, because URLs share lists. */
  readonly #choices = new ByteMap<readonly PlannedRoute[]>(REMEMBERED_BYTES, 0);
  /** The lists of routes, by their first route. */
  readonly #lists = new Map<PlannedRoute, (readonly PlannedRoute[])[]>();

  /** Number of bytes that the remembered URLs take at most. */
  get bytes(): number {
    return this.#get.bytes + this.#others.bytes + this.#choices.bytes;
  }

  /** A revision takes over: plans of the one before are forgotten. */
  serve(served: Served): void {
    this.#served = served;
    this.#get.clear();
    this.#others.clear();
    this.#choices.clear();
    this.#lists.clear();
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
    if (plan.opens || incoming.webSocket !== undefined) {
      const refusal = mismatch(plan, incoming, this.#served?.cors);
      if (refusal !== undefined) {
        return incoming.respond(
          this.#served?.refused(incoming, refusal) ?? refusal,
        );
      }
    }
    // A proxy alone reads bodies, apart from what was read to look at it.
    if (plan.prepare === undefined && incoming.body === undefined) {
      incoming.discard?.();
    }
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
    const known = this.#choices.size === 0
      ? undefined
      : this.#choices.get(`${method} ${url}`);
    if (known !== undefined) return this.#choose(known, incoming, at);
    const path = pathOf(incoming);
    if (reserved(path)) return incoming.respond(endpoints(incoming.request));
    const route = matcher.find(method, path);
    if (
      cors !== undefined && isPreflight(incoming) &&
      route?.methods.includes(method) !== true
    ) return incoming.respond(cors.preflight(incoming));
    if (flow.draining) return incoming.respond(unavailable(incoming, cors));
    if (route !== undefined && needsLook(route)) {
      const found = reachable(matcher.findAll(method, path));
      const routes = this.#listOf(found);
      // A preflight is told from other OPTIONS requests by its headers.
      if (
        routes !== undefined && method !== "OPTIONS" &&
        url.length <= LONGEST_URL
      ) this.#choices.set(`${method} ${url}`, routes);
      return this.#choose(routes ?? found, incoming, at);
    }
    const plan = route?.plan(method);
    if (plan === undefined) {
      incoming.discard?.();
      return incoming.respond(unmatched(incoming, path));
    }
    // An OPTIONS request may be a preflight at one time and not at another.
    if (method !== "OPTIONS") this.#remember(method, url, plan);
    this.#run(plan, method, incoming, at);
  }

  /** The list of routes that a URL may reach, the same one for the same routes; undefined if there are too many lists to remember. */
  #listOf(
    routes: readonly PlannedRoute[],
  ): readonly PlannedRoute[] | undefined {
    const [first] = routes;
    let lists = this.#lists.get(first);
    if (lists === undefined) this.#lists.set(first, lists = []);
    const known = lists.find((list) =>
      list.length === routes.length &&
      list.every((route, index) => route === routes[index])
    );
    if (known !== undefined) return known;
    if (lists.length >= MOST_LISTS) return undefined;
    lists.push(routes);
    return routes;
  }

  /**
   * Chooses among routes by their conditions.
   *
   * @param at time of the request's arrival, in the clock's ms: with its last byte where its body is looked at
   */
  #choose(
    routes: readonly PlannedRoute[],
    incoming: Incoming,
    at: number,
  ): void {
    const served = this.#served;
    if (served === undefined) {
      return incoming.respond(unavailable(incoming, undefined));
    }
    const view = new RequestView(incoming);
    const chosen = choose(routes, view);
    if (typeof chosen !== "string") {
      return this.#run(
        chosen.plan(incoming.method),
        incoming.method,
        incoming,
        at,
      );
    }
    if (chosen === "body") {
      return incoming.readBody((whole) => {
        const complete = served.now();
        if (!whole) return this.#tooLong(incoming, "too_long");
        if (served === this.#served) this.#choose(routes, incoming, complete);
        // Another revision has taken over meanwhile.
        else this.#first(incoming.method, incoming.url, incoming);
      });
    }
    if (chosen === "batch") return this.#batch(routes, view, incoming, at);
    this.#unmet(routes, view, incoming);
  }

  /** No route takes a request because of its conditions. */
  #unmet(
    routes: readonly PlannedRoute[],
    view: RequestView,
    incoming: Incoming,
  ): void {
    if (this.#served === undefined) return;
    const { unmatched, unread } = this.#served;
    if (incoming.body === undefined) incoming.discard?.();
    else if (view.json === undefined && view.operation === undefined) {
      unread("not_json", incoming);
    }
    incoming.respond(
      unmatched(incoming, pathOf(incoming), explain(routes, view)),
    );
  }

  /** A batch of GraphQL operations: each is an exchange of its own route. */
  #batch(
    routes: readonly PlannedRoute[],
    { batch: operations = [] }: RequestView,
    incoming: Incoming,
    at: number,
  ): void {
    if (isTooLong(operations)) return this.#tooLong(incoming, "long_batch");
    if (this.#served?.flow.draining !== false) {
      return incoming.respond(
        unavailable(incoming, this.#served?.cors),
      );
    }
    const batch = new Batch(incoming, operations);
    for (const entry of batch.entries) {
      const view = new RequestView(entry, true);
      const chosen = choose(routes, view);
      if (typeof chosen === "string") this.#unmet(routes, view, entry);
      else this.#run(chosen.plan(entry.method), entry.method, entry, at);
    }
    batch.begun();
  }

  /** Refuses a body that is longer than what is looked at. */
  #tooLong(
    incoming: Incoming,
    reason: Exclude<UnreadReason, "not_json">,
  ): void {
    if (this.#served === undefined) return;
    const { cors, unread } = this.#served;
    unread(reason, incoming);
    const headers = new Headers({ "timing-allow-origin": "*" });
    const origin = cors?.originOf(incoming) ?? null;
    if (origin !== null) cors?.addHeaders(headers, origin);
    incoming.respond(problem({
      status: 413,
      title: "The body of this request is too long to be looked at",
      detail: reason === "too_long"
        ? `A body that conditions of routes or placeholders of a response look at has at most ${READ_LIMIT} bytes`
        : `A batch has at most ${MOST_IN_BATCH} operations`,
    }, headers));
  }

  #remember(method: string, url: string, plan: Plan): void {
    if (url.length > LONGEST_URL) return;
    if (method === "GET") this.#get.set(url, plan);
    else this.#others.set(`${method} ${url}`, plan);
  }
}

/** Returns the routes that may answer: those after one without conditions never do. */
function reachable(found: readonly PlannedRoute[]): readonly PlannedRoute[] {
  const last = found.findIndex(({ when }) => when === undefined);
  return last < 0 ? found : found.slice(0, last + 1);
}

/** Settles the request of an abandoned exchange, unless its answer is on its way. */
export function forget(x: LiveExchange): void {
  if (x.phase !== "body") x.incoming?.respond(abandoned(x.outcome));
}

/** Refuses a WebSocket on a route that opens none, and any other request on one that does; undefined if both agree. */
function mismatch(
  { opens, route }: Plan,
  incoming: Incoming,
  cors: Cors | undefined,
): Response | undefined {
  const { webSocket } = incoming;
  if (opens && webSocket !== undefined && webSocket.error === undefined) {
    return undefined;
  }
  incoming.discard?.();
  const headers = new Headers();
  const origin = cors?.originOf(incoming) ?? null;
  if (origin !== null) cors?.addHeaders(headers, origin);
  if (!opens) {
    return problem({
      status: 400,
      title: "This route opens no WebSocket",
      detail:
        `The route "${route.id}" answers plain requests: give it the key websocket, or leave out the header Upgrade`,
    }, headers);
  }
  headers.set("upgrade", "websocket");
  headers.set("sec-websocket-version", "13");
  return problem({
    status: webSocket?.error?.status ?? 426,
    title: "This route opens WebSockets only",
    detail: webSocket?.error?.reason ??
      `The route "${route.id}" is to be called by a WebSocket client, such as new WebSocket("${
        incoming.url.replace(/^http/, "ws")
      }")`,
  }, headers);
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
