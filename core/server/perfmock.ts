/**
 * What a mock server is to who makes one.
 *
 * @module
 */
import type { PerfmockConfig, PerfmockInput } from "../config/mod.ts";
import type { Health, RouteDescription } from "../control/builtin_endpoints.ts";
import type { Issue } from "../errors.ts";
import type { Stats } from "../observe/stats.ts";
import type { JournalEntry, JournalFilter } from "../observe/journal.ts";
import type { Clock, Plugin } from "../plugin.ts";
import type { LoadOptions, LoadSummary } from "../contract/load.ts";

/** What a server is made with beyond its configuration. */
export interface PerfmockOptions {
  /** The clock everything runs on; a {@linkcode PreciseClock} of its own where absent. A clock given is not disposed. */
  readonly clock?: Clock;
  /** Whether to listen on a port, which is the default; without it, use `fetch` or `app`. */
  readonly listen?: boolean;
  /** Where relative paths in the configuration start from; the working directory where absent. */
  readonly folder?: string | URL;
  /** Plugins of your own, as if they were built in: on unless the configuration names them and turns them off. */
  readonly plugins?: readonly Plugin[];
  /** Takes the lines of the log; standard error where absent. */
  readonly log?: (level: "info" | "warn" | "error", message: string) => void;
}

/** A mock server. */
export interface Perfmock extends AsyncDisposable {
  /** Where it listens, with a trailing slash; a placeholder where it does not. */
  readonly url: URL;
  /** All of it as a Hono app, to mount in another: `other.mount("/backend", server.app.fetch)`. */
  readonly app: HonoApp;
  /** Answers a request without a socket. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** The configuration in force, complete and frozen. */
  readonly config: PerfmockConfig;
  /** What the configuration's author should know. */
  readonly warnings: readonly Issue[];
  /** The mock routes, in the order in which they are matched. */
  readonly routes: readonly RouteDescription[];
  /** How many exchanges are under way. */
  readonly inFlight: number;
  /** What happened since the start or the last reset. */
  stats(): Stats;
  /**
   * The service time that an exchange of a route gets, in milliseconds: nothing is sent and nothing moves on.
   *
   * @param key the value of the header that the route samples by, if it does
   * @throws PerfmockError `ARGUMENT_INVALID` where there is no such route
   */
  draw(route: string, sequence: number, key?: string): number;
  /** How well the server is, and why it is not. */
  health(): Health;
  /** The last exchanges that ended, oldest first. */
  requests(filter?: Partial<JournalFilter>): JournalEntry[];
  /** How often the configuration was changed, from 1. */
  readonly revision: number;
  /**
   * Merges into the configuration (RFC 7396), as PATCH config does: validated as a whole, and in force when the promise resolves.
   * Lists are replaced as a whole, and `routes` cannot be given; exchanges under way go on as they began.
   *
   * @throws PerfmockError with all faults, or `RESTART_REQUIRED`; nothing has changed then
   */
  update(patch: PerfmockInput): Promise<void>;
  /**
   * Runs a load script over HTTP, against its target or this server, from a thread of its own.
   *
   * @param script a value as JSON holds it, or the text of one in JSON or YAML
   * @throws PerfmockError `SCRIPT_INVALID` with all faults; nothing was started then
   */
  load(script: unknown, options?: LoadOptions): Promise<LoadSummary>;
  /**
   * Runs a load script in virtual time against a copy of this server: minutes in a blink, and the same figures each time.
   *
   * @param script as `load` takes it
   * @throws PerfmockError `SCRIPT_INVALID` with all faults
   */
  simulate(script: unknown, options?: LoadOptions): Promise<LoadSummary>;
  /** Sequence numbers, journal and stats start afresh; metrics for exporters go on. */
  reset(): void;
  /**
   * Takes no new exchanges, lets those under way end for at most `server.drainTimeout`, cuts what is left, and ends the
   * server. New requests are answered with 503 meanwhile; the control API goes on.
   */
  drain(): Promise<void>;
  /** Ends the server at once: what is under way is cut, everything is given back. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Hono app, as far as it is promised here; at run time it is one. */
export interface HonoApp {
  /** Answers a request. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
}
