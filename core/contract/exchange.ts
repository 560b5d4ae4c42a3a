/**
 * Types of the contract for requests: routes, exchanges, hooks, leases and queues.
 *
 * @module
 */
import type { Awaitable, Dial, Stream } from "./values.ts";

/** Route, as plugins see it. */
export interface Route {
  /** Unique id; by default method and path in words, such as `get-api-orders`. */
  readonly id: string;
  /** Methods in upper case; `["*"]` for any. */
  readonly methods: readonly string[];
  /** Pattern of the path, in Hono's syntax. */
  readonly path: string;
  /**
   * Next sequence number, which is the number of exchanges that have arrived since the start or the last reset. Of one of several
   * replicas it is a number of the whole.
   */
  readonly arrivals: number;
  /** True if lists whose entries requests get in turn begin again after their end, as `turns` says. Default false: the last one holds. */
  readonly repeatsTurns?: boolean;
  /**
   * Returns the route's stream of random numbers for one purpose. Its seed is the server's seed with the route's id and the
   * purpose, so that no other route, plugin or purpose changes its numbers.
   */
  stream(purpose: string): Stream;
  /** Converts a text, such as a request id, to a place in a stream. The same text always gives the same place. */
  placeOf(text: string): number;
}

/**
 * State of an exchange:
 *
 * - `pending`: not ended yet
 * - `answered`: served, with the route's answer
 * - `rejected`: not admitted by a plugin
 * - `gone`: the client left
 * - `cut`: still pending when the server ended
 * - `failed`: a hook threw an error
 * - `reset`: an injected fault reset the connection
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
 * A request and its answer on their way through the pipeline. Plugins must not write to it. It is valid until the observe hooks
 * have returned: copy values that you keep. All times are in ms of the clock.
 */
export interface Exchange {
  /** Sequence number: zero-based index among the arrivals of the route; replica i of n has the numbers i, i + n, i + 2n, … */
  readonly sequence: number;
  /**
   * Zero-based index among the arrivals that the route's `turns` count together, such as those with the same `Idempotency-Key`; the
   * sequence number where the route sets none.
   */
  readonly turn: number;
  /** Method of the request, in upper case. */
  readonly method: string;
  /** Path and query as requested; undefined if there is no HTTP request, as in simulation. */
  readonly path?: string | undefined;
  /** Time of the arrival. */
  readonly arrival: number;
  /** Time at which service started: the arrival, or the end of the wait in queues. */
  readonly start: number;
  /** Drawn service time, in ms. */
  readonly service: number;
  /** Time that degradation adds, in ms. */
  readonly degradation: number;
  /** Target end: start + service + degradation. */
  readonly due: number;
  /** Time at which the headers were handed over, or the exchange was rejected or abandoned; NaN until then. */
  readonly end: number;
  /** Progress. The headers leave between `service` and `body`. */
  readonly phase: "queue" | "service" | "body";
  /** Status of the answer; 0 if the connection is reset instead, or the exchange ended without an answer. */
  readonly status: number;
  /** Number of bytes of the body that were handed over, in its content coding; bodies that respond hooks make do not count. */
  readonly sent: number;
  /** Address of the client's end of the connection; undefined if there is no connection, as in simulation. */
  readonly client: string | undefined;
  /**
   * Trace id in Server-Timing, 32 hexadecimal digits: that of the client's header `traceparent`, or a new one. Empty until the answer
   * is built, a proxy's request is sent or the exchange ends, and in simulation.
   */
  readonly trace: string;
  /** Span id of this exchange in the trace, 16 hexadecimal digits; empty as long as `trace` is. */
  readonly span: string;
  /** Span id that the client sent; empty if it sent none. */
  readonly parent: string;
  /** False if the client says that it does not record the trace. */
  readonly sampled: boolean;
  /** State; `"pending"` until the exchange has ended. */
  readonly outcome: Outcome;
  /** Value of a request header; null if absent, and in simulation. */
  header(name: string): string | null;
}

/** Admits an exchange with a lease, refuses it with a rejection, or lets it wait with a ticket. */
export type Admit = (
  exchange: Exchange,
  waiter: Waiter,
) => Lease | Rejection | Ticket;

/**
 * Hooks of a route, in the order in which a request meets them. An unknown name is an error. All hooks except `respond` are
 * synchronous.
 */
