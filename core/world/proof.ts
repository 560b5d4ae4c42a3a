/**
 * Proves before a configuration takes over that its routes can answer: each pattern is matched once with a path of its own, and each
 * response is built once, without the hooks of plugins, whose effects could not be undone.
 *
 * @module
 */
import { describeThrown } from "../lib/thrown.ts";
import { LiveExchange } from "../pipeline/exchange.ts";
import { FetchIncoming } from "../pipeline/incoming.ts";
import { type Matchable, Matcher, pathOf } from "../pipeline/matcher.ts";
import { abandon, begin } from "../pipeline/pipeline.ts";
import type { Issue } from "../plugin.ts";
import type { MockRoute } from "./routes.ts";

const HOST = "http://localhost";

/** Segments whose meaning is the same in all routers: literal text, a parameter without a pattern, or any one segment. */
const PLAIN = /^(?:[^:*{}?]*|:[^:*{}?]+|\*)$/;

/**
 * Returns the path of a request that a pattern matches, as clients send it.
 *
 * @returns undefined if the pattern has parts for which no example is known, such as a regular expression
 */
export function examplePath(pattern: string): string | undefined {
  const segments = pattern.split("/");
  if (!segments.every((segment) => PLAIN.test(segment))) return undefined;
  const path = segments.map((segment) => /^[:*]/.test(segment) ? "x" : segment)
    .join("/");
  return new URL(HOST + path).pathname;
}

/**
 * Finds the routes that would answer no request, step by step.
 *
 * @param matcher matcher that will serve
 * @param indices index of each route in the configuration as written
 */
export function* proofIssues(
  routes: readonly MockRoute[],
  matcher: Pick<Matcher<Matchable>, "find">,
  indices: readonly number[],
): Generator<void, Issue[]> {
  const issues: Issue[] = [];
  for (const [index, route] of routes.entries()) {
    const at = `/routes/${indices[index]}`;
    const reason = unmatched(route, matcher);
    if (reason !== undefined) {
      issues.push({
        path: `${at}/path`,
        message: reason,
        value: route.path,
        allowed: "a path that a request can have",
      });
    }
    const error = unbuilt(route);
    if (error !== undefined) {
      issues.push({
        path: `${at}/response`,
        message: `Cannot build the response of route "${route.id}": ${
          describeThrown(error)
        }`,
      });
    }
    yield;
  }
  return issues;
}

/**
 * Finds the routes whose patterns no router takes, after a matcher of all routes could not be made.
 *
 * @param thrown error of that matcher
 */
export function patternIssues(
  routes: readonly Matchable[],
  indices: readonly number[],
  thrown: unknown,
): Issue[] {
  const issues = routes.flatMap((route, index): Issue[] => {
    try {
      new Matcher([route]);
      return [];
    } catch (error) {
      return [{
        path: `/routes/${indices[index]}/path`,
        message: `Cannot match this path: ${describeThrown(error)}`,
        value: route.path,
      }];
    }
  });
  return issues.length > 0 ? issues : [{
    path: "/routes",
    message: `Cannot match the paths of these routes together: ${
      describeThrown(thrown)
    }`,
  }];
}

/** Reason why no request reaches a route; undefined if one does, or if no example is known. */
function unmatched(
  { methods: [method], path }: Matchable,
  matcher: Pick<Matcher<Matchable>, "find">,
): string | undefined {
  const example = examplePath(path);
  // Tried without an example too, since a router may not be able to match at all.
  const found = matcher.find(
    method === "*" ? "GET" : method,
    pathOf({ url: HOST + (example ?? "/") }),
  );
  return example === undefined || found !== undefined
    ? undefined
    : `No request reaches this path: clients send ${example} for it`;
}

/** Error with which a response of a route cannot be built; undefined if all can. */
function unbuilt(route: MockRoute): unknown {
  const errors: unknown[] = [];
  const url = HOST + (examplePath(route.path) ?? "/");
  for (const plan of route.trials((error) => errors.push(error))) {
    const incoming = new FetchIncoming(new Request(url));
    const x = new LiveExchange(plan, "GET", incoming);
    begin(x);
    // A body that goes on, and its timers, end at once.
    abandon(x, "gone");
    Promise.resolve(incoming.answer())
      .then((response) => response.body?.cancel()).catch(() => {});
  }
  return errors[0];
}
