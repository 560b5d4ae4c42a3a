/**
 * Ids of routes: those that are written, and the defaults.
 *
 * @module
 */
import { defaultMethods, methodsOf } from "./_route_settings.ts";
import { isRecord, listOf } from "./_schema_lookup.ts";
import { validate, type Validation } from "./validate.ts";
import {
  type PlacedCondition,
  WHEN,
  type WhenSettings,
} from "./when_settings.ts";

/** Maximum length of the part of a default id that comes from conditions, in characters. */
const MAX_CONDITIONS_IN_ID = 60;

/**
 * Returns the default id of a route: `get-api-orders-id` for GET /api/orders/:id, and `post-graphql-GetCart` for POST of a GraphQL
 * operation.
 *
 * @param methods methods as written; undefined for the default
 * @param when conditions of the route; undefined for none
 */
export function idOf(
  methods: readonly string[] | undefined,
  path: string,
  when: WhenSettings = [],
): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const named = methods ?? defaultMethods(when);
  // With the default for GraphQL, the operation says more than the methods.
  const method = methods === undefined && named.length > 1 ? [] : named.map(
    (method) => method === "*" ? "any" : method.toLowerCase(),
  );
  const conditions = when.flatMap(wordsOf).join("-");
  return [
    ...method,
    ...(words.length === 0 ? ["root"] : words),
    ...conditions === "" ? [] : [conditions.slice(0, MAX_CONDITIONS_IN_ID)],
  ].join("-");
}

function wordsIn(text: string): string[] {
  return text.split(/[^A-Za-z0-9_]+/).filter((word) => word !== "");
}

function wordsOf({ part, written, condition }: PlacedCondition): string[] {
  const name = part === "graphql" ? [] : wordsIn(written);
  switch (condition.kind) {
    case "equal":
      return [...name, ...wordsIn(JSON.stringify(condition.value))];
    case "pattern":
      return [...name, ...wordsIn(condition.source)];
    default:
      return [...name, condition.kind];
  }
}

/** Conditions of a route as written; undefined for none, and if they cannot be read. */
export function whenOf(
  { when }: Record<string, unknown>,
): Validation<WhenSettings | undefined> {
  return when === undefined ? { value: undefined } : validate(WHEN, when);
}

/**
 * Returns the id of a route as written: its own, or the default.
 *
 * @param when its conditions
 */
export function writtenId(
  { id, method, path }: Record<string, unknown>,
  when: WhenSettings | undefined,
): string {
  if (typeof id === "string") return id;
  return idOf(
    method === undefined ? undefined : [...new Set(methodsOf(method))],
    typeof path === "string" ? path : "",
    when,
  );
}

/** Returns the ids of the routes of a configuration as written, in their order: those that nobody wrote, too. */
export function writtenIds(value: unknown): string[] {
  const { routes } = isRecord(value) ? value : { routes: undefined };
  return listOf(routes).map((route) => {
    const written = isRecord(route) ? route : {};
    const when = whenOf(written);
    return writtenId(
      written,
      when.issues === undefined ? when.value : undefined,
    );
  });
}
