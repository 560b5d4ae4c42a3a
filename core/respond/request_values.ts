/**
 * The values of a request that templates are filled with.
 *
 * @module
 */
import { TrieRouter } from "hono/router/trie-router";
import { getPath } from "hono/utils/url";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { decodedPattern } from "../pipeline/matcher.ts";
import type { Values } from "../lib/template.ts";

/** Makes the reader of a route's values; in simulation, which has no request, all but the numbers are missing. */
export function valuesOf(path: string): (x: LiveExchange) => RequestValues {
  const router = new TrieRouter<true>();
  router.add("GET", decodedPattern(path), true);
  return (x) => new RequestValues(x, router);
}

/** One request's values, read when they are asked for. */
export class RequestValues implements Values {
  index = 0;
  readonly sequence: number;
  readonly #request: Request | undefined;
  readonly #router: TrieRouter<true>;
  #path: Readonly<Record<string, string>> | undefined;
  #query: URLSearchParams | undefined;

  constructor(
    x: Pick<LiveExchange, "request" | "sequence">,
    router: TrieRouter<true>,
  ) {
    this.sequence = x.sequence;
    this.#request = x.request;
    this.#router = router;
  }

  path(name: string): string | undefined {
    this.#path ??= this.#request === undefined
      ? {}
      : parametersOf(this.#request, this.#router);
    const value = this.#path[name];
    return value === undefined ? undefined : decoded(value);
  }

  query(name: string): string | undefined {
    if (this.#query === undefined) {
      const url = this.#request?.url ?? "";
      const start = url.indexOf("?");
      this.#query = new URLSearchParams(start < 0 ? "" : url.slice(start));
    }
    return this.#query.get(name) ?? undefined;
  }
}

/** Where our app is mounted in another, the request's path has more in front than the route's. */
function parametersOf(
  request: Request,
  router: TrieRouter<true>,
): Readonly<Record<string, string>> {
  const whole = getPath(request);
  for (let at = 0; at >= 0; at = whole.indexOf("/", at + 1)) {
    const [found] = router.match("GET", whole.slice(at))[0];
    if (found !== undefined) return found[1] as Record<string, string>;
  }
  return {};
}

/** Hono leaves encoded what would have changed the path's meaning. */
function decoded(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
