/**
 * Bodies that are text: fixed, or a template that is filled with values of the request.
 *
 * @module
 */
import { TrieRouter } from "hono/router/trie-router";
import { byteLength } from "../lib/http.ts";
import { fromPointer, lookUp } from "../lib/pointer.ts";
import { Uuids } from "../lib/random/mod.ts";
import type { TimeForm, Values } from "../lib/template.ts";
import { wallTime } from "../lib/time/mod.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import { decodedPattern, pathOf } from "../pipeline/matcher.ts";
import type { ReceivedBody } from "../pipeline/received_body.ts";
import { RequestView } from "../pipeline/request_view.ts";
import type { Route, Stream } from "../plugin.ts";
import {
  BytesBody,
  type FixedBody,
  pieceSizes,
  type Source,
} from "./source.ts";

const encoder = new TextEncoder();

/** Answers with a fixed body. Only a route with wire settings needs this source; others answer with the body itself. */
export function fixedSource(body: FixedBody): Source {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
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

/** Route whose answers contain values of its requests. */
export interface TemplateRoute {
  /** Path, in Hono's syntax. */
  readonly path: string;
  /** Returns the stream of random numbers of one purpose. */
  readonly stream: Route["stream"];
}

/**
 * Answers with a text that contains values of the request.
 *
 * @param write writes the text
 */
export function templateSource(
  write: (values: Values) => string,
  route: TemplateRoute,
): TextSource {
  const values = valuesOf(route);
  const writeFor = (x: LiveExchange) => write(values(x));
  return {
    write: writeFor,
    content: (x) => ({ body: writeFor(x) }),
    pieces: (x, limit) => pieceSizes(byteLength(writeFor(x)), limit),
  };
}

/** Parts of a route that the values of its requests need. */
interface RouteParts {
  readonly router: TrieRouter<true>;
  /** Stream of the UUIDs. */
  readonly stream: Stream;
}

/**
 * Creates the function that provides the values of a request to templates. A simulation may know no more of a request than its
 * route: values that it does not know are missing.
 */
export function valuesOf(
  { path, stream }: TemplateRoute,
): (x: LiveExchange) => RequestValues {
  const router = new TrieRouter<true>();
  router.add("GET", decodedPattern(path), true);
  const parts = { router, stream: stream("uuid") };
  return (x) => new RequestValues(x, parts);
}

/**
 * Creates the function that finds the path parameters in a request's URL, decoded.
 *
 * @param path path of the route, in Hono's syntax
 */
export function parametersIn(
  path: string,
): (url: string) => Readonly<Record<string, string>> {
  const router = new TrieRouter<true>();
  router.add("GET", decodedPattern(path), true);
  return (url) => {
    const found = parametersOf({ url }, router);
    return Object.fromEntries(
      Object.entries(found).map(([name, value]) => [name, decoded(value)]),
    );
  };
}

/** Values of one request, each read when a template asks for it. */
export class RequestValues implements Values {
  index = 0;
  count = 0;
  /** Takes the place of the request's body: the message that a WebSocket replies to. Default the request's body. */
  message: ReceivedBody | undefined = undefined;
  readonly #x: LiveExchange;
  readonly #parts: RouteParts;
  #path: Readonly<Record<string, string>> | undefined;
  #query: URLSearchParams | undefined;
  #view: RequestView | undefined;
  #form: URLSearchParams | undefined;
  #uuids: Uuids | undefined;

  constructor(x: LiveExchange, parts: RouteParts) {
    this.#x = x;
    this.#parts = parts;
  }

  get sequence(): number {
    return this.#x.sequence;
  }

  path(name: string): string | undefined {
    const { viewed } = this.#x;
    this.#path ??= viewed === undefined
      ? {}
      : parametersOf(viewed, this.#parts.router);
    const value = this.#path[name];
    return value === undefined ? undefined : decoded(value);
  }

  query(name: string): string | undefined {
    if (this.#query === undefined) {
      const url = this.#x.viewed?.url ?? "";
      const start = url.indexOf("?");
      this.#query = new URLSearchParams(start < 0 ? "" : url.slice(start));
    }
    return this.#query.get(name) ?? undefined;
  }

  header(name: string): string | undefined {
    return this.#header(name) ?? undefined;
  }

  cookie(name: string): string | undefined {
    const { viewed } = this.#x;
    if (viewed === undefined) return undefined;
    this.#view ??= new RequestView(viewed);
    return this.#view.cookie(name);
  }

  body(path: string): unknown {
    const body = this.message ?? this.#x.viewed?.body;
    if (body === undefined) return undefined;
    const { json } = body;
    if (json !== undefined) {
      return lookUp(
        json,
        path === ""
          ? []
          : path.startsWith("/")
          ? fromPointer(path)
          : path.split("."),
      );
    }
    if (
      !/^application\/x-www-form-urlencoded\b/i.test(
        this.header("content-type") ?? "",
      )
    ) {
      return undefined;
    }
    this.#form ??= new URLSearchParams(body.text);
    return this.#form.get(path) ?? undefined;
  }

  #header(name: string): string | null {
    const { viewed } = this.#x;
    return viewed === undefined ? null : viewed.header(name.toLowerCase());
  }

  now(form: TimeForm): string | number {
    const ms = wallTime(this.#x.plan.clock.now());
    switch (form) {
      case "iso":
        return new Date(ms).toISOString();
      case "http":
        return new Date(ms).toUTCString();
      case "ms":
        return Math.floor(ms);
      case "seconds":
        return Math.floor(ms / 1000);
    }
  }

  uuid(): string {
    this.#uuids ??= new Uuids(this.#parts.stream, this.#x.sequence);
    return this.#uuids.next();
  }
}

/** Finds the parameters in a request's path. If the server is mounted in another app, a prefix stands before the route's path. */
function parametersOf(
  incoming: Pick<Incoming, "url">,
  router: TrieRouter<true>,
): Readonly<Record<string, string>> {
  const { url } = incoming;
  // Simulated requests have no host.
  const whole = pathOf({ url: url.startsWith("/") ? `http://-${url}` : url });
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
