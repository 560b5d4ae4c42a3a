/**
 * The control calls that make, list and end sessions.
 *
 * @module
 */
import { z } from "zod";
import type { Endpoint, Kit } from "../plugin.ts";
import {
  NAME,
  type SessionDescription,
  type SessionRequest,
  type Sessions,
} from "../server/sessions/sessions.ts";

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
export function sessionEndpoints(sessions: Sessions, kit: Kit): Endpoint[] {
  return [{
    method: "POST",
    path: "/sessions",
    summary:
      "Makes a session: its own seed, sequence numbers, routes, pools, stats and journal",
    body: z.strictObject({
      name: z.string().regex(NAME, {
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
