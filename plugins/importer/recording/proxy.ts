/**
 * The proxy of a recording: passes requests on to the upstream, measures it, and tells what it saw.
 *
 * Bodies are streamed in both directions. The clock stops at the upstream: time for a new connection, for the body of the request,
 * and in the recorder itself does not count.
 *
 * @module
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, PerfmockError } from "../../../core/plugin.ts";
import { LONGEST_TEXT } from "../mocks/bodies.ts";
import { Kept } from "./kept_bytes.ts";
import {
  type HeaderPair,
  MARK,
  pairsOf,
  toClient,
  toUpstream,
} from "./passed_headers.ts";
import type { SeenExchange } from "./recorder.ts";
import { reasonOf, type Upstream } from "./upstream.ts";

/** Greatest number of gaps of a stream that are kept. */
const MOST_GAPS = 300;

/** Time between the first byte and the last, in ms, from which on the pace of the pieces is told. */
const LEAST_STREAM = 20;

/** Greatest size of the head of a request, in bytes. */
const LARGEST_HEAD = 65_536;

/** Receives what the proxy saw. */
export interface Observer {
  /** Receives an exchange that is complete. */
  readonly seen: (exchange: SeenExchange) => void;
  /** Receives an exchange that is not. */
  readonly left: (reason: string, method: string, target: string) => void;
}

/** Options of a proxy. */
export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  /** Time in which the upstream has to answer, in ms. */
  readonly timeout: number;
  /** Greatest size of an answer's body that is kept, in bytes. */
  readonly mostKept: number;
}

/** A proxy that listens. */
export class RecordingProxy {
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #mark = crypto.randomUUID();
  readonly #tunnels = new Set<Duplex>();
  #url = new URL("http://127.0.0.1");
  #inFlight = 0;
  #idle = () => {};

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer(
      { maxHeaderSize: LARGEST_HEAD, requestTimeout: 0 },
      (request, response) => this.#pass(request, response),
    );
    this.#server.on(
      "upgrade",
      (request: IncomingMessage, socket: Duplex, first: Uint8Array) =>
        this.#tunnel(request, socket, first),
    );
  }

  /**
   * Starts to listen.
   *
   * @throws PerfmockError `PORT_IN_USE`, or `SERVER_NOT_STARTED`
   */
  static async listen(options: ProxyOptions): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(options);
    const server = proxy.#server;
    const { host, port } = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, host, resolve);
    try {
      await promise;
    } catch (error) {
      const inUse = Reflect.get(Object(error), "code") === "EADDRINUSE";
      throw new PerfmockError(
        inUse ? "PORT_IN_USE" : "SERVER_NOT_STARTED",
        inUse
          ? `Cannot listen on ${host}:${port}: another process does`
          : `Cannot listen on ${host}:${port}: ${reasonOf(error)}`,
        [],
        { cause: error },
      );
    }
    server.off("error", reject);
    // An error of one connection is not one of the server.
    server.on("error", () => {});
    const own = (server.address() as AddressInfo).port;
    const name = host.includes(":") ? `[${host}]` : host;
    proxy.#url = new URL(`http://${name}:${own}`);
    return proxy;
  }

  /** URL to send requests to. */
  get url(): URL {
    return this.#url;
  }

  /** Number of requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Stops listening; requests under way are waited for until a time of the clock. */
  async close(wait: number): Promise<void> {
    const { clock, upstream } = this.#options;
    this.#server.close();
    for (const socket of this.#tunnels) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#inFlight > 0) {
      const timer = clock.at(clock.now() + wait, resolve, undefined);
      this.#idle = resolve;
      await promise;
      clock.cancel(timer);
    }
    this.#server.closeAllConnections();
    upstream.close();
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const arrival = this.#options.clock.now();
    const inFlight = this.#inFlight++;
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      if (--this.#inFlight === 0) this.#idle();
    };
    new Passage({
      ...this.#options,
      request,
      response,
      arrival,
      inFlight,
      own: ownOrigin(request, this.#url),
      mark: this.#mark,
      over,
    }).begin();
  }

  /** Connects a client that wants another protocol, such as WebSocket, with the upstream. It is not recorded. */
  #tunnel(request: IncomingMessage, client: Duplex, first: Uint8Array): void {
    const { upstream, observer } = this.#options;
    const pairs = pairsOf(request.rawHeaders);
    const target = targetOf(request);
    observer.left(
      /^websocket$/i.test(request.headers.upgrade ?? "")
        ? "WebSockets, which were passed on and not recorded"
        : "other protocols after Upgrade, which were passed on and not recorded",
      request.method ?? "GET",
      target,
    );
    const sent = toUpstream(pairs, upstream, {
      own: ownOrigin(request, this.#url),
      mark: this.#mark,
    });
    const head = [
      `GET ${upstream.base}${target} HTTP/1.1`,
      ...Object.entries(sent).flatMap(([name, value]) =>
        [value].flat().map((one) => `${name}: ${one}`)
      ),
      "connection: Upgrade",
      `upgrade: ${request.headers.upgrade ?? ""}`,
    ];
    const server: Socket = upstream.connect(() => {
      server.write(`${head.join("\r\n")}\r\n\r\n`);
      if (first.length > 0) server.write(first);
      server.pipe(client);
      client.pipe(server);
    });
    for (const [one, other] of [[client, server], [server, client]]) {
      this.#tunnels.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#tunnels.delete(one);
        other.destroy();
      });
    }
  }
}

