/**
 * A real backend behind the route. Its request starts with the service, and its answer leaves no earlier than the drawn time
 * says. Both bodies are streamed. Failures of the upstream are reported as such, apart from those of perfmock.
 *
 * @module
 */
import type { ProxySettings } from "../config/mod.ts";
import { type ErrorCode, PerfmockError } from "../errors.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { prepared } from "../pipeline/pipeline.ts";
import type { Counter, Metrics, Route } from "../plugin.ts";
import { type Body, type Content, failure, type Source } from "./source.ts";

/** Headers that concern one connection (RFC 9110, section 7.6.1, and older practice). */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Result of a request to an upstream: a response with its headers, or the reason why there is none. */
type Reply = Response | PerfmockError;

/**
 * Answers with the upstream's answer, or with a problem document of status 502 or 504 if there is none.
 *
 * @param route the route that the failures are counted for
 */
export function proxySource(
  { url, timeout }: ProxySettings,
  route: Pick<Route, "id">,
  metrics: Metrics,
): Source {
  const replies = new WeakMap<LiveExchange, Reply>();
  const counter = metrics.counter({
    name: "perfmock_upstream_errors_total",
    help:
      "Requests to an upstream that failed before its headers or in the middle of its body",
    labels: ["route", "reason"],
  });
  const counters: Partial<Record<ErrorCode, Counter>> = {
    UPSTREAM_FAILED: counter.series(route.id, "unreachable"),
    UPSTREAM_TIMEOUT: counter.series(route.id, "timeout"),
  };
  const breaks = counter.series(route.id, "broken");
  const broken = () => breaks.add();
  return {
    prepare(x) {
      const { request } = x;
      if (request === undefined) return;
      const { clock } = x.plan;
      const controller = new AbortController();
      let late = false;
      const timer = clock.at(clock.now() + timeout, () => {
        late = true;
        controller.abort();
      }, undefined);
      x.preparing = true;
      x.stop = () => {
        clock.cancel(timer);
        controller.abort();
      };
      send(url, request, { client: x.client, signal: controller.signal })
        .catch((error): Reply =>
          late
            ? new PerfmockError(
              "UPSTREAM_TIMEOUT",
              `Cannot answer in place of ${url}: no headers came within ${timeout} ms`,
            )
            : new PerfmockError(
              "UPSTREAM_FAILED",
              `Cannot answer in place of ${url}: ${reasonOf(error)}`,
            )
        ).then((reply) => {
          clock.cancel(timer);
          if (!x.preparing) return;
          if (reply instanceof PerfmockError) counters[reply.code]?.add();
          replies.set(x, reply);
          prepared(x);
        });
    },
    content(x) {
      const reply = replies.get(x);
      if (reply instanceof Response) return contentOf(reply, broken);
      const code = reply?.code ?? "UPSTREAM_FAILED";
      return failure({
        status: code === "UPSTREAM_TIMEOUT" ? 504 : 502,
        title: "The upstream of this route did not answer",
        detail: reply?.message,
        code,
      });
    },
  };
}

/** Sends a request to the upstream. The body of the response is still to come. */
function send(
  url: string,
  request: Request,
  { client, signal }: {
    readonly client: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { body } = request;
  return fetch(`${url}${pathname}${search}`, {
    method: request.method,
    headers: requestHeaders(request, client),
    redirect: "manual",
    signal,
    ...body !== null && { body, duplex: "half" },
  } as RequestInit);
}

/**
 * Headers of the request to the upstream. Host is the upstream's own. The body is requested without a coding, because fetch()
 * would otherwise request one itself and decode it. X-Forwarded-For is extended by the client's address. X-Forwarded-Host and
 * X-Forwarded-Proto describe the first request on its way, so values of an earlier proxy remain.
 *
 * @param client address of the client's end of the connection; undefined if there is no connection
 */
function requestHeaders(request: Request, client: string | undefined): Headers {
  const headers = endToEnd(request.headers);
  const { host, protocol } = new URL(request.url);
  if (client !== undefined) headers.append("x-forwarded-for", client);
  if (!headers.has("x-forwarded-host")) {
    headers.set("x-forwarded-host", headers.get("host") ?? host);
  }
  if (!headers.has("x-forwarded-proto")) {
    headers.set("x-forwarded-proto", protocol.slice(0, -1));
  }
  headers.delete("host");
  headers.set("accept-encoding", "identity");
  return headers;
}

/** Copies headers without those that concern one connection, including the ones that Connection names. */
function endToEnd(received: Headers): Headers {
  const headers = new Headers(received);
  const named = (received.get("connection") ?? "").split(",");
  for (const name of [...HOP_BY_HOP, ...named]) {
    const header = name.trim();
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) headers.delete(header);
  }
  return headers;
}

function contentOf(response: Response, broken: () => void): Content {
  const { body, status } = response;
  return {
    status,
    headers: endToEnd(response.headers),
    body: body === null ? null : new ProxiedBody(body, broken),
  };
}

function reasonOf(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) {
    cause = cause.cause;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** Body of an upstream. Its pieces are never joined, so that a stream of tokens keeps its pace. */
class ProxiedBody implements Body {
  readonly ended: boolean = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #broken: () => void;
  #rest: Uint8Array | undefined;

  /** @param broken called if the upstream does not send the whole body */
  constructor(body: ReadableStream<Uint8Array>, broken: () => void) {
    this.#reader = body.getReader();
    this.#broken = broken;
  }

  async read(limit: number): Promise<Uint8Array | null> {
    let piece = this.#rest;
    this.#rest = undefined;
    while (piece === undefined || piece.length === 0) {
      const { done, value } = await this.#next();
      if (done) return null;
      piece = value;
    }
    if (piece.length <= limit) return piece;
    this.#rest = piece.subarray(limit);
    return piece.slice(0, limit);
  }

  async #next(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.#reader.read();
    } catch (error) {
      this.#broken();
      throw error;
    }
  }

  close(): void {
    this.#reader.cancel().catch(() => {});
  }
}
