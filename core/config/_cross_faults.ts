/**
 * Faults that lie between settings, each of which is fine by itself.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Kit } from "../plugin.ts";
import { isRecord } from "./_schema_lookup.ts";
import { responseFaults } from "./_response_faults.ts";
import { idOf } from "./route_id.ts";

const LOOPBACK = /^(127(\.\d+){3}|\[?::1\]?|localhost)$/;

/** Finds them in a configuration as written; what has not the right type is the schema's to report. */
export function crossFaults(written: unknown, kit: Kit): Issue[] {
  if (!isRecord(written)) return [];
  return [
    ...exposed(written),
    ...ambiguous(written.routes),
    ...bodiless(written.routes),
    ...responseFaults(written.routes, kit),
  ];
}

/** Beyond loopback, anybody could change the server. */
function exposed({ server, control }: Record<string, unknown>): Issue[] {
  const host = isRecord(server) ? server.host : undefined;
  const token = isRecord(control) ? control.token : undefined;
  if (typeof host !== "string" || LOOPBACK.test(host)) return [];
  if (token !== undefined && token !== null) return [];
  return [{
    path: "/server/host",
    message:
      "Cannot listen beyond loopback without a token: anybody could use the control API",
    value: host,
    allowed: "127.0.0.1, ::1, localhost, or any address with control.token",
    suggestion: "Set control.token, or PERFMOCK_TOKEN",
  }];
}

/** A route as written, so far as it can be read. */
interface Written {
  readonly id: string;
  readonly methods: readonly string[];
  readonly path: string;
}

/** Two routes of one id, and routes that can never answer because one before them takes the same. */
function ambiguous(routes: unknown): Issue[] {
  const faults: Issue[] = [];
  const before: Written[] = [];
  for (
    const [index, route] of (Array.isArray(routes) ? routes : []).entries()
  ) {
    if (!isRecord(route) || typeof route.path !== "string") continue;
    const { path } = route;
    const methods = methodsOf(route.method);
    const id = typeof route.id === "string" ? route.id : idOf(methods, path);
    const taken = methods.map((method) => ({
      method,
      by: before.find((other) =>
        shape(other.path) === shape(path) &&
        (other.methods.includes(method) || other.methods.includes("*"))
      ),
    })).find(({ by }) => by !== undefined);
    if (taken !== undefined) {
      faults.push({
        path: `/routes/${index}/path`,
        message:
          `This route can never answer ${taken.method} ${path}: route "${taken.by?.id}" takes it before`,
        value: path,
        allowed: "another path or method, or a place before that route",
      });
    } else if (before.some((other) => other.id === id)) {
      const first = before.find((other) => other.id === id);
      faults.push({
        path: `/routes/${index}/id`,
        message:
          `Routes ${first?.methods} ${first?.path} and ${methods} ${path} have the same id "${id}"`,
        value: id,
        allowed: "an id of its own",
      });
    }
    before.push({ id, methods, path });
  }
  return faults;
}

/** What has no body cannot be cut in its middle. */
function bodiless(routes: unknown): Issue[] {
  return (Array.isArray(routes) ? routes : []).flatMap((route, index) => {
    if (!isRecord(route) || !Array.isArray(route.faults)) return [];
    const response = isRecord(route.response) ? route.response : {};
    const { status: _status, headers: _headers, ...body } = response;
    if (Object.keys(body).length > 0) return [];
    return route.faults.flatMap((fault, place) =>
      isRecord(fault) && fault.action === "cut-body"
        ? [{
          path: `/routes/${index}/faults/${place}/action`,
          message: "Cannot cut the body of a response that has none",
          value: "cut-body",
          allowed: "a response with a body, or another action",
        }]
        : []
    );
  });
}

/** What a path matches: the names of its parameters do not matter. */
function shape(path: string): string {
  return path.replaceAll(/\/:[^/{?]+/g, "/:");
}

function methodsOf(written: unknown): string[] {
  const list = Array.isArray(written) ? written : [written ?? "GET"];
  return list.filter((method) => typeof method === "string")
    .map((method) => method.toUpperCase());
}
