/**
 * The routes among which a request's URL leaves a choice, and the choice itself: by their conditions, in their order.
 *
 * @module
 */
import type { Issue } from "../plugin.ts";
import type { RouteConditions } from "./conditions.ts";
import type { Matchable } from "./matcher.ts";
import { MOST_IN_BATCH, type RequestView } from "./request_view.ts";

/** A route that may have conditions. */
export interface Conditional extends Matchable {
  /** Id of the route. */
  readonly id: string;
  /** Conditions beyond method and path; undefined for none. */
  readonly when: RouteConditions | undefined;
  /** True if the answer contains values of the request's body, which is read as a whole before the exchange begins. */
  readonly readsBody: boolean;
}

/** Returns true if a request of a URL whose first route this is has to be looked at. */
export function needsLook({ when, readsBody }: Conditional): boolean {
  return when !== undefined || readsBody;
}

/** Result of a choice without a route: the body has to be read first, or the request is a batch of operations, or none matches. */
export type Undecided = "body" | "batch" | "none";

/** Chooses the first route whose conditions a request meets. */
export function choose<T extends Conditional>(
  routes: readonly T[],
  view: RequestView,
): T | Undecided {
  const unread = view.body === undefined;
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i];
    const { when } = route;
    if (when !== undefined) {
      if (!when.holdForHead(view)) continue;
      if (when.inBody) {
        if (unread) return "body";
        if (when.ofGraphql && view.batch !== undefined) return "batch";
        if (!when.holdForBody(view)) continue;
      }
    }
    return route.readsBody && unread ? "body" : route;
  }
  return "none";
}

/** Maximum number of routes whose conditions an explanation lists. */
export const MOST_EXPLAINED = 20;

/** Explains why no route takes a request: the conditions that it does not meet, route by route. */
export function explain(
  routes: readonly Conditional[],
  view: RequestView,
): Issue[] {
  const issues = routes.slice(0, MOST_EXPLAINED).flatMap(({ id, when }) =>
    (when?.explain(view) ?? []).map((issue) => ({
      ...issue,
      message: `Route "${id}": ${issue.message}`,
    }))
  );
  const more = routes.length - MOST_EXPLAINED;
  return more <= 0 ? issues : [...issues, {
    path: "",
    message: `${more} more route${
      more === 1 ? " does" : "s do"
    } not match either`,
  }];
}

/** Returns true if a batch has more operations than are taken. */
export function isTooLong(batch: readonly unknown[]): boolean {
  return batch.length > MOST_IN_BATCH;
}
