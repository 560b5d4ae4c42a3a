/**
 * Edits of a configuration as written: each returns a changed copy.
 *
 * @module
 */
import { FIXED_SETTINGS, suggest } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { unknownRoute } from "../lib/unknown_route.ts";
import { WrittenNumber } from "../lib/written_number.ts";

/** A configuration as written, with the ids of its routes. */
export interface WrittenConfig {
  /** The configuration as written. */
  readonly value: unknown;
  /** Ids of all routes in their order, those that were not written included. */
  readonly ids: readonly string[];
}

/** Advice on a patch of routes, in the words of those who send it. */
export type PatchAdvice = Pick<Issue, "allowed" | "suggestion">;

/** Advice for clients of the control API. */
const ONE_BY_ONE: PatchAdvice = {
  allowed: "PATCH, PUT or DELETE routes/{id}, or PUT config",
  suggestion: "PATCH routes/{id}",
};

/**
 * Merges a patch into the configuration (RFC 7396).
 *
 * @param advice what to do in place of a patch of routes. Default as clients of the control API do it
 * @throws PerfmockError `ARGUMENT_INVALID` if the patch is not an object or contains routes
 */
export function patchConfig(
  { value }: WrittenConfig,
  patch: unknown,
  advice: PatchAdvice = ONE_BY_ONE,
): unknown {
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
      ...advice,
    });
  }
  return mergePatch(value, patch);
}

/** Replaces the whole configuration, except for the settings of the listener where it does not name them. */
export function putConfig({ value }: WrittenConfig, next: unknown): unknown {
  if (!isObject(next) || !isObject(value) || !isObject(value.server)) {
    return next;
  }
  const { server = {} } = next;
  if (!isObject(server)) return next;
  const before = value.server;
  const kept = FIXED_SETTINGS.filter((key) =>
    !(key in server) && key in before
  );
  return kept.length === 0 ? next : {
    ...next,
    server: {
      ...server,
      ...Object.fromEntries(kept.map((key) => [key, before[key]])),
    },
  };
}

/**
 * Replaces a route; a new one is appended.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if the route is not an object or has another id
 */
export function putRoute(
  written: WrittenConfig,
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

/**
 * Merges a patch into a route (RFC 7396).
 *
 * @throws PerfmockError `ROUTE_UNKNOWN`, or `ARGUMENT_INVALID` if the patch is not an object or has another id
 */
export function patchRoute(
  written: WrittenConfig,
  id: string,
  patch: unknown,
): unknown {
  const index = indexOf(written, id);
  const routes = routesOf(written);
  return withRoutes(
    written,
    routes.with(index, patched(routes[index], id, patch)),
  );
}

/** Merges a patch into one route. An id that was derived from method and path stays, even if the patch changes those. */
function patched(route: unknown, id: string, patch: unknown): unknown {
  const { id: _, ...keys } = withId(patch, id);
  return withId(mergePatch(route, keys), id);
}

/** Merges patches into several routes, by id; a patch with an unknown id is a new route, which is appended. */
export function mergeRoutes(
  written: WrittenConfig,
  patches: Readonly<Record<string, unknown>>,
): unknown {
  const routes = [...routesOf(written)];
  const places = new Map(written.ids.map((id, index) => [id, index]));
  for (const [id, patch] of Object.entries(patches)) {
    const place = places.get(id);
    if (place === undefined) routes.push(withId(patch, id));
    else routes[place] = patched(routes[place], id, patch);
  }
  return withRoutes(written, routes);
}

/**
 * Returns the issues of merged routes with the ids that the patches name in place of numbers that nobody wrote. A new route without
 * a path is a misspelt id.
 */
export function mergedRouteIssues(
  issues: readonly Issue[],
  { ids }: Pick<WrittenConfig, "ids">,
  patches: Readonly<Record<string, unknown>>,
): Issue[] {
  const added = Object.keys(patches).filter((id) => !ids.includes(id));
  const all = [...ids, ...added];
  return issues.map((issue) => {
    const [, index, rest] = /^\/routes\/(\d+)(\/.*)?$/.exec(issue.path) ?? [];
    const id = all[Number(index)];
    if (id === undefined) return issue;
    const isNew = Number(index) >= ids.length;
    if (isNew && rest === "/path" && issue.message === "Missing") {
      const near = suggest(id, ids);
      return {
        path: toPointer(["routes", id]),
        message: `There is no route "${id}", and a new one needs a path`,
        value: id,
        allowed: ids.length === 0
          ? "a new route with a path"
          : `${ids.join(", ")}, or a new route with a path`,
        ...near !== undefined && { suggestion: near },
      };
    }
    return { ...issue, path: toPointer(["routes", id]) + (rest ?? "") };
  });
}

/**
 * Removes a route.
 *
 * @throws PerfmockError `ROUTE_UNKNOWN`
 */
export function deleteRoute(written: WrittenConfig, id: string): unknown {
  const index = indexOf(written, id);
  return withRoutes(
    written,
    routesOf(written).filter((_, place) => place !== index),
  );
}

function indexOf({ ids }: WrittenConfig, id: string): number {
  const index = ids.indexOf(id);
  if (index >= 0) return index;
  throw unknownRoute(id, ids);
}

function routesOf({ value }: WrittenConfig): unknown[] {
  return isObject(value) && Array.isArray(value.routes) ? value.routes : [];
}

function withRoutes({ value }: WrittenConfig, routes: unknown[]): unknown {
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

/** Applies a JSON Merge Patch (RFC 7396): objects are merged, null removes, other values replace. Changes neither argument. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  // Not by assignment, since a key may be "__proto__".
  return Object.fromEntries(merged);
}

/** True for a JSON object, which is neither a list nor null, nor a number as written. */
export function isObject(
  value: unknown,
): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof WrittenNumber);
}
