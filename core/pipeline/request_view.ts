/**
 * A request as conditions see it: query, cookies, body and GraphQL operation, each parsed when the first condition asks for it.
 *
 * @module
 */
import { GraphqlOperation, type GraphqlRequest } from "./graphql.ts";
import type { Incoming } from "./incoming.ts";
import { EMPTY_BODY, jsonIn, type ReceivedBody } from "./received_body.ts";

/** The parts of a request that conditions look at. */
export type ViewedRequest = Pick<
  Incoming,
  "method" | "url" | "header" | "body"
>;

/** Maximum number of operations in a batch. */
export const MOST_IN_BATCH = 100;

/** One request, for as long as its route is looked for. */
export class RequestView {
  readonly #request: ViewedRequest;
  /** True for an entry of a batch, which is no batch itself. */
  readonly #entry: boolean;
  #query: URLSearchParams | undefined = undefined;
  #cookies: ReadonlyMap<string, string> | undefined = undefined;
  #operation: GraphqlOperation | undefined = undefined;
  #operationSought = false;

  /** @param entry true for an entry of a batch. Default false */
  constructor(request: ViewedRequest, entry = false) {
    this.#request = request;
    this.#entry = entry;
  }

  /** Body; undefined if it has not been read. A request whose method has no body has an empty one. */
  get body(): ReceivedBody | undefined {
    const { body, method } = this.#request;
    return body ??
      (method === "GET" || method === "HEAD" ? EMPTY_BODY : undefined);
  }

  /** Body as JSON; undefined if it is none or has not been read. */
  get json(): unknown {
    return this.body?.json;
  }

  /** Returns the value of a header by its lower-case name; null if absent. */
  header(name: string): string | null {
    return this.#request.header(name);
  }

  /** Returns all values of a query parameter, decoded. */
  query(name: string): readonly string[] {
    return this.#parameters.getAll(name);
  }

  /** Returns the value of a cookie, decoded; undefined if there is none. */
  cookie(name: string): string | undefined {
    this.#cookies ??= cookiesIn(this.#request.header("cookie") ?? "");
    return this.#cookies.get(name);
  }

  /** Operations of a batch; undefined if the body is none. */
  get batch(): readonly unknown[] | undefined {
    if (this.#entry) return undefined;
    const json = this.#operations;
    return Array.isArray(json) && json.length > 0 ? json : undefined;
  }

  /** JSON that describes operations of GraphQL: the body, or the part `operations` of a form that uploads files. */
  get #operations(): unknown {
    const type = this.header("content-type");
    return !this.#entry && mediaType(type) === "multipart/form-data"
      ? jsonOf(partNamed("operations", type ?? "", this.body?.text ?? ""))
      : this.json;
  }

  /** GraphQL operation that the request asks for; undefined if it is none of GraphQL. */
  get operation(): GraphqlOperation | undefined {
    if (!this.#operationSought) {
      this.#operationSought = true;
      this.#operation = this.#findOperation();
    }
    return this.#operation;
  }

  get #parameters(): URLSearchParams {
    if (this.#query === undefined) {
      const { url } = this.#request;
      const start = url.indexOf("?");
      this.#query = new URLSearchParams(start < 0 ? "" : url.slice(start));
    }
    return this.#query;
  }

  #findOperation(): GraphqlOperation | undefined {
    const { method } = this.#request;
    const overGet = method === "GET" || method === "HEAD";
    const operation = new GraphqlOperation(
      overGet ? this.#inQuery() : this.#inBody(),
      overGet,
    );
    return operation.exists ? operation : undefined;
  }

  #inQuery(): GraphqlRequest {
    const parameters = this.#parameters;
    return {
      query: parameters.get("query"),
      operationName: parameters.get("operationName"),
      extensions: jsonOf(parameters.get("extensions")),
    };
  }

  #inBody(): GraphqlRequest {
    if (mediaType(this.header("content-type")) === "application/graphql") {
      const operationName = this.#parameters.get("operationName");
      return { query: this.body?.text, operationName, extensions: undefined };
    }
    const operation = this.#operations;
    return typeof operation === "object" && operation !== null
      ? operation as GraphqlRequest
      : NO_OPERATION;
  }
}

const NO_OPERATION: GraphqlRequest = {
  query: undefined,
  operationName: undefined,
  extensions: undefined,
};

/** Media type of a content type, in lower case and without parameters; empty if there is none. */
export function mediaType(contentType: string | null): string {
  return (contentType ?? "").split(";", 1)[0].trim().toLowerCase();
}

/** Cookies of a request by name, decoded. Of several with one name, the first counts: its path is the longest (RFC 6265, section 5.4). */
function cookiesIn(header: string): ReadonlyMap<string, string> {
  const cookies = header.split(";").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    if (at < 0) return [];
    const value = pair.slice(at + 1).trim();
    return [[
      pair.slice(0, at).trim(),
      decoded(/^".*"$/.test(value) ? value.slice(1, -1) : value),
    ]];
  });
  return new Map(cookies.reverse());
}

/** Decodes what frontends encode, such as JSON; a text that is not encoded stays as it is. */
function decoded(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function jsonOf(text: string | null): unknown {
  return text === null ? undefined : jsonIn(text);
}

/** Text of a part of a multipart body (RFC 7578) by its name; null if there is none. */
function partNamed(
  name: string,
  contentType: string,
  body: string,
): string | null {
  const [, quoted, plain] =
    /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return null;
  for (const part of `\r\n${body}`.split(`\r\n--${boundary}`)) {
    const end = part.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const [, found] = /\bname="?([^";\r\n]*)/i.exec(part.slice(0, end)) ?? [];
    if (found === name) return part.slice(end + 4);
  }
  return null;
}
