/**
 * Calls of the control API that a server and each of its sessions have, whichever way they take.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../core/errors.ts";
import { FILTER_OPTIONS } from "../core/lib/filter_options.ts";
import { isPlainObject } from "../core/lib/options.ts";
import type { JournalEntry, Stats } from "../mod.ts";
import { type CallSite, callSite, throwAt } from "./call_site.ts";
import type { Patch, PerfmockInput } from "./configuration.ts";
import { argumentError, checkOptions } from "./options.ts";

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
      if (value !== undefined) query.set(key, textOf(key, value));
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
    const site = callSite(this.update);
    throwAt(site, () => {
      if (isPlainObject(patch)) return;
      throw argumentError("Cannot update the configuration", [{
        path: "patch",
        message: "Expected an object",
        value: patch,
        allowed: "an object with the settings that change",
      }]);
    });
    await this.makeCall(
      { method: "PATCH", path: "/config", body: patch },
      site,
    );
  }

  /** {@linkcode Controlled.call}. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const site = callSite(this.call);
    throwAt(site, () => {
      const issues = callIssues(method, path, body);
      if (issues.length > 0) {
        throw argumentError("Cannot make the control call", issues);
      }
    });
    return await this.makeCall({ method, path: rooted(path), body }, site);
  }
}

/** Writes a part of a filter as a query holds it: there, a duration has a unit and no exponent. */
function textOf(key: string, value: unknown): string {
  return key === "slower" && typeof value === "number"
    ? `${value.toFixed(6)}ms`
    : `${value}`;
}

/** Methods of the control API. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Returns what is wrong with the arguments of a call. */
function callIssues(method: unknown, path: unknown, body: unknown): Issue[] {
  const issues: Issue[] = [];
  if (typeof method !== "string" || !METHODS.includes(method)) {
    issues.push({
      path: "method",
      message: "The control API has no such method",
      value: method,
      allowed: METHODS.join(", "),
      ...typeof method === "string" &&
        METHODS.includes(method.toUpperCase()) &&
        { suggestion: method.toUpperCase() },
    });
  }
  if (typeof path !== "string" || !isBelow(path)) {
    issues.push({
      path: "path",
      message: "This is no path below the control path",
      value: path,
      allowed: "a path such as /stats",
    });
  }
  if (method === "GET" && body !== undefined) {
    issues.push({
      path: "body",
      message: "A call with GET has no body",
      value: body,
      allowed: "parameters in the path: /requests?limit=5",
    });
  }
  return issues;
}

/** True for a path that does not lead out of the control path. */
function isBelow(path: string): boolean {
  const { pathname } = new URL(`http://localhost/below${rooted(path)}`);
  return pathname.startsWith("/below/");
}

/** A path with a leading slash. */
function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** True for the errors of a session that there is no more. */
export function isOver(error: unknown): boolean {
  return error instanceof PerfmockError &&
    ["SERVER_NOT_STARTED", "SESSION_UNKNOWN"].includes(error.code);
}