export interface RouteHooks {
  /** Description of what the plugin does to this route, in a few words. Printed at the start and by the control API. */
  readonly summary?: string;
  /** Request header whose value replaces the sequence number in draws. The journal keeps it, so that draws can be repeated. */
  readonly replayedBy?: string;
  /** Dials of this route, by name, such as `{ scale }`. */
  readonly dials?: Readonly<Record<string, Dial>>;
  /** True if a rejection may reset the connection. The server then uses an engine that can reset connections. */
  readonly resets?: boolean;
  /**
   * Decides whether an exchange may be served now. A lease occupies a server until it is released; a rejection ends the exchange;
   * a ticket is a place in a queue, and its waiter is settled later. The hooks of a list run in turn: each starts after the one
   * before has given its lease. Leases are released in reverse order.
   */
  readonly admit?: Hook<Admit> | readonly Hook<Admit>[];
  /** Returns the service time, in ms, at least 0. At most one plugin may serve a route. */
  readonly serve?: Hook<(exchange: Exchange) => number>;
  /**
   * Returns the time that degradation adds, in ms, at least 0. Called once, at service start; the times of all plugins are added.
   */
  readonly degrade?: Hook<(exchange: Exchange) => number>;
  /** Changes or replaces the response when it leaves. Called for HTTP only, not in simulation. */
  readonly respond?: Hook<
    (exchange: Exchange, response: Response) => Awaitable<Response>
  >;
  /** Receives the finished exchange after all leases were released. */
  readonly observe?: Hook<(exchange: Exchange) => void>;
}

/**
 * Hook, or hook with an order among those of the same stage: `pre` before and `post` after those without an order. Hooks with the
 * same order run in the order of the plugins in the configuration.
 */
export type Hook<F> = F | {
  /** Position relative to hooks without an order. */
  readonly order: "pre" | "post";
  /** Hook itself. */
  readonly handler: F;
};

/** One of a pool's servers, occupied by an exchange. The object may be the pool itself. */
export interface Lease {
  /**
   * Releases the server. Called exactly once, whatever happens. Synchronous; must not throw.
   *
   * @param at time since which the server is free, in ms of the clock: the exchange's target end if its answer left whole with
   * its headers, otherwise the present. The next exchange starts at this time, so that lateness does not accumulate
   */
  release(exchange: Exchange, at: number): void;
}

/** Refusal to serve an exchange. */
export interface Rejection {
  /** Reason as a label in metrics, such as `queue_full`, `queue_timeout` or `rate_limited`. */
  readonly reason: string;
  /** Status of the answer, 200…599. */
  readonly status: number;
  /** Value of Retry-After, in seconds; sent rounded up to whole seconds. */
  readonly retryAfter?: number;
  /** Form of Retry-After: a number of seconds, or the date at which they have passed. Default seconds. */
  readonly retryAfterAs?: "seconds" | "date" | undefined;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Response body. Default a problem document. */
  readonly body?: string;
  /**
   * Action instead of an answer. `connection-reset` resets the connection before any byte; the route's hooks must have set
   * `resets`. `hang` sends nothing until the client leaves, and leases remain held.
   */
  readonly action?: "connection-reset" | "hang";
}

/** Place in a queue. */
export interface Ticket {
  /**
   * Removes the exchange from the queue. Called at most once, never after the waiter was settled.
   *
   * @param why `gone` if the client left, `cut` if the server ends
   */
  leave(why: "gone" | "cut"): void;
}

/** Callback of a queue to an exchange that waits. */
export interface Waiter {
  /** Exchange that waits. */
  readonly exchange: Exchange;
  /**
   * Ends the wait. The exchange continues after the caller has returned, never during the call.
   *
   * @param at time at which service starts, in ms of the clock: pass the time given to {@linkcode Lease.release}, so that
   * lateness does not accumulate in a queue; default the present
   */
  settle(outcome: Lease | Rejection, at?: number): void;
}

/** Exchanges in flight. */
export interface InFlight {
  /** Number of exchanges in flight, including those that wait in queues. */
  readonly size: number;
  /**
   * Postpones the target end of all exchanges in service, as a pause of the whole backend does. The time counts as degradation.
   *
   * @param by time, in ms, above 0
   * @param concerns selects exchanges; default all
   */
  postpone(by: number, concerns?: (exchange: Exchange) => boolean): void;
  /**
   * Resets the connections of exchanges that have not been answered, as a crash does. Exchanges of routes whose hooks have not
   * set `resets` are ignored.
   *
   * @param concerns selects exchanges; default all
   * @returns number of exchanges that were reset
   */
  reset(concerns?: (exchange: Exchange) => boolean): number;
}
