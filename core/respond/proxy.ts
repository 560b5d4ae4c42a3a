/**
 * A real backend behind the route. Its request starts with the service, and its answer leaves no earlier than the drawn time
 * says. Both bodies are streamed. Failures of the upstream are reported as such, apart from those of perfmock.
 *
 * @module
 */
import type { ProxySettings } from "../config/mod.ts";
import { type ErrorCode, PerfmockError } from "../errors.ts";
import { deepestMessage } from "../lib/thrown.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { prepared } from "../pipeline/pipeline.ts";
import type { Tracing } from "../pipeline/trace_context.ts";
import type { Counter, Metrics, Route } from "../plugin.ts";
import { answerError, passedOn } from "./_proxied_answer.ts";
import { Passage } from "./_proxied_request.ts";
import { type Body, type Content, failure, type Source } from "./source.ts";

/** Status and title of an answer without an upstream's. */
const NO_ANSWER = {
  status: 502,
  title: "The upstream of this route did not answer",
};

/** The same, where the code of the error says more. */
const FAILURES: Partial<Record<ErrorCode, typeof NO_ANSWER>> = {
  UPSTREAM_INVALID: {
    status: 502,
    title: "The upstream of this route sent an answer that cannot be used",
  },
  UPSTREAM_LOOP: {
    status: 508,
    title: "This request goes round in a circle",
  },
  UPSTREAM_TIMEOUT: { ...NO_ANSWER, status: 504 },
};

/** Parts of the server that a proxy uses. */
export interface ProxyParts {
  /** Metrics of the server. */
  readonly metrics: Metrics;
  /** Gives requests to the upstream their place in the trace of the exchange. */
  readonly traces: Tracing;
}

/** Result of a request to an upstream: a response with its headers, or the reason why there is none. */
type Reply = Response | PerfmockError;

/**
 * Answers with the upstream's answer, or with a problem document: of status 502 or 504 if there is none that can be passed on, of
 * status 508 if the request has passed the route before.
 *
 * @param route the route that the failures are counted for
 */
export function proxySource(
  { url, timeout }: ProxySettings,
  route: Pick<Route, "id">,
  { metrics, traces }: ProxyParts,
): Source {
  const replies = new WeakMap<LiveExchange, Reply>();
  const passage = new Passage();
  const counter = metrics.counter({
    name: "perfmock_upstream_errors_total",
    help:
      "Requests to an upstream that were not sent, or failed before its headers or in the middle of its body",
    labels: ["route", "reason"],
  });
  const counters: Partial<Record<ErrorCode, Counter>> = {
    UPSTREAM_FAILED: counter.series(route.id, "unreachable"),
    UPSTREAM_INVALID: counter.series(route.id, "invalid"),
    UPSTREAM_LOOP: counter.series(route.id, "loop"),
    UPSTREAM_TIMEOUT: counter.series(route.id, "timeout"),
  };
  const breaks = counter.series(route.id, "broken");
  const broken = () => breaks.add();
  return {
    prepare(x) {
      const { request } = x;
      if (request === undefined) return;
      const loop = passage.refusal(url, (name) => x.header(name));
      if (loop !== undefined) {
        counters.UPSTREAM_LOOP?.add();
        replies.set(x, loop);
        return;
      }
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
      const headers = passage.headers(request, x.client);
      headers.set("traceparent", traces.traceparent(x));
      // It belongs to a traceparent that could be read.
      if (x.parent === "") headers.delete("tracestate");
      send(url, request, { headers, signal: controller.signal })
        .then((response): Reply => {
          const error = answerError(url, response);
          if (error !== undefined) controller.abort();
          return error ?? response;
        }).catch((error): Reply =>
          late
            ? new PerfmockError(
              "UPSTREAM_TIMEOUT",
              `Cannot answer in place of ${url}: no headers came within ${timeout} ms`,
            )
            : new PerfmockError(
              "UPSTREAM_FAILED",
              `Cannot answer in place of ${url}: ${deepestMessage(error)}`,
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
        ...FAILURES[code] ?? NO_ANSWER,
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
  { headers, signal }: {
    readonly headers: Headers;
    readonly signal: AbortSignal;
  },
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { body } = request;
  return fetch(`${url}${pathname}${search}`, {
    method: request.method,
    headers,
    redirect: "manual",
    signal,
    ...body !== null && { body, duplex: "half" },
  } as RequestInit);
}

function contentOf(response: Response, broken: () => void): Content {
  const { body, status } = response;
  return {
    status,
    headers: passedOn(response.headers),
    body: body === null ? null : new ProxiedBody(body, broken),
  };
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
