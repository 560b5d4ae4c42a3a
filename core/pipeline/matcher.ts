/**
 * Finds the route of a request. Hono's routers do the matching, as they do in a Hono app; here they hold prepared routes
 * instead of handlers, since a handler stack costs more than the rest of an exchange.
 *
 * @module
 */
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { METHOD_NAME_ALL, type Router } from "hono/router";
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

/** An absolute URL with a path. */
const WITH_PATH = /^[^:/?#]+:\/\/[^/?#]*\//;

/** The path of an absolute URL, decoded as routes are. */
export function pathOf(at: { readonly url: string }): string {
  // Deno's server passes on an absolute target as it came. One without a path means "/" (RFC 9110, section 4.2.3).
  if (!WITH_PATH.test(at.url)) return "/";
  // Hono reads nothing but the URL.
  return getPath(at as Request);
}

/**
 * Greatest number of routes that are compiled into one regular expression, which is fastest for few. The time to compile it
 * grows with the square of their number, so a trie holds more.
 */
const COMPILED = 128;

/** Greatest total length of the paths that are compiled into one regular expression, in characters: its size is limited. */
const COMPILED_LENGTH = 8192;

/**
 * Greatest length of one path that is compiled into a regular expression, in characters: the compiler calls itself once for each of
 * them, and the stack is limited.
 */
const COMPILED_PATH = 512;

/** A set of routes; finds the first that matches. */
export class Matcher<T extends Matchable> {
  readonly #router: Router<T>;
  readonly #methods: ReadonlySet<string>;

  /** @throws Error where a path is not in Hono's syntax */
  constructor(routes: readonly T[], router: Router<T> = routerOf(routes)) {
    this.#methods = new Set(routes.flatMap(({ methods }) => methods));
    this.#router = router;
  }

  /** Makes a matcher route by route, since many take long. */
  static *inSteps<T extends Matchable>(
    routes: readonly T[],
  ): Generator<void, Matcher<T>> {
    if (isSmall(routes)) return new Matcher(routes);
    const trie = new TrieRouter<T>();
    for (const route of routes) {
      add(trie, route);
      yield;
    }
    return new Matcher(routes, trie);
  }

  /** The first route for a method and a decoded path; a HEAD request is answered by a GET route. */
  find(method: string, path: string): T | undefined {
    if (this.#methods.size === 0) return undefined;
    const found = this.#router.match(method, path)[0][0]?.[0];
    return found === undefined && method === "HEAD"
      ? this.find("GET", path)
      : found;
  }

  /** All routes for a method and a decoded path, in their order; those for GET come last for a HEAD request. */
  findAll(method: string, path: string): T[] {
    if (this.#methods.size === 0) return [];
    const found = this.#router.match(method, path)[0].map(([route]) => route);
    return method === "HEAD" ? [...found, ...this.findAll("GET", path)] : found;
  }

  /** The methods for which a path has a route, sorted; empty where none has. */
  methodsOf(path: string): string[] {
    return [...this.#methods]
      .filter((method) => this.find(method, path) !== undefined)
      .sort();
  }
}

function isSmall(routes: readonly Matchable[]): boolean {
  return routes.length <= COMPILED &&
    routes.every(({ path }) => path.length <= COMPILED_PATH) &&
    routes.reduce((sum, { path }) => sum + path.length, 0) <= COMPILED_LENGTH;
}

function routerOf<T extends Matchable>(routes: readonly T[]): Router<T> {
  const router = isSmall(routes)
    ? new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] })
    : new TrieRouter<T>();
  for (const route of routes) add(router, route);
  // The first match compiles, which must not happen while a request waits.
  router.match("GET", "/");
  return router;
}

function add<T extends Matchable>(router: Router<T>, route: T): void {
  const path = unnamed(decodedPattern(route.path));
  for (const method of route.methods) {
    router.add(method === "*" ? METHOD_NAME_ALL : method, path, route);
  }
}

/**
 * A pattern whose parameters all have one name: names do not matter to matching, and a trie would compare a path with each name
 * that occurs at one place. Optional parameters keep theirs, since Hono expands them first.
 */
function unnamed(pattern: string): string {
  return pattern.replaceAll(/\/:[^/{}?]+(?=\/|\{|$)/g, "/:p");
}
