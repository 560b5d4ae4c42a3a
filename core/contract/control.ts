/**
 * The part of the contract for the control API and for health.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Awaitable, Schema } from "./values.ts";

/** One call of the control API, or of a plugin's own path: routing, validation and openapi.json come from it. */
export interface Endpoint<Body = unknown, Query = unknown> {
  /** GET, POST, PUT, PATCH or DELETE. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With a leading slash, in Hono's path syntax. */
  readonly path: string;
  /** In one sentence, for openapi.json. */
  readonly summary: string;
  /** The schema of a JSON body; a request that breaks it never reaches `handle`. */
  readonly body?: Schema<Body>;
  /** The schema of the query, a record of strings; a request that breaks it, or sends a name twice, never reaches `handle`. */
  readonly query?: Schema<Query>;
  /** The status of a JSON answer, and of what is promised in openapi.json; 200 where absent. */
  readonly status?: 200 | 201 | 202 | 204;
  /** The JSON Schema of the answer, for openapi.json. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** The answer's content type, application/json where absent. */
  readonly type?: string;
  /** Answers: a Response as it is, anything else as JSON. A PerfmockError becomes a problem document, status 400 unless its code has one of its own. */
  handle(call: Call<Body, Query>): Awaitable<unknown>;
}

/** One call of an {@linkcode Endpoint}. */
export interface Call<Body = unknown, Query = unknown> {
  /** The request; its body is read already where the endpoint has a body schema. */
  readonly request: Request;
  /** The values of the path's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The body, parsed by the endpoint's schema. */
  readonly body: Body;
  /** The query, parsed by the endpoint's schema. */
  readonly query: Query;
}

/** How a plugin is. */
export interface HealthReport {
  /** Why the server is not well, one sentence each; empty where it is. */
  readonly reasons: readonly string[];
  /** What it has going on, by kind, such as `{ runs: ["browse-1"] }`: shown under `active`, and no reason to worry. */
  readonly active?: Readonly<Record<string, readonly string[]>>;
  /** The state of each exporter, such as `{ statsd: "ok" }`. */
  readonly exporters?: Readonly<Record<string, string>>;
}

/** The shape of an error in settings, as a plugin throws it. */
export interface Faults extends Error {
  /** All issues, paths relative to the value that the plugin was given. */
  readonly issues: readonly Issue[];
}
