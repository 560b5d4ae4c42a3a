/**
 * Calls of the control API that a server and each of its sessions have, whichever way they take.
 *
 * @module
 */
import { PerfmockError } from "../core/errors.ts";
import type { JournalEntry, Stats } from "../mod.ts";
import { type CallSite, callSite, throwAt } from "./call_site.ts";
import type { Patch, PerfmockInput } from "./configuration.ts";
import { checkOptions, FILTER_OPTIONS } from "./options.ts";

/** Filter of the journal. */
export interface RequestFilter {
  /** Maximum number of requests: the latest. Default 100. */
  readonly limit?: number;
  /** Id of the route. Default all routes. */
  readonly route?: string;
  /** Outcome, such as "answered" or "rejected". Default all. */
  readonly outcome?: string;
  /** Status of the answer. Default all. */
  readonly status?: number;
  /** Trace id. Default all. */
  readonly trace?: string;
  /** Least total time, such as "300ms", or in ms. Default any. */
  readonly slower?: number | string;
}

/** State that a server and each of its sessions has. */
export interface Controlled {
  /** URL of the mock routes, with a trailing slash. */
  readonly url: string;
  /** Returns figures since the start or the last reset. */
  stats(): Promise<Stats>;
  /**
   * Returns the latest requests that have ended, oldest first.
   *
   * @param filter maximum number of requests, or a filter
   */
  requests(filter?: number | RequestFilter): Promise<JournalEntry[]>;
  /** Resets sequence numbers, journal and figures. */
  reset(): Promise<void>;
  /**
   * Merges a patch into the configuration (RFC 7396). It is in force when the promise resolves. `routes` cannot be patched: see
   * {@linkcode Controlled.call}.
   *
   * @throws PerfmockError with all errors; nothing has changed then
   */
  update(patch: Patch<Omit<PerfmockInput, "routes">>): Promise<void>;
  /**
   * Makes a call of the control API and returns its answer, a JSON value: `call("PATCH", "/routes/search", { scale: 3 })`.
   *
   * @param path path below the control path
   * @param body JSON value. Default none
   * @throws PerfmockError if the call is refused
   */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
}

/** A call of the control API. */
export interface ControlCall {
  /** Method, upper case. */
  readonly method: string;
  /** Path below the control path, with a leading slash. */
  readonly path: string;
  /** JSON value; undefined for none. */
  readonly body: unknown;
}

/** The calls, by one way that a subclass knows. */
export abstract class ControlCalls implements Omit<Controlled, "url"> {
  /**
   * Makes a call and returns its answer.
   *
   * @param site place in the user's code at which the stack of an error begins
   */
  protected abstract makeCall(
    call: ControlCall,
    site: CallSite,
  ): Promise<unknown>;

  /** {@linkcode Controlled.stats}. */
  async stats(): Promise<Stats> {
    const call = { method: "GET", path: "/stats", body: undefined };
    return await this.makeCall(call, callSite(this.stats)) as Stats;
  }

  /** {@linkcode Controlled.requests}. */
  async requests(filter: number | RequestFilter = {}): Promise<JournalEntry[]> {
    const site = callSite(this.requests);
    const given = typeof filter === "number" ? { limit: filter } : filter;
    throwAt(site, () => {
      checkOptions(given, FILTER_OPTIONS, "Cannot list requests", "filter");
    });
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(given)) {
      if (value !== undefined) query.set(key, `${value}`);
    }
    const { requests } = await this.makeCall(
      { method: "GET", path: `/requests?${query}`, body: undefined },
      site,
    ) as { readonly requests: JournalEntry[] };
    return requests;
  }

  /** {@linkcode Controlled.reset}. */
  async reset(): Promise<void> {
    await this.makeCall(
      { method: "POST", path: "/reset", body: undefined },
      callSite(this.reset),
    );
  }

  /** {@linkcode Controlled.update}. */
  async update(
    patch: Patch<Omit<PerfmockInput, "routes">>,
  ): Promise<void> {
    await this.makeCall(
      { method: "PATCH", path: "/config", body: patch },
      callSite(this.update),
    );
  }

  /** {@linkcode Controlled.call}. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const below = path.startsWith("/") ? path : `/${path}`;
    return await this.makeCall(
      { method, path: below, body },
      callSite(this.call),
    );
  }
}

/** True for the errors of a session that there is no more. */
export function isOver(error: unknown): boolean {
  return error instanceof PerfmockError &&
    ["SERVER_NOT_STARTED", "SESSION_UNKNOWN"].includes(error.code);
}
