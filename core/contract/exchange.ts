/**
 * The part of the contract for a request on its way: routes, exchanges, hooks, leases and queues.
 *
 * @module
 */
import type { Awaitable, Dial, Stream } from "./values.ts";

/** A route as a plugin sees it. */
export interface Route {
  /** Unique; by default method and path in words. */
  readonly id: string;
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** The pattern, in Hono's path syntax. */
  readonly path: string;
  /** How many exchanges have arrived since the start or the last reset: the next one's sequence number. */
  readonly arrivals: number;
  /**
   * This route's stream of random numbers for a purpose, seeded by the server's seed and the route's id: no other route,
   * plugin or purpose shifts it.
   */
  stream(purpose: string): Stream;
  /** The place in a stream that a text stands for, such as a request id: the same text, the same place. */
  placeOf(text: string): number;
}

/**
 * How an exchange stands: gone is the client that left, cut what was still pending when the server ended, failed a hook that
 * threw, reset a connection that an injected fault has reset.
 */
export type Outcome =
  | "pending"
  | "answered"
  | "rejected"
  | "gone"
  | "cut"
  | "failed"
  | "reset";

/**
 * One request and its answer on their way through the pipeline, which alone writes it. It is valid until observe has
 * returned: copy what you keep. Times are the clock's milliseconds.
 */
export interface Exchange {
  /** The route's how-manieth arrival this is, from 0. */
  readonly sequence: number;
  /** The request's method, upper case. */
  readonly method: string;
  /** When it arrived. */
  readonly arrival: number;
  /** When its service started: the arrival, or the end of its wait in queues. */
  readonly start: number;
  /** The drawn service time. */
  readonly service: number;
  /** What degradation adds to it. */
  readonly degradation: number;
  /** The target end: start + service + degradation. */
  readonly due: number;
  /** When its headers were handed over, or when it was rejected or abandoned; NaN until then. */
  readonly end: number;
  /** How far it has come: its headers leave between service and body. */
  readonly phase: "queue" | "service" | "body";
  /** The status that is sent; 0 where the connection is reset instead. */
  readonly status: number;
  /** The address of the client's end of the connection; undefined where there is none, as in simulation. */
  readonly client: string | undefined;
  /** The trace id that Server-Timing tells, 32 hexadecimal digits; empty until then, and in simulation. */
  readonly trace: string;
  /** How it ended, or `"pending"`. */
  readonly outcome: Outcome;
  /** A request header's value; null where absent, and in simulation. */
  header(name: string): string | null;
}

/** Admits an exchange, refuses it, or lets it wait. */
export type Admit = (
  exchange: Exchange,
  waiter: Waiter,
) => Lease | Rejection | Ticket;

/** The hooks of a route, in the order of the life of a request. The list is closed. All but respond are synchronous. */
export interface RouteHooks {
  /** What the plugin does to this route, in a few words; printed at the start and by the control API. */
  readonly summary?: string;
  /** The header whose value takes the place of the sequence number in draws: the journal keeps it, so that they can be replayed. */
  readonly replayedBy?: string;
  /** What of this route can be turned, by name: `{ scale }`. */
  readonly dials?: Readonly<Record<string, Dial>>;
  /** True where a rejection may reset the connection: the server then needs the engine that can. */
  readonly resets?: boolean;
  /**
   * May it be served now? A lease holds a server until it is released; a rejection ends the exchange; a ticket is a place
   * in a queue and settles later through the waiter. A list is taken in turn: each begins where the one before it has given
   * its lease, and the leases go back in reverse order.
   */
  readonly admit?: Hook<Admit> | readonly Hook<Admit>[];
  /** The service time, in milliseconds, at least 0. One plugin at most may serve a route. */
  readonly serve?: Hook<(exchange: Exchange) => number>;
  /** What degradation adds, in milliseconds; evaluated once, at service start; all plugins' add up. */
  readonly degrade?: Hook<(exchange: Exchange) => number>;
  /** Changes or replaces the response as it leaves. Over HTTP only, never in simulation. */
  readonly respond?: Hook<
    (exchange: Exchange, response: Response) => Awaitable<Response>
  >;
  /** Sees the finished exchange, after all leases were released. */
  readonly observe?: Hook<(exchange: Exchange) => void>;
}

/** A hook, or a hook with its place among those of the same stage; within a place the configuration's order holds. */
export type Hook<F> = F | {
  /** Before or after the hooks that say nothing. */
  readonly order: "pre" | "post";
  /** The hook itself. */
  readonly handler: F;
};

/** A server that an exchange occupies; may be the pool itself. */
export interface Lease {
  /**
   * Gives the server back: called exactly once, whatever happens. Synchronous; must not throw.
   *
   * @param at since when it is free, on the clock: the exchange's target end where its answer left whole, with its headers;
   * else the present. Who is next starts there, so that lateness does not pile up
   */
  release(exchange: Exchange, at: number): void;
}

/** Why an exchange is not served. */
export interface Rejection {
  /** In the words of the metrics: queue_full, queue_timeout, rate_limited, … */
  readonly reason: string;
  /** The status to answer with, 200…599. */
  readonly status: number;
  /** Sent as Retry-After, in seconds. */
  readonly retryAfter?: number;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The response body; a problem document where absent. */
  readonly body?: string;
  /**
   * What is done in place of an answer: the connection is reset before any byte, which the route's hooks must have announced
   * as `resets`; or nothing is sent until the client leaves, and what the exchange holds stays held.
   */
  readonly action?: "connection-reset" | "hang";
}

/** A place in a queue. */
export interface Ticket {
  /**
   * The client left or the server is being disposed: at most once, never after the waiter was settled.
   *
   * @param why gone is the client that left, cut the end of the server
   */
  leave(why: "gone" | "cut"): void;
}

/** The way back from a queue. */
export interface Waiter {
  /** The exchange that waits. */
  readonly exchange: Exchange;
  /**
   * Ends the wait. Not re-entrant: the exchange goes on after the caller has returned.
   *
   * @param at when the service starts, on the clock: its predecessor's target end, so that lateness does not pile up in
   * a queue; the present where absent
   */
  settle(outcome: Lease | Rejection, at?: number): void;
}

/** The exchanges under way. */
export interface InFlight {
  /** How many there are, those that wait in queues included. */
  readonly size: number;
  /**
   * Moves the target end of all that is held, in service, as a pause of the whole backend does: the time counts as
   * degradation.
   *
   * @param by milliseconds, above 0
   * @param concerns which exchanges; all where absent
   */
  postpone(by: number, concerns?: (exchange: Exchange) => boolean): void;
  /**
   * Resets the connections of what has not been answered, as a crash does. Only routes whose hooks announced `resets` can:
   * the others' exchanges are left alone.
   *
   * @param concerns which exchanges; all where absent
   * @returns how many were reset
   */
  reset(concerns?: (exchange: Exchange) => boolean): number;
}
