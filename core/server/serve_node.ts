/**
 * Node's HTTP server: slower, and it refuses methods that HTTP does not register with 400, but its connections can be reset
 * before any byte. Loaded only where that is asked for.
 *
 * @module
 */
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { isUnsent, sendResponse } from "./serve_node_response.ts";
import type { Engine, EngineParts } from "./serve.ts";

/** What a request looks like, over HTTP/1.1 or HTTP/2. */
type Incoming = IncomingMessage | Http2ServerRequest;

/** Starts to listen. Throws what the system says. */
export async function listenWithNode(parts: EngineParts): Promise<Engine> {
  const { certificate, host, port } = parts;
  const connections = new Connections();
  const onRequest = (
    request: Incoming,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    connections.busy(request, response);
    answer(request, response as ServerResponse, parts);
  };
  const server = certificate === undefined
    ? createServer({
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    }, onRequest)
    : createSecureServer({ ...certificate, allowHTTP1: true }, onRequest);
  server.on(
    certificate === undefined ? "connection" : "secureConnection",
    (socket: Socket) => connections.add(socket),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  const closed = Promise.withResolvers<void>();
  server.once("close", closed.resolve);
  return {
    port: (server.address() as AddressInfo).port,
    shutdown() {
      server.close();
      connections.end();
      return closed.promise;
    },
    cut() {
      server.close();
      connections.destroy();
      return closed.promise;
    },
  };
}

/** The open connections, and how many exchanges are under way on each. */
class Connections {
  readonly #open = new Map<Socket, number>();
  #ending = false;

  add(socket: Socket): void {
    this.#open.set(socket, 0);
    socket.on("close", () => this.#open.delete(socket));
    // A client that resets its connection is no fault of ours.
    socket.on("error", () => {});
  }

  busy(
    request: Incoming,
    response: ServerResponse | Http2ServerResponse,
  ): void {
    const socket = socketOf(request);
    this.#move(socket, 1);
    response.on("close", () => {
      this.#move(socket, -1);
      if (this.#ending) this.#endIdle();
    });
  }

  /** Ends idle ones now, and the others when their answers have left. */
  end(): void {
    this.#ending = true;
    this.#endIdle();
  }

  destroy(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #move(socket: Socket, by: number): void {
    const count = this.#open.get(socket);
    if (count !== undefined) this.#open.set(socket, count + by);
  }

  #endIdle(): void {
    for (const [socket, count] of this.#open) {
      if (count === 0) socket.destroySoon();
    }
  }
}

/** The connection itself: over HTTP/2 a request shows a stand-in for it. */
function socketOf(request: Incoming): Socket {
  return "stream" in request
    ? request.stream.session?.socket as Socket
    : request.socket;
}

function answer(
  incoming: Incoming,
  outgoing: ServerResponse,
  { handler, certificate }: EngineParts,
): void {
  const leaving = new AbortController();
  outgoing.on("close", () => {
    if (isUnsent(outgoing)) leaving.abort();
  });
  const send = (response: Response) => {
    if (response.type === "error") reset(incoming);
    else sendResponse(response, outgoing, () => breakOff(incoming));
  };
  const fail = () => send(new Response(null, { status: 500 }));
  const request = requestOf(
    incoming,
    certificate === undefined ? "http" : "https",
    leaving.signal,
  );
  if (request === undefined) return send(new Response(null, { status: 400 }));
  try {
    const response = handler(request, {
      remoteAddr: { hostname: socketOf(incoming).remoteAddress },
    });
    if (response instanceof Response) send(response);
    else response.then(send).catch(fail);
  } catch {
    fail();
  }
}

/** As Fetch knows it; undefined where it is none. */
function requestOf(
  incoming: Incoming,
  scheme: string,
  signal: AbortSignal,
): Request | undefined {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  const headers: [string, string][] = [];
  let host = "localhost";
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    const value = rawHeaders[i + 1];
    if (name === "host" || name === ":authority") host = value;
    if (!name.startsWith(":")) headers.push([name, value]);
  }
  try {
    return new Request(
      url.startsWith("/") ? `${scheme}://${host}${url}` : url,
      {
        method,
        headers,
        signal,
        body: method === "GET" || method === "HEAD"
          ? null
          : Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>,
      },
    );
  } catch {
    return undefined;
  }
}

/** Before any byte: over TCP a reset, over TLS the end of the connection, over HTTP/2 a reset of the stream. */
function reset(incoming: Incoming): void {
  if ("stream" in incoming) {
    incoming.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else incoming.socket.resetAndDestroy();
}

/** In the middle of a body: what was written leaves, then the connection ends; over HTTP/2 the stream is reset. */
function breakOff(incoming: Incoming): void {
  if ("stream" in incoming) {
    incoming.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else incoming.socket.destroySoon();
}
