/**
 * The part of the contract by which the control API is extended.
 *
 * @module
 */
import type { Schema } from "./schema.ts";
import type { Awaitable } from "./exchange.ts";

/** One call of the control API, or of a plugin's own path: routing, validation and openapi.json come from it. */
export interface Endpoint {
  /** GET, POST, PUT, PATCH or DELETE. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With a leading slash, in Hono's path syntax. */
  readonly path: string;
  /** In one sentence, for openapi.json. */
  readonly summary: string;
  /** The schema of a JSON body; a request that breaks it never reaches `handle`. */
  readonly body?: Schema;
  /** The schema of the query, a record of strings; a request that breaks it, or sends a name twice, never reaches `handle`. */
  readonly query?: Schema;
  /** The status of a JSON answer, and of what is promised in openapi.json; 200 where absent. */
  readonly status?: 200 | 201 | 202 | 204;
  /** The JSON Schema of the answer, for openapi.json. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** The answer's content type, application/json where absent. */
  readonly type?: string;
  /** Answers: a Response as it is, anything else as JSON. A PerfmockError becomes a problem document, status 400 unless its code has one of its own. */
  handle(call: Call): Awaitable<unknown>;
}

/** One call of an {@linkcode Endpoint}. */
export interface Call {
  /** The request; its body is read already where the endpoint has a body schema. */
  readonly request: Request;
  /** The values of the path's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The body, parsed by the endpoint's schema. */
  readonly body: unknown;
  /** The query, parsed by the endpoint's schema. */
  readonly query: unknown;
}
