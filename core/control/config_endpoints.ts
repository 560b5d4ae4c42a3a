/**
 * Endpoints that read and change the configuration. Revisions are exchanged as entity tags.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import { unknownRoute } from "../lib/unknown_route.ts";
import { type Call, type Endpoint, endpoint } from "../plugin.ts";
import { z } from "zod";
import {
  deleteRoute,
  patchConfig,
  patchRoute,
  putConfig,
  putRoute,
  type WrittenConfig,
} from "./config_edits.ts";

/** Configuration in force, as the control API reads and changes it. */
export interface LiveConfiguration {
  /** Revision in force. */
  readonly number: number;
  /** Complete configuration. */
  readonly config: Pick<PerfmockConfig, "routes">;
  /** Configuration as written. */
  readonly written: unknown;
  /**
   * Changes the configuration. If it throws, nothing has changed.
   *
   * @param edit returns the changed configuration
   * @param revisions one of which must be in force; undefined for any revision
   */
  changeWritten(
    edit: (written: WrittenConfig) => unknown,
    revisions: readonly number[] | undefined,
  ): Promise<unknown>;
}

/** Entity tag of a revision (RFC 9110, 8.8.3). */
export function etag(revision: number): string {
  return `"${revision}"`;
}

/**
 * Revisions that an If-Match header allows (RFC 9110, 13.1.1).
 *
 * @param header its value; null if absent
 * @returns undefined for any revision, empty if the header names none
 */
export function revisionsIn(
  header: string | null,
): readonly number[] | undefined {
  if (header === null) return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  // A weak tag never matches: If-Match uses strong comparison.
  return tags.includes("*")
    ? undefined
    : tags.flatMap((tag) => /^"(\d+)"$/.exec(tag)?.[1] ?? []).map(Number);
}

const CONFIG = {
  type: "object",
  description:
    "The configuration, as written; `perfmock schema` prints its JSON Schema",
};
const ROUTE = {
  type: "object",
  description:
    "The route, as written: an element of the configuration's routes",
};

// Takes any body: it is validated as a part of the whole configuration, so that issues have their places there.
const NEW_CONFIG = z.unknown().meta({
  ...CONFIG,
  examples: [{
    seed: 7,
    routes: [{ path: "/a", serviceTime: "5ms", response: { text: "a" } }],
  }],
});
const CONFIG_PATCH = z.unknown().meta({
  ...CONFIG,
  examples: [{ seed: 7 }, { journal: { capacity: 100 } }],
});
const NEW_ROUTE = z.unknown().meta({
  ...ROUTE,
  examples: [{ path: "/a", serviceTime: "5ms", response: { text: "a" } }],
});
const ROUTE_PATCH = z.unknown().meta({ ...ROUTE, examples: [{ scale: 3 }] });

const IF_MATCH = {
  "If-Match":
    "Revisions of the configuration to be changed, or *; 412 otherwise",
};

/** Endpoints `config` and `routes/{id}`. */
export function configEndpoints(live: LiveConfiguration): Endpoint[] {
  /** Makes one change, and answers with a part of the new configuration; undefined for no content. */
  async function change(
    { request }: Pick<Call, "request">,
    edit: (written: WrittenConfig) => unknown,
    answer: () => unknown,
  ): Promise<Response> {
    const revisions = revisionsIn(request.headers.get("if-match"));
    await live.changeWritten(edit, revisions);
    const headers = { etag: etag(live.number) };
    const body = answer();
    return body === undefined
      ? new Response(null, { status: 204, headers })
      : Response.json(body, { headers });
  }
  /** A route as written; undefined if there is none with this id. */
  const route = (id: string) => {
    const index = live.config.routes.findIndex((route) => route.id === id);
    const { routes = [] } = live.written as { routes?: readonly unknown[] };
    return index < 0 ? undefined : routes[index];
  };
  return [
    endpoint({
      method: "GET",
      path: "/config",
      summary: "The whole configuration as written; its ETag is the revision",
      answer: CONFIG,
      handle: () =>
        Response.json(live.written, { headers: { etag: etag(live.number) } }),
    }),
    endpoint({
      method: "PATCH",
      path: "/config",
      summary:
        "Merges into the configuration (RFC 7396); use routes/{id} to change routes",
      body: CONFIG_PATCH,
      headers: IF_MATCH,
      answer: CONFIG,
      handle: (call) =>
        change(
          call,
          (written) => patchConfig(written, call.body),
          () => live.written,
        ),
    }),
    endpoint({
      method: "PUT",
      path: "/config",
      summary:
        "Replaces the configuration; host, port, reusePort, tls, engine and limits stay unless they are named",
      body: NEW_CONFIG,
      headers: IF_MATCH,
      answer: CONFIG,
      handle: (call) =>
        change(
          call,
          (written) => putConfig(written, call.body),
          () => live.written,
        ),
    }),
    endpoint({
      method: "GET",
      path: "/routes/:id",
      summary: "One route, as written",
      answer: ROUTE,
      handle({ parameters: { id } }) {
        const found = route(id);
        if (found === undefined) {
          throw unknownRoute(id, live.config.routes.map(({ id }) => id));
        }
        return Response.json(found, { headers: { etag: etag(live.number) } });
      },
    }),
    endpoint({
      method: "PUT",
      path: "/routes/:id",
      summary: "Replaces one route; a new one is appended",
      body: NEW_ROUTE,
      headers: IF_MATCH,
      answer: ROUTE,
      handle: (call) =>
        change(
          call,
          (written) => putRoute(written, call.parameters.id, call.body),
          () => route(call.parameters.id),
        ),
    }),
    endpoint({
      method: "PATCH",
      path: "/routes/:id",
      summary: "Merges into one route (RFC 7396)",
      body: ROUTE_PATCH,
      headers: IF_MATCH,
      answer: ROUTE,
      handle: (call) =>
        change(
          call,
          (written) => patchRoute(written, call.parameters.id, call.body),
          () => route(call.parameters.id),
        ),
    }),
    endpoint({
      method: "DELETE",
      path: "/routes/:id",
      summary: "Removes one route",
      status: 204,
      headers: IF_MATCH,
      handle: (call) =>
        change(
          call,
          (written) => deleteRoute(written, call.parameters.id),
          () => undefined,
        ),
    }),
  ];
}
