/**
 * A server of HTTP/1.1 on the loop: accepts connections up to its limits, ends those that stay idle, and ends.
 *
 * @module
 */
import { LINGERING } from "../lib/lingering.ts";
import { ERRNO, EVENT } from "../net/libc.ts";
import type { Alarm, Loop, Watcher } from "../net/loop.ts";
import {
  ACCEPTED,
  ADDRESS_SIZE,
  formatAddress,
  listenOn,
  type ListenOptions,
  sizeCell,
  SocketError,
} from "../net/sockets.ts";
import type { ConnectionServer } from "./_connection_server.ts";
import { Connection } from "./connection.ts";
import { type HeadLimits, RequestHead } from "./request_head.ts";
import type { ServerRequest } from "./server_request.ts";

/** Limits of a server. */
export interface ServerLimits {
  /** Limits of a request's head. */
  readonly head: HeadLimits;
  /** Maximum size of a request's body, in bytes. */
  readonly body: number;
  /** Maximum number of open connections. Further ones wait to be accepted. */
  readonly connections: number;
  /** Time within which a head must be complete, in ms; Infinity for no limit. */
  readonly headTimeout: number;
  /**
   * Time after which a connection is closed that has no request, or whose client neither sends the rest of a body that is read nor
   * takes an answer, in ms; Infinity for no limit.
   */
  readonly idleTimeout: number;
}

/** Options of a server. */
export interface HttpServerOptions extends ListenOptions {
  readonly limits: ServerLimits;
  /** Takes a request, which receives its answer by itself. */
  readonly receive: (request: ServerRequest) => void;
  /** Reports an error of perfmock, which ends no more than one connection. */
  readonly failed: (error: unknown) => void;
  /** Reports that connections have to wait because as many are open as allowed. */
  readonly full?: () => void;
  /** Reports that connections have to wait because the system has no descriptor left. */
  readonly starved: () => void;
}

/** Time between two sweeps, in ms. */
const SWEEP = 500;

/** Maximum number of connections looked at in one sweep. */
const SWEPT = 4096;

/** Maximum number of connections accepted per turn. */
const ACCEPTS = 64;

const encoder = new TextEncoder();

/** A server, from its start to its end. */
export class HttpServer implements ConnectionServer, Watcher, Alarm {
  at = Infinity;
  readonly loop: Loop;
  readonly head: RequestHead;
  readonly limits: ServerLimits;
  readonly receive: (request: ServerRequest) => void;
  readonly failed: (error: unknown) => void;
  readonly port: number;
  ending = false;
  roughly: number;
  date = "";
  endOfHead = new Uint8Array(0);
  readonly #fd: number;
  readonly #full: (() => void) | undefined;
  readonly #starved: () => void;
  readonly #connections: Connection[] = [];
  readonly #ended = Promise.withResolvers<void>();
  readonly #address = new Uint8Array(ADDRESS_SIZE);
  readonly #size = sizeCell();
  #cursor = 0;
  #accepts = true;
  #host = "";
  #path = "";
  #url = "";

  /**
   * Starts to listen.
   *
   * @throws SocketError with the system's error
   */
  static async start(
    loop: Loop,
    options: HttpServerOptions,
  ): Promise<HttpServer> {
    return new HttpServer(loop, options, await listenOn(loop, options));
  }

  private constructor(
    loop: Loop,
    { failed, full, limits, receive, starved }: HttpServerOptions,
    { fd, port }: { readonly fd: number; readonly port: number },
  ) {
    this.loop = loop;
    this.limits = limits;
    this.receive = receive;
    this.failed = failed;
    this.#full = full;
    this.#starved = starved;
    this.#fd = fd;
    this.port = port;
    this.head = new RequestHead(limits.head);
    this.roughly = loop.now();
    if (!loop.watch(fd, EVENT.readable, this)) {
      loop.calls.close(fd);
      throw new SocketError(
        "ENOSPC",
        "the system cannot watch one more socket",
      );
    }
    loop.addAlarm(this);
  }

  /** Number of open connections. */
  get size(): number {
    return this.#connections.length;
  }

