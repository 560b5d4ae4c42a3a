/**
 * Bodies that are text: fixed, or a template that is filled with values of the request.
 *
 * @module
 */
import { TrieRouter } from "hono/router/trie-router";
import { byteLength } from "../lib/http.ts";
import type { Values } from "../lib/template.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import { decodedPattern, pathOf } from "../pipeline/matcher.ts";
import { BytesBody, pieceSizes, type Source } from "./source.ts";

const encoder = new TextEncoder();

/** Answers with a fixed text. Only a route with wire settings needs this source; others answer with the text itself. */
export function fixedSource(text: string): Source {
  const bytes = encoder.encode(text);
  const { length } = bytes;
  const headers = new Headers({ "content-length": `${length}` });
  return {
    // All answers share the bytes: otherwise many slow downloads of a large text would hold as many copies.
    content: () => ({ headers, body: new BytesBody(bytes) }),
    pieces: (_, limit) => pieceSizes(length, limit),
  };
}

/** Source whose answers differ in their text alone. */
export interface TextSource extends Source {
  /** Writes the text of an answer. */
  readonly write: (x: LiveExchange) => string;
}

/**
 * Answers with a text that contains values of the request.
 *
 * @param write writes the text
 * @param path path of the route, in Hono's syntax
 */
export function templateSource(
  write: (values: Values) => string,
  path: string,
): TextSource {
  const values = valuesOf(path);
  const writeFor = (x: LiveExchange) => write(values(x));
  return {
    write: writeFor,
    content: (x) => ({ body: writeFor(x) }),
    pieces: (x, limit) => pieceSizes(byteLength(writeFor(x)), limit),
  };
}

/**
 * Creates the function that provides the values of a request to templates. A simulation has no request: all values except
 * numbers are missing there.
 *
 * @param path path of the route, in Hono's syntax
 */
export function valuesOf(path: string): (x: LiveExchange) => RequestValues {
  const router = new TrieRouter<true>();
  router.add("GET", decodedPattern(path), true);
  return (x) => new RequestValues(x, router);
}

/** Values of one request, each read when a template asks for it. */
export class RequestValues implements Values {
  index = 0;
  readonly sequence: number;
  readonly #incoming: Incoming | undefined;
  readonly #router: TrieRouter<true>;
  #path: Readonly<Record<string, string>> | undefined;
  #query: URLSearchParams | undefined;

  constructor(
    x: Pick<LiveExchange, "incoming" | "sequence">,
    router: TrieRouter<true>,
  ) {
    this.sequence = x.sequence;
    this.#incoming = x.incoming;
    this.#router = router;
  }

  path(name: string): string | undefined {
    this.#path ??= this.#incoming === undefined
      ? {}
      : parametersOf(this.#incoming, this.#router);
    const value = this.#path[name];
    return value === undefined ? undefined : decoded(value);
  }

  query(name: string): string | undefined {
    if (this.#query === undefined) {
      const url = this.#incoming?.url ?? "";
      const start = url.indexOf("?");
      this.#query = new URLSearchParams(start < 0 ? "" : url.slice(start));
    }
    return this.#query.get(name) ?? undefined;
  }
}

/** Finds the parameters in a request's path. If the server is mounted in another app, a prefix stands before the route's path. */
function parametersOf(
  incoming: Incoming,
  router: TrieRouter<true>,
): Readonly<Record<string, string>> {
  const whole = pathOf(incoming);
  for (let at = 0; at >= 0; at = whole.indexOf("/", at + 1)) {
    const [found] = router.match("GET", whole.slice(at))[0];
    if (found !== undefined) return found[1] as Record<string, string>;
  }
  return {};
}

/** Decodes a value: Hono leaves characters encoded that would change the meaning of the path. */
function decoded(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
