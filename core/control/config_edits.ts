/**
 * Edits of a configuration as written: each returns a changed copy.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";

/** A configuration as written, and the ids of its routes in their order. */
export interface Written {
  /** As written. */
  readonly value: unknown;
  /** Defaults included. */
  readonly ids: readonly string[];
}

/** @throws PerfmockError where the patch is no object or names routes */
export function patchConfig({ value }: Written, patch: unknown): unknown {
  if (!isObject(patch)) {
    throw invalid("Cannot patch the configuration", {
      path: "",
      message: "A merge patch of the configuration must be an object",
      value: patch,
      allowed: "an object (RFC 7396)",
    });
  }
  if ("routes" in patch) {
    throw invalid("Cannot patch the list of routes", {
      path: "/routes",
      message:
        "A merge patch replaces lists as a whole: change routes one by one",
      value: patch.routes,
      allowed: "PATCH, PUT or DELETE routes/{id}, or PUT config",
      suggestion: "PATCH routes/{id}",
    });
  }
  return mergePatch(value, patch);
}

/** What is fixed while the server runs: it stays as it is where a new configuration does not name it. */
const FIXED = ["host", "port", "tls", "engine"] as const;

/** The whole configuration replaced, but for what is fixed and not named. */
export function putConfig({ value }: Written, next: unknown): unknown {
  if (!isObject(next) || !isObject(value) || !isObject(value.server)) {
    return next;
  }
  const { server = {} } = next;
  if (!isObject(server)) return next;
  const before = value.server;
  const kept = FIXED.filter((key) => !(key in server) && key in before);
  return kept.length === 0 ? next : {
    ...next,
    server: {
      ...server,
      ...Object.fromEntries(kept.map((key) => [key, before[key]])),
    },
  };
}

/** The route replaced; a new one goes to the end. */
export function putRoute(
  written: Written,
  id: string,
  route: unknown,
): unknown {
  const named = withId(route, id);
  const index = written.ids.indexOf(id);
  const routes = routesOf(written);
  return withRoutes(
    written,
    index < 0 ? [...routes, named] : routes.with(index, named),
  );
}

/** @throws PerfmockError `ROUTE_UNKNOWN` */
export function patchRoute(
  written: Written,
  id: string,
  patch: unknown,
): unknown {
  const index = indexOf(written, id);
  const routes = routesOf(written);
  const { id: _, ...keys } = withId(patch, id);
  // An id that came from method and path stays, whatever becomes of those.
  const patched = withId(mergePatch(routes[index], keys), id);
  return withRoutes(written, routes.with(index, patched));
}

/** Merges into several routes, by id; an id that is not there is a new route, at the end. */
export function mergeRoutes(
  written: Written,
  patches: Readonly<Record<string, unknown>>,
): unknown {
  return Object.entries(patches).reduce(
    ({ value, ids }: Written, [id, patch]): Written =>
      ids.includes(id)
        ? { value: patchRoute({ value, ids }, id, patch), ids }
        : { value: putRoute({ value, ids }, id, patch), ids: [...ids, id] },
    written,
  ).value;
}

/** @throws PerfmockError `ROUTE_UNKNOWN` */
export function deleteRoute(written: Written, id: string): unknown {
  const index = indexOf(written, id);
  return withRoutes(
    written,
    routesOf(written).filter((_, place) => place !== index),
  );
}

function indexOf({ ids }: Written, id: string): number {
  const index = ids.indexOf(id);
  if (index >= 0) return index;
  const near = suggest(id, ids);
  throw new PerfmockError("ROUTE_UNKNOWN", `Cannot find a route "${id}"`, [{
    path: "",
    message: `There is no route "${id}"`,
    value: id,
    allowed: ids.join(", "),
    ...near !== undefined && { suggestion: near },
  }]);
}

function routesOf({ value }: Written): unknown[] {
  return isObject(value) && Array.isArray(value.routes) ? value.routes : [];
}

function withRoutes({ value }: Written, routes: unknown[]): unknown {
  return { ...isObject(value) ? value : {}, routes };
}

function withId(route: unknown, id: string): Record<string, unknown> {
  if (!isObject(route)) {
    throw invalid(`Cannot change route "${id}"`, {
      path: "",
      message: "A route must be an object",
      value: route,
      allowed: "an object with the keys of a route",
    });
  }
  if (route.id !== undefined && route.id !== id) {
    throw invalid(`Cannot change route "${id}"`, {
      path: "/id",
      message: "The id of a route cannot be changed",
      value: route.id,
      allowed: `"${id}", or nothing`,
    });
  }
  return { ...route, id };
}

function invalid(
  message: string,
  issue: PerfmockError["issues"][number],
): PerfmockError {
  return new PerfmockError("ARGUMENT_INVALID", message, [issue]);
}

/** What a patch makes of a value: objects are merged, null removes, all else replaces. Neither is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  // Not by assignment: a key may be "__proto__".
  return Object.fromEntries(merged);
}

/** Whether it is an object of JSON, neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