/** Path and query of a request, also of one in the form for forward proxies. */
function targetOf({ url = "/" }: IncomingMessage): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  return target.startsWith("/") ? target : `/${target}`;
}

/** Origin under which the client knows the recorder. */
function ownOrigin({ headers }: IncomingMessage, url: URL): string {
  return `http://${headers.host ?? url.host}`;
}

/** Parts of one exchange. */
interface PassageParts extends ProxyOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrival: number;
  readonly inFlight: number;
  readonly own: string;
  readonly mark: string;
  readonly over: () => void;
}

/** One request on its way to the upstream, and its answer on the way back. */
class Passage {
  readonly #parts: PassageParts;
  readonly #method: string;
  readonly #target: string;
  readonly #pairs: readonly HeaderPair[];
  readonly #asked: Kept;
  readonly #answered: Kept;
  readonly #gaps: number[] = [];
  #isOver = false;
  /** Ends the exchange of a stream of events, which has no end of its own: clients leave. */
  #left: (() => void) | undefined;
  #connected = 0;
  #connect = 0;
  #sent = 0;

  constructor(parts: PassageParts) {
    this.#parts = parts;
    const { request, mostKept } = parts;
    this.#method = request.method ?? "GET";
    this.#target = targetOf(request);
    this.#pairs = pairsOf(request.rawHeaders);
    this.#asked = new Kept(LONGEST_TEXT);
    this.#answered = new Kept(mostKept);
  }

