/**
 * Endpoints that make, list and end sessions.
 *
 * @module
 */
import { z } from "zod";
import { SESSION_NAME } from "../lib/control_values.ts";
import { type Endpoint, endpoint, type Kit } from "../plugin.ts";

/** A session to be made. */
export interface SessionRequest {
  /** Unique name. By default a name is generated. */
  readonly name?: string | undefined;
  /** Seed of its draws. By default the server's. */
  readonly seed?: number | string | undefined;
  /** Time without requests after which it ends, in milliseconds. By default as configured. */
  readonly expiry?: number | undefined;
  /** Changes to the server's routes, by route id: merged into them (RFC 7396). */
  readonly routes?: Readonly<Record<string, unknown>> | undefined;
}

/** A session as the control API describes it. */
export interface SessionDescription {
  /** Unique name. */
  readonly name: string;
  /** URL at which it can be reached without the session header; null if the server does not listen. */
  readonly url: string | null;
  /** Seed of its draws. */
  readonly seed: number | string;
  /** Revision of its own configuration. */
  readonly revision: number;
  /** Number of its exchanges in flight. */
  readonly inFlight: number;
  /** Time until it ends if no request arrives for it, in milliseconds. */
  readonly expiresMs: number;
}

/** Sessions of a server, as the control API uses them. */
export interface SessionStore {
  /**
   * Makes a session.
   *
   * @throws PerfmockError `SESSIONS_EXHAUSTED`, `ARGUMENT_INVALID` if the name is taken, or with the issues of its routes
   */
  create(request: SessionRequest): Promise<SessionDescription>;
  /** All sessions, in the order in which they were made. */
  list(): readonly SessionDescription[];
  /**
   * Describes one session.
   *
   * @throws PerfmockError `SESSION_UNKNOWN`
   */
  describe(name: string): SessionDescription;
  /**
   * Ends a session and cuts its exchanges in flight.
   *
   * @throws PerfmockError `SESSION_UNKNOWN`
   */
  delete(name: string): Promise<void>;
}

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

/** Endpoints `sessions` and `sessions/{name}`. */
export function sessionEndpoints(sessions: SessionStore, kit: Kit): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: "/sessions",
      summary:
        "Makes a session: its own seed, sequence numbers, routes, pools, stats and journal",
      body: z.strictObject(kit.worded({
        name: z.string().regex(SESSION_NAME, {
          error:
            "A session's name stands before .localhost: up to 63 lower-case letters, digits and inner hyphens",
        }).optional(),
        seed: z.union([kit.integer(), z.string().min(1)]).optional(),
        expiry: kit.duration({ above: 0 }).optional(),
        routes: z.record(z.string(), z.record(z.string(), z.unknown()))
          .optional(),
      }, {
        name:
          "Name of the session, which also stands before .localhost. Default: a new one",
        seed: "Seed of its draws. Default: the server's",
        expiry:
          "Time without a request after which it ends. Default: sessions.expiry",
        routes: "Changes to the server's routes, by id (RFC 7396)",
      })),
      status: 201,
      answer: SESSION,
      handle: ({ body }) => sessions.create(body),
    }),
    endpoint({
      method: "GET",
      path: "/sessions",
      replicas: "own",
      summary: "All sessions, in the order in which they were made",
      answer: {
        type: "object",
        required: ["sessions"],
        properties: { sessions: { type: "array", items: SESSION } },
      },
      handle: () => ({ sessions: sessions.list() }),
      merge: (answers) => ({
        sessions: mergeSessions(
          answers.flatMap(({ answer }) =>
            (answer as { readonly sessions: SessionDescription[] }).sessions
          ),
        ),
      }),
    }),
    endpoint({
      method: "GET",
      path: "/sessions/:name",
      replicas: "own",
      summary: "One session",
      answer: SESSION,
      handle: ({ parameters: { name } }) => sessions.describe(name),
      merge: (answers) =>
        mergeSessions(
          answers.map(({ answer }) => answer as SessionDescription),
        )[0],
    }),
    endpoint({
      method: "DELETE",
      path: "/sessions/:name",
      summary: "Ends a session and cuts its exchanges in flight",
      status: 204,
      async handle({ parameters: { name } }) {
        await sessions.delete(name);
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

/** Merges what replicas say of the same sessions: requests in flight are added, and the latest use counts. */
export function mergeSessions(
  parts: readonly SessionDescription[],
): SessionDescription[] {
  const merged = new Map<string, SessionDescription>();
  for (const part of parts) {
    const known = merged.get(part.name);
    merged.set(
      part.name,
      known === undefined ? part : {
        ...known,
        inFlight: known.inFlight + part.inFlight,
        expiresMs: Math.max(known.expiresMs, part.expiresMs),
      },
    );
  }
  return [...merged.values()];
}
