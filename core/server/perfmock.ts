/**
 * Public interface of a mock server.
 *
 * @module
 */
import type { ReplicaOptions } from "../cluster/identity.ts";
import type { PerfmockConfig, PerfmockInput } from "../config/mod.ts";
import type { Health, RouteDescription } from "../control/builtin_endpoints.ts";
import type { Issue } from "../errors.ts";
import type { Stats } from "../observe/stats.ts";
import type { JournalFilter } from "../observe/journal.ts";
import type { Segment } from "../scale/segment.ts";
import type { Clock, JournalEntry, Plugin } from "../plugin.ts";
import type {
  FindAnswer,
  FindOptions,
  FindResult,
  SweepAnswer,
} from "../contract/finder.ts";
import type { Recording, RecordOptions } from "../contract/recorder.ts";
import type { LoadOptions, LoadSummary } from "../contract/load.ts";

/** Options of a server in addition to its configuration. */
export interface PerfmockOptions {
  /** Clock of the server. Default a {@linkcode PreciseClock} that the server creates. A given clock is not disposed. */
  readonly clock?: Clock;
  /** True to listen on a port. Default true. A server that does not listen answers through `fetch` or `app`. */
  readonly listen?: boolean;
  /** Folder that relative paths in the configuration start from. Default the working directory. */
  readonly folder?: string | URL;
  /** Further plugins. Like built-in ones, they are on unless the configuration turns them off. */
  readonly plugins?: readonly Plugin[];
  /**
   * Replica that the server is, of several that together behave as one backend: `{ index: 2, count: 4 }`, or `"2/4"` or `"auto/4"` as
   * `--segment` takes them. Default: the only one.
   */
  readonly segment?: Segment | string;
  /** Name and address among the replicas that share a Redis, where the configuration has `shared`. */
  readonly replica?: ReplicaOptions;
  /** Receives the lines of the log. By default they are written to standard error. */
  readonly log?: (level: "info" | "warn" | "error", message: string) => void;
}

/** Mock server. */
export interface Perfmock extends AsyncDisposable {
  /**
   * URL at which it listens, with a trailing slash. That of a server that does not listen is `http://this-server-does-not-listen.invalid/`:
   * a base for requests to {@linkcode Perfmock.fetch}, which nothing else can reach.
   */
  readonly url: URL;
  /** Whole server as a Hono app, to mount it in another app: `other.mount("/backend", server.app.fetch)`. */
  readonly app: HonoApp;
  /** Answers a request without a socket. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Configuration in force, complete and frozen. */
  readonly config: PerfmockConfig;
  /** Warnings about the configuration. */
  readonly warnings: readonly Issue[];
  /** Mock routes, in the order in which they are matched. */
  readonly routes: readonly RouteDescription[];
  /** Number of exchanges in flight. */
  readonly inFlight: number;
  /** Returns figures since the start or the last reset. */
  stats(): Stats;
  /**
   * Returns the service time that an exchange receives, in ms. Nothing is sent, and no state changes.
   *
   * @param route id of the route
   * @param sequence sequence number of the exchange
   * @param key value of the header by which the route samples, if it does
   * @throws PerfmockError `ARGUMENT_INVALID` if there is no such route
   */
  draw(route: string, sequence: number, key?: string): number;
  /** Returns the state of the server: the HTTP server that runs, whether it takes requests, and reasons if it is degraded. */
  health(): Health;
  /**
   * Returns the latest exchanges that have ended, oldest first.
   *
   * @throws PerfmockError `ROUTE_UNKNOWN` if there is no such route, and no exchange of one that has been removed; `ARGUMENT_INVALID` with
   * all issues of the filter
   */
  requests(filter?: Partial<JournalFilter>): JournalEntry[];
  /** Number of the revision in force: 1 at the start, and one more after each change of the configuration. */
  readonly revision: number;
  /**
   * Merges a patch into the configuration (RFC 7396), as PATCH config does. The result is validated as a whole, and in force
   * when the promise resolves. Lists are replaced as a whole, and `routes` cannot be patched. Exchanges in flight keep the
   * configuration with which they started.
   *
   * @throws PerfmockError with all errors, or `RESTART_REQUIRED`; nothing has changed then
   */
  update(patch: PerfmockInput): Promise<void>;
  /**
   * Runs a load script over HTTP, against the script's target or this server, in a separate thread.
   *
   * @param script JSON value, or text in JSON or YAML
   * @throws PerfmockError `SCRIPT_INVALID` with all errors; nothing was started then
   */
  load(script: unknown, options?: LoadOptions): Promise<LoadSummary>;
  /**
   * Runs a load script in virtual time, against a copy of this server: much faster than real time, and with the same figures each
   * time.
   *
   * @param script JSON value, or text in JSON or YAML
   * @throws PerfmockError `SCRIPT_INVALID` with all errors
   */
  simulate(script: unknown, options?: LoadOptions): Promise<LoadSummary>;
  /**
   * Finds which routes make a page slow, and where it breaks: loads the page many times while the response times change by a plan.
   *
   * @param script JSON value, or text in JSON or YAML
   * @throws PerfmockError `SCRIPT_INVALID` with all errors; `FIND_FAILED` where the page gives no figure
   */
  find(
    script: unknown,
    options?: FindOptions,
  ): Promise<FindResult<FindAnswer>>;
  /**
   * Measures a page's figure at multiples of each route's response time.
   *
   * @param script JSON value, or text in JSON or YAML
   * @throws PerfmockError as {@linkcode Perfmock.find}
   */
  sweep(
    script: unknown,
    options?: FindOptions,
  ): Promise<FindResult<SweepAnswer>>;
  /**
   * Records an upstream: listens on a port of its own, passes requests on, and writes each exchange, without secrets, to a file of
   * which a mock can be made.
   *
   * @throws PerfmockError `UPSTREAM_FAILED`, `UPSTREAM_LOOP`, `PORT_IN_USE`, or `ARGUMENT_INVALID` with all errors of the options
   */
  record(options: RecordOptions): Promise<Recording>;
  /** Resets sequence numbers, journal and stats. Metrics for exporters continue. */
  reset(): void;
  /**
   * Ends the server gracefully: waits at most `server.drainTimeout` until the exchanges in flight have ended, then cuts the rest.
   * Meanwhile new requests are answered with 503, `health` says that the server is not ready, and the control API still works.
   */
  drain(): Promise<void>;
  /** Ends the server at once: cuts exchanges in flight and releases all resources. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Part of a Hono app that this interface guarantees. At run time it is a whole Hono app. */
export interface HonoApp {
  /** Answers a request. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
}
