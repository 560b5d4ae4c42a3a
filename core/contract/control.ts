/**
 * Types of the contract for the control API and for health.
 *
 * @module
 */
import type { Awaitable, Schema } from "./values.ts";

/**
 * Endpoint of the control API, or of a plugin at a path of its own. Routing, validation and openapi.json are derived from it.
 * Write it with `endpoint()`, which infers the types of body and query from their schemas.
 */
export interface Endpoint<Body = unknown, Query = unknown> {
  /** Method of the request. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with a leading slash, in Hono's syntax, such as `/pools/:name`. */
  readonly path: string;
  /** Description in one sentence, for openapi.json. */
  readonly summary: string;
  /** Schema of a JSON body. A request with an invalid body is answered with a problem document of status 400. */
  readonly body?: Schema<Body>;
  /**
   * Schema of the query, which is a record of strings. A request with an invalid query, or with a name that occurs twice, is
   * answered with a problem document of status 400.
   */
  readonly query?: Schema<Query>;
  /** Status of a successful JSON answer. Default 200. */
  readonly status?: 200 | 201 | 202 | 204;
  /** JSON Schema of the answer, for openapi.json. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** Content type of the answer. Default `application/json`. */
  readonly type?: string;
  /** Further content types of the answer, with the JSON Schema of each, for openapi.json. */
  readonly types?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * Content types of a body that `handle` reads itself, with the JSON Schema of each, for openapi.json. Not beside `body`, which is
   * JSON.
   */
  readonly accepts?: Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  /** Names of request headers that change the answer, with a description of each, for openapi.json. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Access. `control`: callers are checked as those of the control API are, its token included. `page`: pages of any origin may call
   * it and read the answer, without a token. `public`: anyone may call it, but pages of other origins cannot read the answer.
   * Default `control` below the control path, where `public` is not possible, and `public` at a path of its own.
   */
  readonly access?: "public" | "control" | "page";
  /**
   * Replicas that a call concerns where the server is one of a fleet. `own`: the one that received it. `all`: all carry it out, or none;
   * the one that received it answers, and `handle` awaits `agreed()` before anything takes effect. `first`: that of the first segment
   * answers for all. `alone`: the call is refused, because it concerns a server that stands alone. Default `own` for GET, `all` for all
   * else. With `merge` only `own` has an effect.
   *
   * It is different where each replica has an address of its own, as servers do that share a Redis: the default is `own` for all methods,
   * since a change of the configuration is agreed on in any case; `alone` means `own`; and a call with `own` and `merge` is answered
   * for all with `?replicas=all` only.
   */
  readonly replicas?: "own" | "all" | "first" | "alone";
  /**
   * Makes one answer of those of all replicas, where the server is one of a fleet. If it is an object, `replicas` and `complete` are
   * added: the replicas, and false if one of them is missing.
   */
  readonly merge?: (
    answers: readonly ReplicaAnswer[],
    call: Pick<Call, "parameters" | "request">,
    replicas: readonly ReplicaState[],
  ) => unknown;
  /**
   * Answers a request. A Response is sent unchanged, any other value as JSON.
   *
   * @throws PerfmockError for errors of the client: answered with a problem document, whose status is the one in the error,
   * or else the status of its code, by default 400. Other errors are logged and answered with 500.
   */
  handle(call: Call<Body, Query>): Awaitable<unknown>;
}

/** Answer of one replica of a fleet to a call. */
export interface ReplicaAnswer {
  /** Name of the replica. */
  readonly name: string;
  /** Answer, parsed from JSON. */
  readonly answer: unknown;
}

/** A replica in an answer that is made of those of all. */
export interface ReplicaState {
  /** Name of the replica. */
  readonly name: string;
  /** True if its figures are part of the answer. */
  readonly answered: boolean;
  /** Reason why they are not, or what is missing in them; absent if nothing is. */
  readonly error?: string;
}

/** Call of an {@linkcode Endpoint}. */
export interface Call<Body = unknown, Query = unknown> {
  /** Request. If the endpoint has a body schema, its body has already been read. */
  readonly request: Request;
  /** Values of the parameters in the path, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Body, parsed by the endpoint's schema; undefined without a schema. */
  readonly body: Body;
  /** Query, parsed by the endpoint's schema; undefined without a schema. */
  readonly query: Query;
}

/** State of a plugin, as the control API's `health` shows it. */
export interface HealthReport {
  /** Reasons why the server is degraded, one sentence each; empty if it is not. */
  readonly reasons: readonly string[];
  /** Work in progress, by kind, such as `{ runs: ["browse-1"] }`. Shown under `active`; not a reason to worry. */
  readonly active?: Readonly<Record<string, readonly string[]>>;
  /** State of each exporter, such as `{ statsd: "ok" }`. */
  readonly exporters?: Readonly<Record<string, string>>;
}