  begin(): void {
    const { mark, request } = this.#parts;
    const marks = request.headers[MARK];
    if (marks !== undefined && `${marks}`.includes(mark)) {
      this.#refuse(
        508,
        "requests that came back to the recorder: the upstream leads to it",
      );
      return;
    }
    this.#send(true);
  }

  /** @param mayRepeat true if a request that met a connection just closed by the upstream is sent again */
  #send(mayRepeat: boolean): void {
    const { clock, mark, own, request, response, timeout, upstream } =
      this.#parts;
    const headers = toUpstream(this.#pairs, upstream, { own, mark });
    const hasBody = request.headers["content-length"] !== undefined &&
        request.headers["content-length"] !== "0" ||
      request.headers["transfer-encoding"] !== undefined;
    const sent = upstream.request(this.#method, this.#target, headers);
    const timer = clock.at(clock.now() + timeout, () => {
      sent.destroy();
      this.#refuse(
        504,
        `requests that the upstream did not answer within ${timeout} ms`,
      );
    }, undefined);
    sent.on("socket", (socket) => {
      const begun = clock.now();
      const ready = () => {
        this.#connected = clock.now();
        this.#connect = this.#connected - begun;
      };
      if (socket.connecting) {
        socket.once(upstream.isSecure ? "secureConnect" : "connect", ready);
      } else this.#connected = begun;
    });
    sent.on("error", (error) => {
      clock.cancel(timer);
      const isStale = mayRepeat && !hasBody && !this.#isOver &&
        sent.reusedSocket && !response.headersSent;
      if (isStale) this.#send(false);
      else {
        this.#refuse(
          502,
          `requests that the upstream did not answer: ${
            reasonOf(error).slice(0, 80)
          }`,
        );
      }
    });
    sent.on("response", (answer) => {
      clock.cancel(timer);
      this.#receive(answer, clock.now());
    });
    response.on("close", () => {
      if (response.writableFinished || this.#isOver) return;
      clock.cancel(timer);
      if (this.#left !== undefined) this.#left();
      else this.#leave("clients that left before the answer was complete");
      sent.destroy();
    });
    const end = () => {
      // Node tells that all is sent after the next look at the sockets only, and so after the answer of a quick upstream.
      this.#sent = clock.now();
      sent.end();
    };
    if (!hasBody) {
      end();
      return;
    }
    request.on("data", (piece: Uint8Array) => {
      this.#asked.add(piece);
      if (sent.write(piece)) return;
      request.pause();
      sent.once("drain", () => request.resume());
    });
    request.on("end", end);
    request.on("error", () => sent.destroy());
  }

  #receive(answer: IncomingMessage, firstByte: number): void {
    const { clock, own, response, upstream } = this.#parts;
    const pairs = pairsOf(answer.rawHeaders);
    const status = answer.statusCode ?? 502;
    // A server may answer before it has read the whole body.
    const asked = Math.min(
      firstByte,
      Math.max(this.#connected, this.#sent, this.#parts.arrival),
    );
    let pieces = 0;
    let last = firstByte;
    const isStream = /^text\/event-stream\b/i.test(
      answer.headers["content-type"] ?? "",
    );
    const finish = () => {
      if (this.#isOver) return;
      this.#over();
      this.#parts.observer.seen({
        arrival: this.#parts.arrival,
        method: this.#method,
        target: this.#target,
        requestHeaders: this.#pairs,
        requestText: this.#asked.text,
        status,
        headers: toClient(pairs, upstream, ""),
        body: this.#answered.bytes,
        bytes: this.#answered.size,
        wait: firstByte - asked,
        total: last - asked,
        connect: this.#connect,
        inFlight: this.#parts.inFlight,
        pieces,
        gaps: isStream || last - firstByte > LEAST_STREAM ? this.#gaps : [],
      });
    };
    answer.on("data", (piece: Uint8Array) => {
      const now = clock.now();
      if (pieces++ > 0 && this.#gaps.length < MOST_GAPS) {
        this.#gaps.push(now - last);
      }
      last = now;
      this.#answered.add(piece);
      if (response.write(piece)) return;
      answer.pause();
      response.once("drain", () => answer.resume());
    });
    answer.on("end", () => {
      last = clock.now();
      response.end();
      finish();
    });
    answer.on("error", () => broken());
    answer.on("aborted", () => broken());
    const broken = () => {
      this.#leave("answers that the upstream broke off");
      response.destroy();
    };
    if (isStream) this.#left = finish;
    const sent = toClient(pairs, upstream, own);
    try {
      response.writeHead(status, answer.statusMessage, sent.flat());
      response.flushHeaders();
    } catch {
      this.#leave("answers with headers that cannot be passed on");
      answer.destroy();
      response.destroy();
    }
  }

  /** Answers in place of the upstream. */
  #refuse(status: number, reason: string): void {
    if (this.#isOver) return;
    const { response } = this.#parts;
    this.#leave(reason);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    response.writeHead(status, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({
      type: "about:blank",
      status,
      title: "perfmock record has no answer of the upstream",
      detail: reason,
    }));
  }

  #leave(reason: string): void {
    if (this.#isOver) return;
    this.#over();
    this.#parts.observer.left(reason, this.#method, this.#target);
  }

  #over(): void {
    this.#isOver = true;
    this.#parts.over();
  }
}
