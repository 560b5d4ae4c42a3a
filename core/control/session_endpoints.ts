/**
 * The control calls that make, list and end sessions.
 *
 * @module
 */
import { z } from "zod";
import type { Endpoint, Kit } from "../plugin.ts";

/** What a session is made of. */
export interface SessionRequest {
  /** Unique; made up where absent. */
  readonly name?: string | undefined;
  /** Of its draws; the server's where absent. */
  readonly seed?: number | string | undefined;
  /** In milliseconds without a request; as configured where absent. */
  readonly expiry?: number | undefined;
  /** What its routes have that the server's have not, by id: merged into them (RFC 7396). */
  readonly routes?: Readonly<Record<string, unknown>> | undefined;
}

/** A session in the control API. */
export interface SessionDescription {
  /** Unique. */
  readonly name: string;
  /** Where it is reached without the header. */
  readonly url: string | null;
  /** Of its draws. */
  readonly seed: number | string;
  /** The revision of its own configuration. */
  readonly revision: number;
  /** How many of its exchanges are under way. */
  readonly inFlight: number;
  /** In how many milliseconds it ends, if nothing comes for it. */
  readonly expiresMs: number;
}

/** Sessions of a server, as the control API makes, lists and ends them. */
export interface SessionStore {
  /**
   * Makes a session.
   *
   * @throws PerfmockError `SESSIONS_EXHAUSTED`, `ARGUMENT_INVALID` where the name is taken, or the issues of its routes
   */
  create(request: SessionRequest): Promise<SessionDescription>;
  /** All sessions, in the order in which they were made. */
  list(): readonly SessionDescription[];
  /** @throws PerfmockError `SESSION_UNKNOWN` */
  describe(name: string): SessionDescription;
  /**
   * Ends a session: its exchanges are cut.
   *
   * @throws PerfmockError `SESSION_UNKNOWN`
   */
  delete(name: string): Promise<void>;
}

/** A label of a host name: what can stand before `.localhost`. */
export const SESSION_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const SESSION = {
  type: "object",
  properties: {
    name: { type: "string" },
    url: { type: ["string", "null"] },
    seed: { type: ["integer", "string"] },
    revision: { type: "integer" },
    inFlight: { type: "integer" },
    expiresMs: { type: "number" },
  } satisfies Record<keyof SessionDescription, unknown>,
};

/** `sessions` and `sessions/{name}`. */
export function sessionEndpoints(sessions: SessionStore, kit: Kit): Endpoint[] {
  return [{
    method: "POST",
    path: "/sessions",
    summary:
      "Makes a session: its own seed, sequence numbers, routes, pools, stats and journal",
    body: z.strictObject({
      name: z.string().regex(SESSION_NAME, {
        error:
          "A session's name stands before .localhost: up to 63 lower-case letters, digits and inner hyphens",
      }).optional(),
      seed: z.union([kit.integer(), z.string().min(1)]).optional(),
      expiry: kit.duration({ above: 0 }).optional(),
      routes: z.record(z.string(), z.record(z.string(), z.unknown()))
        .optional(),
    }),
    status: 201,
    answer: SESSION,
    handle: ({ body }) => sessions.create(body as SessionRequest),
  }, {
    method: "GET",
    path: "/sessions",
    summary: "The sessions there are",
    answer: {
      type: "object",
      required: ["sessions"],
      properties: { sessions: { type: "array", items: SESSION } },
    },
    handle: () => ({ sessions: sessions.list() }),
  }, {
    method: "GET",
    path: "/sessions/:name",
    summary: "One session",
    answer: SESSION,
    handle: ({ parameters: { name } }) => sessions.describe(name),
  }, {
    method: "DELETE",
    path: "/sessions/:name",
    summary: "Ends a session: what is under way in it is cut",
    status: 204,
    async handle({ parameters: { name } }) {
      await sessions.delete(name);
      return new Response(null, { status: 204 });
    },
  }];
}
