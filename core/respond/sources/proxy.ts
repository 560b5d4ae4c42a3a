/**
 * A real backend behind the route, slowed down: its request starts with the service, and its answer leaves no earlier than
 * the drawn time. Both bodies are streamed. Its failures are told apart from ours.
 *
 * @module
 */
import type { ProxySettings } from "../../config/mod.ts";
import { type ErrorCode, PerfmockError } from "../../errors.ts";
import type { LiveExchange } from "../../pipeline/exchange.ts";
import { prepared } from "../../pipeline/pipeline.ts";
import type { Counter, Metrics, Route } from "../../plugin.ts";
import type { Body } from "../body.ts";
import { type Content, failure, type Source } from "../source.ts";
import { endToEnd, requestHeaders } from "./_proxy_headers.ts";

/** What a proxying route is bound to. */
export interface ProxyParts {
  /** The route itself. */
  readonly route: Pick<Route, "id">;
  /** Where its failures are counted. */
  readonly metrics: Metrics;
}

/** An upstream's request that has come to its headers, or to its failure. */
type Reply = Response | PerfmockError;

/** Answers with what an upstream answers; 502 or 504 with a problem document where it does not. */
export function proxySource(
  { url, timeout }: ProxySettings,
  { route, metrics }: ProxyParts,
): Source {
  const replies = new WeakMap<LiveExchange, Reply>();
  const counter = metrics.counter({
    name: "perfmock_upstream_errors_total",
    help:
      "Requests to an upstream that failed: before its headers came, or broken in the middle of its body",
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
      ask(url, request, { client: x.client, signal: controller.signal }).catch((
        error,
      ): Reply =>
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

/** The upstream's answer, its body still on the way. */
function ask(
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

/** What an upstream sends, piece by piece as it comes: two are never put together, or a stream of tokens would stutter. */
class ProxiedBody implements Body {
  readonly ended: boolean = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #broken: () => void;
  #rest: Uint8Array | undefined;

  /** @param broken called where the upstream does not send it all */
  constructor(body: ReadableStream<Uint8Array>, broken: () => void) {
    this.#reader = body.getReader();
    this.#broken = broken;
  }

  async read(most: number): Promise<Uint8Array | null> {
    let piece = this.#rest;
    this.#rest = undefined;
    while (piece === undefined || piece.length === 0) {
      const { done, value } = await this.#next();
      if (done) return null;
      piece = value;
    }
    if (piece.length <= most) return piece;
    this.#rest = piece.subarray(most);
    return piece.slice(0, most);
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
