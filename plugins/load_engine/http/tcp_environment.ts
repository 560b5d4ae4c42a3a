/**
 * Carries out orders over plain TCP. The last connection to become idle is reused first; if none is idle, a new one is made. The
 * scenarios bound their number by the number of their active requests.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment, Order, RequestPlan } from "../order.ts";
import {
  ClientConnection,
  type Connector,
  type ExchangeSettings,
} from "./client_connection.ts";
import { type PreparedRequest, prepareRequest } from "./request.ts";
import type { Destination } from "./targets.ts";
import { Timeouts } from "./timeouts.ts";

/** Number of connections that are opened at the same time before a run; any server's queue accepts as many. */
const PARALLEL_CONNECTS = 16;

/** Time after which a run begins with the connections that are open, in ms. */
const CONNECT_TIMEOUT = 1000;

/** Parts of a planned request that sending needs. */
interface Sending {
  /** The encoded request; undefined before the first order, and if each is encoded anew. */
  prepared: PreparedRequest | undefined;
  /** True if the request has no placeholders. */
  readonly isConstant: boolean;
  /** Exchanges with the request's time-out. */
  readonly timeouts: Timeouts;
}

/** Stands for a connection that may not be opened. Its exchanges fail. */
class NoConnection extends ClientConnection<Order> {
  override get connected(): boolean {
    return false;
  }

  override open(): Promise<boolean> {
    this.failure = "descriptors";
    this.shut();
    return Promise.resolve(false);
  }

  protected override exchange(): void {
    // Not from within send(). A sender that tries again at once would otherwise never return to the loop, either.
    setImmediate(() => this.abort("descriptors"));
  }

  protected override get reusable(): boolean {
    return false;
  }

  protected override rest(): void {}

  protected override release(): void {}
}

/** A {@linkcode ClientEnvironment} with connections of its own. */
export class TcpEnvironment implements ClientEnvironment {
  readonly clock: Clock;
  readonly #settings: ExchangeSettings<Order>;
  readonly #connector: Connector;
  readonly #most: number;
  /** Number of connections that are open or being opened. */
  #count = 0;
  readonly #host: string;
  readonly #prefix: string;
  readonly #sendings = new Map<RequestPlan, Sending>();
  readonly #timeouts = new Map<number, Timeouts>();
  readonly #idle: ClientConnection<Order>[] = [];
  readonly #opening = new Set<ClientConnection<Order>>();
  #disposed = false;

  /**
   * Connects with the first orders, or earlier with {@linkcode TcpEnvironment.connectAhead}.
   *
   * @param most maximum number of open connections; a request that needs another fails with `descriptors`
   */
  constructor(
    clock: Clock,
    { host, prefix }: Pick<Destination, "host" | "prefix">,
    connector: Connector,
    most: number,
  ) {
    this.clock = clock;
    this.#host = host;
    this.#prefix = prefix;
    this.#connector = connector;
    this.#most = most;
    this.#settings = {
      clock,
      ended: (connection) => this.#onEnded(connection),
      closed: () => this.#count--,
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
    const sending = this.#sendings.get(request) ?? this.#add(request);
    const prepared = sending.prepared ?? this.#prepare(order, sending);
    const connection = this.#connection(request.keepAlive);
    order.started = this.clock.now();
    connection.send(prepared, order);
    sending.timeouts.add(connection);
  }

  /** See {@linkcode ClientEnvironment.cut}. */
  cut(scenario: number): void {
    for (const connection of this.#active()) {
      if (connection.tag.request.scenario === scenario) connection.abort("cut");
    }
  }

  /** Cuts all active orders and closes all connections. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const connection of this.#active()) connection.abort("cut");
    for (const timeouts of this.#timeouts.values()) timeouts.end();
    for (const connection of this.#idle) connection.close();
    this.#idle.length = 0;
    for (const connection of this.#opening) connection.close();
    this.#connector.close();
  }

  #active(): ClientConnection<Order>[] {
    return [...this.#timeouts.values()].flatMap((timeouts) =>
      timeouts.carriers()
    );
  }

  /** Returns whether another connection should be opened. */
  async #connectOne(): Promise<boolean> {
    if (this.#count >= this.#most) return false;
    const connection = this.#create();
    this.#opening.add(connection);
    const isOpen = await connection.open();
    this.#opening.delete(connection);
    if (this.#disposed) connection.close();
    else if (isOpen) this.#idle.push(connection);
    return isOpen && !this.#disposed;
  }

  #connection(keepAlive: boolean): ClientConnection<Order> {
    if (keepAlive) {
      for (;;) {
        const connection = this.#idle.pop();
        if (connection === undefined) break;
        if (connection.usable) return connection;
      }
    } else if (this.#count >= this.#most) this.#idle.pop()?.close();
    return this.#create();
  }

  #create(): ClientConnection<Order> {
    this.#count++;
    return this.#count > this.#most
      ? new NoConnection(this.#settings)
      : this.#connector.create(this.#settings);
  }

  #add(request: RequestPlan): Sending {
    const { timeout, path, headers, body } = request;
    let timeouts = this.#timeouts.get(timeout);
    if (timeouts === undefined) {
      timeouts = new Timeouts(this.clock, timeout);
      this.#timeouts.set(timeout, timeouts);
    }
    const templates = [path, ...headers.map(([, value]) => value)];
    if (body !== undefined) templates.push(body);
    const isConstant = templates.every(({ constant }) =>
      constant !== undefined
    );
    const sending: Sending = { prepared: undefined, isConstant, timeouts };
    this.#sendings.set(request, sending);
    return sending;
  }

  /** Encodes an order's request, and keeps the result if the request has no placeholders. */
  #prepare({ request, turn }: Order, sending: Sending): PreparedRequest {
    const { method, path, headers, body, binary, check, keepAlive } = request;
    const prepared = prepareRequest({
      method,
      path: this.#prefix + path.render(turn),
      headers: headers.map(([name, value]) => [name, value.render(turn)]),
      body: body?.render(turn),
      binary,
      keepBody: check?.body !== undefined,
      keepAlive,
    }, this.#host);
    if (sending.isConstant) sending.prepared = prepared;
    return prepared;
  }

  #onEnded(connection: ClientConnection<Order>): void {
    const order = connection.tag;
    const { request } = order;
    this.#sendings.get(request)?.timeouts.remove(connection);
    const wanted = request.check?.body;
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
