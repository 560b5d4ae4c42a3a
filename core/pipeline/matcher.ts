/**
 * Finds the route of a request. Hono's routers do the matching, as they do in a Hono app; here they hold prepared routes
 * instead of handlers, since a handler stack costs more than the rest of an exchange.
 *
 * @module
 */
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { METHOD_NAME_ALL } from "hono/router";
import { getPath } from "hono/utils/url";

/** Something to be found by method and path. */
export interface Matchable {
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** In Hono's path syntax. */
  readonly path: string;
}

/**
 * A pattern as requests' paths are compared with it: Hono decodes these, but for what would change their meaning, such as
 * %2F. A path with a blank is therefore found whether it was written "/a%20b" or not.
 */
export function decodedPattern(path: string): string {
  try {
    return decodeURI(path.replaceAll("%25", "%2525"));
  } catch {
    return path;
  }
}

/** The path of an absolute URL, decoded as routes are. */
export function pathOf(at: { readonly url: string }): string {
  // Hono reads nothing but the URL.
  return getPath(at as Request);
}

/** A set of routes; finds the first that matches. */
export class Matcher<T extends Matchable> {
  readonly #router = new SmartRouter<T>({
    routers: [new RegExpRouter(), new TrieRouter()],
  });
  readonly #methods = new Set<string>();

  /** @throws Error where a path is not in Hono's syntax */
  constructor(routes: readonly T[]) {
    for (const route of routes) {
      for (const method of route.methods) {
        this.#methods.add(method);
        this.#router.add(
          method === "*" ? METHOD_NAME_ALL : method,
          decodedPattern(route.path),
          route,
        );
      }
    }
  }

  /** The first route for a method and a decoded path; a HEAD request is answered by a GET route. */
  find(method: string, path: string): T | undefined {
    if (this.#methods.size === 0) return undefined;
    const found = this.#router.match(method, path)[0][0]?.[0];
    return found === undefined && method === "HEAD"
      ? this.find("GET", path)
      : found;
  }

  /** The methods for which a path has a route, sorted; empty where none has. */
  methodsOf(path: string): string[] {
    return [...this.#methods]
      .filter((method) => this.find(method, path) !== undefined)
      .sort();
  }
}
