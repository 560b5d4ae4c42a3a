/**
 * Connections of HTTP/1.1 on the loop over the kernel's sockets: an exchange makes no promise, and its bytes pass no other queue than
 * the kernel's.
 *
 * @module
 */
import {
  ERRNO,
  Network,
  type Outgoing,
  RemoteAddresses,
  type SocketOwner,
} from "../../../core/load.ts";
import {
  ClientConnection,
  type Connector,
  type ExchangeSettings,
  type FailureKind,
} from "./client_connection.ts";
import type { Order } from "../order.ts";
import type { PreparedRequest } from "./request.ts";
import { MalformedResponse } from "./response_reader.ts";
import type { Destination } from "./targets.ts";

/**
 * Returns the network that carries the connections to a destination; undefined if Deno's sockets must: over TLS, and where the
 * kernel's cannot or may not be used. Never prompts for a permission, and never rejects.
 *
 * @returns a network that the caller releases
 */
export async function networkFor(
  { secure, addresses, port }: Destination,
): Promise<Network | undefined> {
  if (secure || Network.obstacle() !== undefined) return undefined;
  if (RemoteAddresses.of(addresses, port) === undefined) return undefined;
  // Checks Deno's permissions, which the kernel does not know.
  if (!addresses.every((address) => mayConnect(address, port))) {
    return undefined;
  }
  try {
    return await Network.acquire();
  } catch {
    return undefined;
  }
}

function mayConnect(address: string, port: number): boolean {
  const name = address.includes(":") ? `[${address}]` : address;
  const permission = { name: "net", host: `${name}:${port}` } as const;
  return Deno.permissions.querySync(permission).state === "granted";
}

/** Connections of an environment on the loop. */
export class LoopConnector implements Connector {
  readonly #network: Network;
  readonly #remote: RemoteAddresses;

  /** Returns a connector; undefined if the network cannot connect to one of the addresses. */
  static of(
    network: Network,
    { addresses, port }: Destination,
  ): LoopConnector | undefined {
    const remote = RemoteAddresses.of(addresses, port);
    return remote === undefined
      ? undefined
      : new LoopConnector(network, remote);
  }

  /** Connects with the first exchange. */
  constructor(network: Network, remote: RemoteAddresses) {
    this.#network = network;
    this.#remote = remote;
  }

  /** See {@linkcode Connector.create}. */
  create(settings: ExchangeSettings<Order>): LoopConnection<Order> {
    return new LoopConnection(settings, this.#network, this.#remote);
  }

  /** Does nothing: each connection gives up its own attempt when it is closed. */
  close(): void {}
}

/** One connection on the loop. */
export class LoopConnection<Tag> extends ClientConnection<Tag>
  implements SocketOwner {
  readonly #socket: Outgoing;
  /** Request to send once the connection is open. */
  #request: PreparedRequest | undefined;
  /** Reports the end of an attempt without a request. */
  #opened: ((usable: boolean) => void) | undefined;

  /** See {@linkcode ClientConnection}. */
  constructor(
    settings: ExchangeSettings<Tag>,
    network: Network,
    remote: RemoteAddresses,
  ) {
    super(settings);
    this.#socket = network.connection(remote, this);
  }

  /** See {@linkcode ClientConnection.connected}. */
  override get connected(): boolean {
    return this.#socket.isOpen;
  }

  /** See {@linkcode ClientConnection.open}. */
  override open(): Promise<boolean> {
    this.state = "opening";
    return new Promise((opened) => {
      this.#opened = opened;
      this.#socket.open();
    });
  }

  protected override exchange(request: PreparedRequest): void {
    if (this.#socket.isOpen) return this.#socket.send(request.bytes);
    this.#request = request;
    this.#socket.open();
  }

  protected override get reusable(): boolean {
    return !this.#socket.isSending && !this.#socket.hasEnded;
  }

  protected override rest(): void {}

  protected override release(): void {
    this.#socket.close();
    this.#request = undefined;
    this.#report(false);
  }

  /** See {@linkcode SocketOwner.onOpen}. */
  onOpen(): void {
    const request = this.#request;
    this.#request = undefined;
    if (request !== undefined) return this.#socket.send(request.bytes);
    this.state = "idle";
    this.#report(true);
  }

  /** See {@linkcode SocketOwner.onRefused}. */
  onRefused(errno: number): void {
    const kind: FailureKind = errno === ERRNO.connectionRefused
      ? "connection-refused"
      : "connect";
    if (this.state === "busy") return this.fail(kind);
    this.failure = kind;
    this.shut();
  }

  /** See {@linkcode SocketOwner.onReadable}. */
  onReadable(): void {
    const { reader } = this;
    const count = this.#socket.receive(reader.space());
    if (count === -ERRNO.wouldBlock) return;
    // The server has closed an idle connection, or sent bytes without a request.
    if (this.state !== "busy") return this.shut();
    if (count < 0) return this.fail("reset");
    if (count === 0) return reader.end() ? this.succeed() : this.fail("closed");
    this.stamp();
    let complete: boolean;
    try {
      complete = reader.push(count);
    } catch (error) {
      return this.fail(
        error instanceof MalformedResponse ? "protocol" : "reset",
      );
    }
    if (complete) this.succeed();
  }

  /** See {@linkcode SocketOwner.broken}. Errors of the receiver of results are reported as those of timers are. */
  broken(error: unknown): void {
    reportError(error);
    this.abort("reset");
  }

  #report(usable: boolean): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.(usable);
  }
}
