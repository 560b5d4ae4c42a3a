/**
 * Control calls that read and change the configuration.
 *
 * @module
 */
import { z } from "zod";
import type { PerfmockConfig } from "../config/mod.ts";
import { problem } from "../lib/problem.ts";
import type { Call, Endpoint } from "../plugin.ts";
import {
  deleteRoute,
  patchConfig,
  patchRoute,
  putConfig,
  putRoute,
  type Written,
} from "./config_edits.ts";

/** The configuration that the calls read and change. */
export interface LiveConfiguration {
  /** The revision in force. */
  readonly number: number;
  /** Complete. */
  readonly config: Pick<PerfmockConfig, "routes">;
  /** As written. */
  readonly written: unknown;
  /**
   * Changes it, or throws and changes nothing.
   *
   * @param revisions those it was made for; any where undefined
   */
  changeWritten(
    edit: (written: Written) => unknown,
    revisions: readonly number[] | undefined,
  ): Promise<unknown>;
}

const ANY = z.unknown();
const CONFIG = { type: "object", description: "The configuration, as written" };
const ROUTE = { type: "object", description: "The route, as written" };

/** `config` and `routes/{id}`. */
export function configEndpoints(live: LiveConfiguration): Endpoint[] {
  /** One change, answered with what `answer` makes of the new configuration. */
  async function change(
    { request }: Call,
    edit: (written: Written) => unknown,
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
  /** Where a route stands, and how it was written. */
  const route = (id: string) => {
    const index = live.config.routes.findIndex((route) => route.id === id);
    const { routes = [] } = live.written as { routes?: readonly unknown[] };
    return index < 0 ? undefined : routes[index];
  };
  return [{
    method: "GET",
    path: "/config",
    summary: "The whole configuration as written; its ETag is the revision",
    answer: CONFIG,
    handle: () =>
      Response.json(live.written, { headers: { etag: etag(live.number) } }),
  }, {
    method: "PATCH",
    path: "/config",
    summary:
      "Merges into the configuration (RFC 7396); the list of routes is changed by routes/{id}",
    body: ANY,
    answer: CONFIG,
    handle: (call) =>
      change(
        call,
        (written) => patchConfig(written, call.body),
        () => live.written,
      ),
  }, {
    method: "PUT",
    path: "/config",
    summary:
      "Replaces the configuration; of host, port, tls and engine what is not named stays",
    body: ANY,
    answer: CONFIG,
    handle: (call) =>
      change(
        call,
        (written) => putConfig(written, call.body),
        () => live.written,
      ),
  }, {
    method: "GET",
    path: "/routes/:id",
    summary: "One route, as written",
    answer: ROUTE,
    handle({ parameters: { id } }) {
      const found = route(id);
      return found === undefined
        ? problem({
          status: 404,
          title: "The configuration has no such route",
          detail: `There is no route "${id}"`,
          code: "ROUTE_UNKNOWN",
        })
        : Response.json(found, { headers: { etag: etag(live.number) } });
    },
  }, {
    method: "PUT",
    path: "/routes/:id",
    summary: "Replaces one route; a new one is appended",
    body: ANY,
    answer: ROUTE,
    handle: (call) =>
      change(
        call,
        (written) => putRoute(written, call.parameters.id, call.body),
        () => route(call.parameters.id),
      ),
  }, {
    method: "PATCH",
    path: "/routes/:id",
    summary: "Merges into one route (RFC 7396)",
    body: ANY,
    answer: ROUTE,
    handle: (call) =>
      change(
        call,
        (written) => patchRoute(written, call.parameters.id, call.body),
        () => route(call.parameters.id),
      ),
  }, {
    method: "DELETE",
    path: "/routes/:id",
    summary: "Removes one route",
    status: 204,
    handle: (call) =>
      change(
        call,
        (written) => deleteRoute(written, call.parameters.id),
        () => undefined,
      ),
  }];
}

/** The entity tag of a revision. */
export function etag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revisions that an If-Match header takes: undefined for any, empty where it names none of ours.
 *
 * @param header its value; null where it was not sent
 */
export function revisionsIn(
  header: string | null,
): readonly number[] | undefined {
  if (header === null) return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  // A weak tag never matches: RFC 9110 has If-Match compare strongly.
  return tags.includes("*")
    ? undefined
    : tags.flatMap((tag) => /^"(\d+)"$/.exec(tag)?.[1] ?? []).map(Number);
}
