/**
 * Node's HTTP server. It is slower than Deno's and answers 400 to methods that HTTP does not register, but it can reset a
 * connection before any byte. Loaded only if it is used.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import {
  constants,
  createSecureServer,
  type Http2ServerResponse,
  type SecureServerOptions,
} from "node:http2";
import { type AddressInfo, Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pause } from "../lib/time/mod.ts";
import { soon } from "../lib/turn.ts";
import { type Incoming, NodeBody } from "./_node_body.ts";
import { Connections, socketOf } from "./_node_connections.ts";
import {
  answerOver,
  isSocketRequest,
  nodeSocketRequest,
} from "./_node_socket.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { Listening } from "./listening.ts";

/** Reader of a body. */
type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Headers that concern one connection and are not allowed in HTTP/2. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "transfer-encoding",
]);

/** Starts to listen. Throws the system's error. */
export async function listenWithNode(options: EngineOptions): Promise<Engine> {
  const { certificate, heldBack, host, limits, port } = options;
  const connections = new Connections(limits);
  const onRequest = (
    request: Incoming,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    connections.busy(request, response);
    answer(request, response as ServerResponse, options);
  };
  const server = certificate === undefined
    ? createServer({
      keepAliveTimeout: 0,
      requestTimeout: 0,
      maxHeaderSize: limits.head,
      // Other offers, such as HTTP/2 without TLS, are declined: such a request is answered as any other.
      shouldUpgradeCallback: isSocketRequest,
    } as ServerOptions, onRequest)
    : createSecureServer({
      ...certificate,
      allowHTTP1: true,
      shouldUpgradeCallback: isSocketRequest,
    } as SecureServerOptions, onRequest);
  server.on(
    "upgrade",
    (incoming: IncomingMessage, socket: Duplex, first: Buffer) => {
      connections.upgraded(socket as Socket);
      upgrade(incoming, { socket, first }, options);
    },
  );
  server.on(
    certificate === undefined ? "connection" : "secureConnection",
    (socket: Socket) => connections.add(socket),
  );
  const listen = async (port: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, host, resolve);
    try {
      await promise;
    } finally {
      server.off("error", reject);
    }
  };
  await listen(port);
  const own = (server.address() as AddressInfo).port;
  server.on("error", options.failed);
  const sockets = new Set<Socket>();
  const handshakes = new Map<string, AbortController>();
  server.on("secureConnection", (socket: Socket) => {
    handshakes.get(peerOf(socket))?.abort();
  });
  // Without a descriptor left, Node's server accepts nothing more, for good, and says nothing: it stops listening before that.
  const listening = new Listening({
    open: () => listen(own),
    // The server's own close() would also end idle connections.
    close: () => void Server.prototype.close.call(server),
  }, {
    connections: {
      open: () => sockets.size,
      maximum: limits.connections,
      burst: BURST,
    },
    heldBack,
  });
  const empty = Promise.withResolvers<void>();
  let ending = false;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    const peer = peerOf(socket);
    const settled = new AbortController();
    if (certificate !== undefined && limits.headTimeout > 0) {
      handshakes.set(peer, settled);
      pause(limits.headTimeout, settled.signal).then(() => {
        if (!settled.signal.aborted) socket.destroy();
      });
    }
    socket.on("close", () => {
      settled.abort();
      if (handshakes.get(peer) === settled) handshakes.delete(peer);
      sockets.delete(socket);
      if (ending && sockets.size === 0) empty.resolve();
    });
    listening.look();
  });
  const end = async (finish: () => void) => {
    await listening.end();
    ending = true;
    server.close();
    finish();
    if (sockets.size === 0) empty.resolve();
    await empty.promise;
  };
  return {
    name: "node",
    port: own,
    shutdown: () => end(() => connections.end()),
    cut: () =>
      end(() => {
        connections.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Address and port of a client. The socket of a connection over TLS is another one than that which was accepted. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Number of connections that Node's server accepts at once, before it tells of the first. */
const BURST = 100;

/** Answers a request for a WebSocket, by the WebSocket or otherwise. */
function upgrade(
  incoming: IncomingMessage,
  { socket, first }: { readonly socket: Duplex; readonly first: Buffer },
  { handler, certificate, failed }: EngineOptions,
): void {
  const leaving = new AbortController();
  socket.on("close", () => leaving.abort());
  const opened = new Response(null);
  const asked = nodeSocketRequest(incoming, socket, first);
  const send = (response: Response) => {
    if (response === opened) return;
    answerOver(socket, response).catch(failed);
  };
  const fail = (error: unknown) => {
    failed(error);
    send(new Response(null, { status: 500 }));
  };
  const request = requestOf(incoming, {
    scheme: certificate === undefined ? "http" : "https",
    signal: leaving.signal,
    body: null,
  });
  if (request === undefined) return send(new Response(null, { status: 400 }));
  try {
    const response = handler(request, {
      remoteAddr: { hostname: incoming.socket.remoteAddress },
      webSocket: {
        error: asked.error,
        protocols: asked.protocols,
        accept: (acceptance, listener) => ({
          channel: asked.accept(acceptance, listener),
          answer: opened,
        }),
      },
    });
    if (response instanceof Response) send(response);
    else response.then(send).catch(fail);
  } catch (error) {
    fail(error);
  }
}

function answer(
  incoming: Incoming,
  outgoing: ServerResponse,
  { handler, certificate, failed, limits }: EngineOptions,
): void {
  const leaving = new AbortController();
  const body = new NodeBody(incoming);
  const discard = () => body.discard(limits.body);
  outgoing.on("finish", discard);
  outgoing.on("close", () => {
    if (isUnsent(outgoing)) {
      body.fail();
      leaving.abort();
    }
  });
  const send = (response: Response) => {
    if (response.type === "error") reset(incoming);
    else sendResponse(response, outgoing, () => breakOff(incoming));
  };
  const fail = (error: unknown) => {
    failed(error);
    if (!outgoing.headersSent) send(new Response(null, { status: 500 }));
    else breakOff(incoming);
  };
  const request = requestOf(incoming, {
    scheme: certificate === undefined ? "http" : "https",
    signal: leaving.signal,
    body: body.stream,
  });
  if (request === undefined) return send(new Response(null, { status: 400 }));
  try {
    const response = handler(request, {
      remoteAddr: { hostname: socketOf(incoming).remoteAddress },
      discard,
    });
    if (response instanceof Response) send(response);
    else response.then(send).catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** Converts a request to the Fetch API's; undefined if it is not valid there. */
function requestOf(
  incoming: Incoming,
  { scheme, signal, body }: {
    readonly scheme: string;
    readonly signal: AbortSignal;
    readonly body: NodeBody["stream"] | null;
  },
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
    const sent = url.startsWith("/") ? `${scheme}://${host}${url}` : url;
    const request = new Request(
      sent,
      {
        method,
        headers,
        signal,
        body: method === "GET" || method === "HEAD" ? null : body,
      },
    );
    // A Request resolves "." and "..", which no other engine does.
    return Object.defineProperty(request, "url", { value: sent });
  } catch {
    return undefined;
  }
}

/** Resets before any byte: over TCP the connection is reset, over TLS it is closed, over HTTP/2 the stream is reset. */
function reset(incoming: Incoming): void {
  if ("stream" in incoming) {
    incoming.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else incoming.socket.resetAndDestroy();
}

/** Ends in the middle of a body: written bytes leave, then the connection ends; over HTTP/2 the stream is reset. */
function breakOff(incoming: Incoming): void {
  if ("stream" in incoming) {
    incoming.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else incoming.socket.destroySoon();
}

/**
 * Writes a response, each piece of its body as soon as it comes.
 *
 * @param breakOff ends the connection if the body fails
 */
function sendResponse(
  response: Response,
  outgoing: ServerResponse,
  breakOff: () => void,
): void {
  const reader = response.body?.getReader();
  if (outgoing.destroyed || outgoing.writableEnded) {
    reader?.cancel().catch(() => {});
    return;
  }
  const second = outgoing.req.httpVersionMajor > 1;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name === "set-cookie" || second && HOP_BY_HOP.has(name)) continue;
    outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (reader === undefined) {
    outgoing.end();
    return;
  }
  outgoing.on("close", () => {
    if (isUnsent(outgoing)) reader.cancel().catch(() => {});
  });
  write(reader, outgoing).catch(() => {
    if (!outgoing.destroyed) breakOff();
  });
}

/**
 * Returns whether a closed answer was not sent completely. Over HTTP/2 a stream that the client resets counts as finished,
 * although the server has not ended it: both flags are needed.
 */
function isUnsent(
  { writableEnded, writableFinished }: ServerResponse,
): boolean {
  return !writableEnded || !writableFinished;
}

/** Writes a body. A body that is complete at once leaves in one piece with its length; headers never wait for a later body. */
async function write(reader: Reader, outgoing: ServerResponse): Promise<void> {
  let reading = reader.read();
  if (await soon(reading) === undefined) outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reading;
    if (done) {
      outgoing.end();
      return;
    }
    reading = reader.read();
    const next = await soon(reading);
    if (next?.done) {
      outgoing.end(value);
      return;
    }
    if (!outgoing.write(value)) await drained(outgoing);
  }
}

/** Resolves when more may be written, or when the connection is closed. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}
