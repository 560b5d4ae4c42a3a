/**
 * Configurations as written: copied, and without what has errors. Both go step by step, since a configuration may have thousands
 * of routes, and an object thousands of keys.
 *
 * @module
 */
import { copyData, fromPointer, type RouteKey } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";

/**
 * Copies a configuration as written, so that a change of the copy changes nothing else.
 *
 * @throws PerfmockError `CONFIG_INVALID` where it holds something that is not data
 */
export function* copySteps(value: unknown): Generator<void, unknown> {
  if (!isRecord(value)) return copy(value);
  const copied: [key: string, part: unknown][] = [];
  for (const [key, part] of Object.entries(value)) {
    if (key !== "routes" || !Array.isArray(part)) {
      copied.push([key, copy(part, key)]);
      yield;
      continue;
    }
    const routes: unknown[] = [];
    copied.push([key, routes]);
    for (const route of part) {
      routes.push(copy(route));
      yield;
    }
  }
  return Object.fromEntries(copied);
}

/** @param key key of the value in the configuration; empty for the whole configuration and for a route */
function copy(value: unknown, key = ""): unknown {
  try {
    return copyData(value, key);
  } catch (error) {
    throw new PerfmockError(
      "CONFIG_INVALID",
      "Cannot use the configuration: it holds something that is not data",
      [{
        path: "",
        message: error instanceof Error ? error.message : String(error),
        allowed: "what JSON can hold",
      }],
    );
  }
}

/** The routes of a configuration as written; empty where it has no list of them. */
export function writtenRoutes(value: unknown): Record<string, unknown>[] {
  const routes = Reflect.get(value as object, "routes");
  return Array.isArray(routes) ? routes : [];
}

/** Keys that a route cannot do without: where one has an error, the whole route is left out. */
const IDENTITY: ReadonlySet<string> = new Set(["id", "method", "path"]);

/** The part of a configuration that has no errors. */
export interface WithoutErrors {
  /** The configuration; undefined where an error concerns a plugin, since nothing can be checked without it. */
  readonly value: unknown;
  /** Index of each of its routes in the configuration as written. */
  readonly routeIndices?: readonly number[];
}

/** Settings to leave out of a configuration. */
interface Omission {
  /** Keys of the configuration. */
  readonly keys: Set<string>;
  /** Omitted keys of routes by their index; "all" for the whole route. */
  readonly routes: Map<number, Set<string> | "all">;
}

/**
 * The configuration without the settings that have errors, and without all keys that the same plugin reads of such a route, so
 * that the plugin does not report errors that only follow from these.
 */
export function* withoutErrors(
  value: unknown,
  issues: readonly Issue[],
  routeKeys: ReadonlyMap<string, RouteKey>,
): Generator<void, WithoutErrors> {
  if (!isRecord(value)) return { value: undefined };
  const written = writtenRoutes(value);
  const omission = omissionFor(issues, routeKeys);
  if (omission === undefined) return { value: undefined };
  yield;
  const kept = without(value, omission.keys);
  if (!("routes" in kept)) return { value: kept, routeIndices: [] };
  const routes: unknown[] = [];
  const routeIndices: number[] = [];
  for (const [index, route] of written.entries()) {
    const omitted = omission.routes.get(index);
    if (omitted === "all" || !isRecord(route)) continue;
    routes.push(omitted === undefined ? { ...route } : without(route, omitted));
    routeIndices.push(index);
    yield;
  }
  kept.routes = routes;
  return { value: kept, routeIndices };
}

/** Finds what the errors leave out; undefined where one concerns a plugin or the whole. */
function omissionFor(
  issues: readonly Issue[],
  routeKeys: ReadonlyMap<string, RouteKey>,
): Omission | undefined {
  const omission: Omission = { keys: new Set(), routes: new Map() };
  for (const { path, suggestion = "" } of issues) {
    const [key, index, routeKey] = fromPointer(path);
    const misspelt = index === undefined && suggestion === "plugins";
    if (key === undefined || key === "plugins" || misspelt) return undefined;
    if (key !== "routes" || index === undefined) {
      omission.keys.add(key);
      continue;
    }
    const route = Number(index);
    const known = omission.routes.get(route) ?? new Set<string>();
    if (
      known === "all" || routeKey === undefined || IDENTITY.has(routeKey)
    ) omission.routes.set(route, "all");
    else {
      const owner = routeKeys.get(routeKey) ?? routeKeys.get(suggestion);
      known.add(routeKey);
      for (const [other, { plugin }] of owner === undefined ? [] : routeKeys) {
        if (plugin === owner?.plugin) known.add(other);
      }
      omission.routes.set(route, known);
    }
  }
  return omission;
}

function without(
  value: Readonly<Record<string, unknown>>,
  keys: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !keys.has(key)),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
