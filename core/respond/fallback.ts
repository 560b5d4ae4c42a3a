/**
 * What no route takes: said at once, with the routes that were probably meant.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { problem } from "../lib/problem.ts";
import { corsHeaders } from "../pipeline/cors.ts";
import type { Matchable, Matcher } from "../pipeline/matcher.ts";

/** Answers requests that match no route: 405 where the path has one for another method, else 404. */
export function createFallback<T extends Matchable>(
  matcher: Matcher<T>,
  routes: readonly T[],
  options: { readonly cors: boolean },
): (request: Request, path: string) => Response {
  const paths = [...new Set(routes.map((route) => route.path))];
  return (request, path) => {
    const headers = new Headers({ "timing-allow-origin": "*" });
    const origin = request.headers.get("origin");
    if (options.cors) headers.set("vary", "Origin");
    if (options.cors && origin !== null) corsHeaders(headers, origin);
    const allowed = matcher.methodsOf(path);
    if (allowed.length > 0) {
      headers.set("allow", allowed.join(", "));
      return problem({
        status: 405,
        title: "No route takes this method",
        detail: `${path} has a route for ${
          allowed.join(", ")
        }, not for ${request.method}`,
      }, headers);
    }
    const meant = suggest(path, paths);
    return problem({
      status: 404,
      title: "No route matches",
      detail: `No route takes ${request.method} ${path}${
        meant === undefined ? "" : `; did you mean ${meant}?`
      }`,
    }, headers);
  };
}
