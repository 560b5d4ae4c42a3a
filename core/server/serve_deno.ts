/**
 * Deno's HTTP server. It speaks TLS and HTTP/2, but cannot reset or close a connection before the headers. It tells of no
 * connection before its first request, has no time-outs, and reads on what a client sends after an answer that refuses it.
 *
 * @module
 */
import { BODILESS } from "../lib/http.ts";
import type { Peer } from "../pipeline/incoming.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { Listening } from "./listening.ts";
import { denoSocketRequest } from "./serve_deno_socket.ts";

/** Starts to listen. Throws the system's error. */
export function listenWithDeno(
  { host, port, certificate, failed, handler, heldBack }: EngineOptions,
): Engine {
  const ending = new AbortController();
  const failure = () => new Response(null, { status: 500 });
  const report = (error: unknown) => {
    failed(error);
    return failure();
  };
  const serveOn = (port: number) =>
    Deno.serve({
      hostname: host,
      port,
      signal: ending.signal,
      onListen() {},
      // Called for bodies that break off, as those of faults and upstreams do: these are no errors of perfmock.
      onError: failure,
      ...certificate,
    }, (request: Request, peer: Peer) => {
      const { method } = request;
      const webSocket = method === "GET"
        ? denoSocketRequest(request)
        : undefined;
      if (webSocket !== undefined) {
        const { remoteAddr } = peer;
        try {
          const answer = handler(request, { remoteAddr, webSocket });
          return answer instanceof Response ? answer : answer.catch(report);
        } catch (error) {
          return report(error);
        }
      }
      const upload = method === "GET" || method === "HEAD"
        ? undefined
        : new Upload(request, peer, certificate !== undefined);
      const sent = method === "HEAD" ? unsized : upload?.before;
      try {
        const answer = handler(request, upload ?? peer);
        if (answer instanceof Response) return sent?.(answer) ?? answer;
        return (sent === undefined ? answer : answer.then(sent)).catch(report);
      } catch (error) {
        return report(error);
      }
    });
  /** Servers with connections: the one that listens, and former ones, each until its last connection is closed. */
  const servers = new Set<Deno.HttpServer<Deno.NetAddr>>();
  let server = start(port);
  const { port: own } = server.addr;
  const listening = new Listening({
    open: () => void (server = start(own)),
    // Idle connections are closed with it, which makes room.
    close: () => void server.shutdown().catch(() => {}),
  }, { heldBack });

  function start(port: number): Deno.HttpServer<Deno.NetAddr> {
    const started = serveOn(port);
    servers.add(started);
    started.finished.catch(() => {
      // It ends by itself if no descriptor is left for a connection.
      if (started === server) listening.lost();
    }).finally(() => servers.delete(started));
    return started;
  }

  return {
    name: "deno",
    port: own,
    async shutdown() {
      await listening.end();
      // Those that have ended by themselves reject.
      await Promise.allSettled(
        Array.from(servers, (each) => each.shutdown()),
      );
    },
    async cut() {
      await listening.end();
      ending.abort();
      await Promise.allSettled(Array.from(servers, ({ finished }) => finished));
    },
  };
}

/** Greatest length of a body that is read as a whole, in bytes. */
const READ_WHOLE = 1024 * 1024;

/**
 * The body of a request that nobody needs. Deno keeps the connection only if the body was read as a whole before the answer
 * leaves; otherwise it closes the connection after the answer. A stream of HTTP/2 it resets.
 */
class Upload implements Peer {
  readonly #request: Request;
  readonly #peer: Peer;
  readonly #secure: boolean;
  /** The reading of the body, until its end. */
  #reading: Promise<void> | undefined;
  #whole = false;

  /** @param secure true over TLS, where the request may be a stream of HTTP/2 */
  constructor(request: Request, peer: Peer, secure: boolean) {
    this.#request = request;
    this.#peer = peer;
    this.#secure = secure;
  }

  get remoteAddr(): Peer["remoteAddr"] {
    return this.#peer.remoteAddr;
  }

  readonly discard = (): void => {
    const request = this.#request;
    const length = Number(request.headers.get("content-length") ?? Infinity);
    this.#whole = length <= READ_WHOLE;
    const reading: Promise<unknown> | undefined = this.#whole
      ? request.arrayBuffer()
      : this.#secure
      ? request.body?.pipeTo(new WritableStream())
      : undefined;
    // It breaks off if the client leaves.
    this.#reading = reading?.catch(() => {}).then(() => {
      this.#reading = undefined;
    });
  };

  /** Lets an answer leave, or end, after the body has been read. */
  readonly before = (response: Response): Response | Promise<Response> => {
    const reading = this.#reading;
    if (reading === undefined || response.type === "error") return response;
    if (this.#whole) return reading.then(() => response);
    return BODILESS.has(response.status)
      ? response
      : endingAfter(response, reading);
  };
}

/** Makes an answer whose headers and body leave at once, and whose end waits. */
function endingAfter(
  { body, headers, status }: Response,
  end: Promise<void>,
): Response {
  const reader = body?.getReader();
  return new Response(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader?.read() ?? { done: true };
        if (!done && value !== undefined) return controller.enqueue(value);
        await end;
        controller.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    }, { highWaterMark: 0 }),
    { status, headers },
  );
}

/**
 * Makes an answer to HEAD whose length is not known announce none: Deno announces 0 for an answer without a body, which is
 * only right if GET would be answered with nothing (RFC 9110, section 8.6).
 */
function unsized(response: Response): Response {
  const { body, headers, status } = response;
  return body !== null || headers.has("content-length") ||
      response.type === "error" || BODILESS.has(status)
    ? response
    : new Response(new ReadableStream({ start: (it) => it.close() }), {
      status,
      headers,
    });
}