  /** Resolves when the server has stopped and its last connection is closed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Joins the URL of a request. Equal ones in a row are one string. */
  url(host: string, path: string): string {
    if (host !== this.#host || path !== this.#path) {
      this.#host = host;
      this.#path = path;
      this.#url = `http://${host || `localhost:${this.port}`}${
        path === "*" ? "/*" : path
      }`;
    }
    return this.#url;
  }

  /** Accepts connections that wait. */
  ready(): void {
    const { calls } = this.loop;
    for (let i = 0; i < ACCEPTS; i++) {
      if (this.#connections.length >= this.limits.connections) {
        // It is not known yet if a connection waits.
        this.#full?.();
        return this.#accept(false);
      }
      const fd = calls.accept4(this.#fd, this.#address, this.#size, ACCEPTED);
      if (fd < 0) {
        const errno = this.loop.errno();
        if (errno === ERRNO.wouldBlock) return;
        if (errno === ERRNO.interrupted || errno === ERRNO.connectionAborted) {
          continue;
        }
        return this.#starve();
      }
      if (this.#connections.length === 0) this.ring();
      const connection = new Connection(
        this,
        fd,
        formatAddress(this.#address),
      );
      if (!this.loop.watch(fd, Connection.interest, connection)) {
        calls.close(fd);
        return this.#starve();
      }
      connection.slot = this.#connections.length;
      this.#connections.push(connection);
      if (this.at === Infinity) this.loop.expect(this, this.roughly + SWEEP);
    }
  }

  /** An error while accepting ends nothing. */
  broken(error: unknown): void {
    this.failed(error);
  }

  /** The system has no descriptor left: connections wait until one is closed, or for the next sweep. */
  #starve(): void {
    this.#accept(false);
    if (this.at === Infinity) this.loop.expect(this, this.loop.now() + SWEEP);
    this.#starved();
  }

  #accept(on: boolean): void {
    if (this.#accepts === on || this.ending) return;
    this.#accepts = on;
    this.loop.change(this.#fd, on ? EVENT.readable : 0);
  }

  closed({ slot }: { readonly slot: number }): void {
    const last = this.#connections.pop();
    if (last !== undefined && last.slot !== slot) {
      this.#connections[slot] = last;
      last.slot = slot;
    }
    this.#accept(true);
    if (this.ending && this.#connections.length === 0) this.#end();
  }

  /** Looks at some of the connections, and takes the time and date for all. */
  ring(): void {
    const now = this.loop.now();
    this.roughly = now;
    this.date = `date: ${new Date().toUTCString()}\r\n`;
    this.endOfHead = encoder.encode(`${this.date}\r\n`);
    this.#accept(true);
    const count = Math.min(SWEPT, this.#connections.length);
    for (let i = 0; i < count; i++) {
      if (this.#cursor >= this.#connections.length) this.#cursor = 0;
      const connection = this.#connections[this.#cursor++];
      if (connection !== undefined) this.#sweep(connection, now);
    }
    this.at = this.#connections.length === 0 && this.#accepts
      ? Infinity
      : now + SWEEP;
  }

  #sweep(connection: Connection, now: number): void {
    const { headTimeout, idleTimeout } = this.limits;
    const age = now - connection.since;
    switch (connection.phase) {
      case "idle":
        if (age > idleTimeout) connection.end();
        break;
      case "head":
        if (age > headTimeout) connection.timeOut("head");
        break;
      case "busy":
      case "upgraded":
        if (age > idleTimeout && connection.stalled) {
          connection.timeOut("body");
        }
        break;
      case "finishing":
        if (age > idleTimeout) connection.cut();
        break;
      case "lingering":
        if (age > LINGERING.idle) connection.timeOut("body");
    }
  }

  /** Stops accepting, ends idle connections, and lets the others end after their answers. */
  shutdown(): Promise<void> {
    this.#stop();
    for (const connection of [...this.#connections]) connection.end();
    return this.ended;
  }

  /** Closes all connections at once. */
  cut(): Promise<void> {
    this.#stop();
    for (const connection of [...this.#connections]) connection.cut();
    return this.ended;
  }

  #stop(): void {
    if (this.ending) return;
    this.ending = true;
    this.loop.close(this.#fd);
    if (this.#connections.length === 0) this.#end();
  }

  #end(): void {
    this.loop.removeAlarm(this);
    this.#ended.resolve();
  }
}
