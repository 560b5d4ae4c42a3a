/**
 * Carries out orders over plain TCP. The last connection to become idle is reused first; if none is idle, a new one is made. The
 * scenarios bound their number by the number of their active requests.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment, Order, RequestPlan } from "../order.ts";
import {
  Addresses,
  Connection,
  type ConnectionSettings,
} from "./connection.ts";
import { type PreparedRequest, prepareRequest } from "./request.ts";
import type { Destination } from "./targets.ts";

/** Number of connections that are opened at the same time before a run; any server's queue accepts as many. */
const PARALLEL_CONNECTS = 16;

/** Time after which a run begins with the connections that are open, in ms. */
const CONNECT_TIMEOUT = 1000;

/** A {@linkcode ClientEnvironment} with connections of its own. */
export class TcpEnvironment implements ClientEnvironment {
  readonly clock: Clock;
  readonly #settings: ConnectionSettings<Order>;
  readonly #addresses: Addresses;
  readonly #host: string;
  readonly #prefix: string;
  readonly #prepared = new Map<RequestPlan, PreparedRequest>();
  readonly #idle: Connection<Order>[] = [];
  readonly #busy = new Set<Connection<Order>>();
  #disposed = false;

  /** Connects with the first orders, or earlier with {@linkcode TcpEnvironment.connectAhead}. */
  constructor(clock: Clock, destination: Destination) {
    this.clock = clock;
    this.#host = destination.host;
    this.#prefix = destination.prefix;
    this.#addresses = new Addresses(destination.addresses, destination.port);
    this.#settings = {
      clock,
      addresses: this.#addresses,
      ended: (connection) => this.#onEnded(connection),
    };
  }

  /** See {@linkcode ClientEnvironment.connectAhead}. */
  async connectAhead(count: number): Promise<void> {
    let left = count;
    const connectSome = async () => {
      while (left-- > 0 && await this.#connectOne());
    };
    const late = Promise.withResolvers<void>();
    const timer = this.clock.at(
      this.clock.now() + CONNECT_TIMEOUT,
      late.resolve,
      undefined,
    );
    await Promise.race([
      Promise.all(Array.from({ length: PARALLEL_CONNECTS }, connectSome)),
      late.promise,
    ]);
    left = 0;
    this.clock.cancel(timer);
  }

  /** See {@linkcode ClientEnvironment.send}. */
  send(order: Order): void {
    const { request } = order;
    const prepared = this.#prepared.get(request) ?? this.#prepare(order);
    const connection = this.#connection(request.keepAlive);
    this.#busy.add(connection);
    order.started = this.clock.now();
    connection.timer = this.clock.at(
      order.started + request.timeout,
      giveUp,
      connection,
    );
    connection.send(prepared, order);
  }

  /** See {@linkcode ClientEnvironment.cut}. */
  cut(scenario: number): void {
    for (const connection of [...this.#busy]) {
      if (connection.tag.request.scenario === scenario) connection.abort("cut");
    }
  }

  /** Cuts all active orders and closes all connections. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const connection of [...this.#busy]) connection.abort("cut");
    for (const connection of this.#idle) connection.close();
    this.#idle.length = 0;
    this.#addresses.close();
  }

  /** Returns whether another connection should be opened. */
  async #connectOne(): Promise<boolean> {
    const connection = new Connection(this.#settings);
    const isOpen = await connection.open();
    if (this.#disposed) connection.close();
    else if (isOpen) this.#idle.push(connection);
    return isOpen && !this.#disposed;
  }

  #connection(keepAlive: boolean): Connection<Order> {
    if (keepAlive) {
      for (;;) {
        const connection = this.#idle.pop();
        if (connection === undefined) break;
        if (connection.usable) return connection;
      }
    }
    return new Connection(this.#settings);
  }

  /** Encodes an order's request; caches the result if the request has no placeholders. */
  #prepare(order: Order): PreparedRequest {
    const { request, turn } = order;
    const { method, path, headers, body, check, keepAlive } = request;
    const prepared = prepareRequest({
      method,
      path: this.#prefix + path.render(turn),
      headers: headers.map(([name, value]) => [name, value.render(turn)]),
      body: body?.render(turn),
      keepBody: check?.body !== undefined,
      keepAlive,
    }, this.#host);
    const templates = [path, ...headers.map(([, value]) => value)];
    if (body !== undefined) templates.push(body);
    if (templates.every(({ constant }) => constant !== undefined)) {
      this.#prepared.set(request, prepared);
    }
    return prepared;
  }

  #onEnded(connection: Connection<Order>): void {
    const order = connection.tag;
    this.clock.cancel(connection.timer);
    this.#busy.delete(connection);
    const wanted = order.request.check?.body;
    order.firstByte = connection.firstByteAt;
    order.ended = connection.endedAt;
    order.error = connection.failure;
    if (order.error === "") {
      order.status = connection.status;
      if (wanted !== undefined) {
        order.bodyHeld = connection.bodyText.includes(wanted);
      }
    }
    if (connection.usable) this.#idle.push(connection);
    order.sender.ended(order);
  }
}

function giveUp(connection: Connection<Order>): void {
  connection.abort("timeout");
}
