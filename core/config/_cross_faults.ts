/**
 * Faults that lie between settings, each of which is fine by itself.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { isRecord } from "./_json_schema.ts";
import { idOf } from "./route_id.ts";

const LOOPBACK = /^(127(\.\d+){3}|\[?::1\]?|localhost)$/;

/** Finds them in a configuration as written; what has not the right type is the schema's to report. */
export function crossFaults(written: unknown): Issue[] {
  if (!isRecord(written)) return [];
  return [...exposed(written), ...ambiguous(written.routes)];
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

/** Two routes of one id, and a route that can never answer because one before it takes the same. */
function ambiguous(routes: unknown): Issue[] {
  const faults: Issue[] = [];
  const ids = new Map<string, number>();
  const places = new Map<string, number>();
  for (
    const [index, route] of (Array.isArray(routes) ? routes : []).entries()
  ) {
    if (!isRecord(route) || typeof route.path !== "string") continue;
    const methods = methodsOf(route.method);
    const id = typeof route.id === "string"
      ? route.id
      : idOf(methods, route.path);
    let taken = false;
    for (const method of methods) {
      const place = `${method} ${route.path}`;
      const first = places.get(place);
      if (first === undefined) {
        places.set(place, index);
        continue;
      }
      taken = true;
      faults.push({
        path: `/routes/${index}/path`,
        message:
          `This route can never answer: route ${first} takes ${place} before it`,
        value: route.path,
      });
    }
    const same = ids.get(id);
    if (same === undefined) ids.set(id, index);
    else if (!taken) {
      faults.push({
        path: `/routes/${index}/id`,
        message: `Routes ${same} and ${index} have the same id "${id}"`,
        value: id,
        allowed: "an id of its own",
      });
    }
  }
  return faults;
}

function methodsOf(written: unknown): string[] {
  const list = Array.isArray(written) ? written : [written ?? "GET"];
  return list.filter((method) => typeof method === "string")
    .map((method) => method.toUpperCase());
}
