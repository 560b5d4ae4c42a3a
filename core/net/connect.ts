/**
 * Connections that this process opens over TCP, on the loop: several addresses tried in turn, writes of any size, and reads into the
 * caller's memory. Nothing here blocks, and nothing here makes a promise.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import type { PreciseClock } from "../lib/time/mod.ts";
import { ERRNO, EVENT, NO_SIGNAL, obstacle } from "./libc.ts";
import { type Answering, LocalServer } from "./local_server.ts";
import { Loop, type Watcher } from "./loop.ts";
import { LoopWaker } from "./loop_waker.ts";
import { addressOf } from "./sockets.ts";

const STREAM = 1;
const NON_BLOCKING = 0o4000;
const CLOSE_ON_EXEC = 0o2000000;
const TCP = 6;
const NO_DELAY = 1;
const SOCKET = 1;
const SOCKET_ERROR = 4;
/** Error of a watch that the system refuses: it has run out of memory for watches. */
const NO_SPACE = 28;
/** Events of an open connection; room for bytes is added while some wait. */
const INPUT = EVENT.readable | EVENT.peerEnded;
/** Events that do not tell of an end. */
const USUAL = EVENT.readable | EVENT.writable;
const ON = new Uint8Array(new Int32Array([1]).buffer);

/** The addresses of one remote server. All connections to it share them, so that they agree on the one that accepts. */
export class RemoteAddresses {
  readonly #addresses: readonly Uint8Array[];
  /** Index of the address that accepted the last connection. */
  #current = 0;

  /**
   * Returns the addresses; undefined if the loop cannot connect to one of them, such as an IPv6 address with a zone.
   *
   * @param hosts IP addresses, at least one, in the order in which they are tried
   * @param port 1…65535
   */
  static of(
    hosts: readonly string[],
    port: number,
  ): RemoteAddresses | undefined {
    const fits = (host: string) =>
      isIPv4(host) || isIPv6(host) && !host.includes("%");
    if (hosts.length === 0 || !hosts.every(fits)) return undefined;
    return new RemoteAddresses(hosts.map((host) => addressOf(host, port)));
  }

  /** Returns the address of a server of this thread's own. */
  static local({ address }: LocalServer): RemoteAddresses {
    return new RemoteAddresses([address]);
  }

  private constructor(addresses: readonly Uint8Array[]) {
    this.#addresses = addresses;
  }

  /** Number of addresses. */
  get count(): number {
    return this.#addresses.length;
  }

  /** Address to try next. */
  get current(): Uint8Array {
    return this.#addresses[this.#current];
  }

  /** Moves on from an address that failed, unless another connection has moved on already. */
  skip(failed: Uint8Array): void {
    if (failed !== this.current) return;
    this.#current = (this.#current + 1) % this.#addresses.length;
  }
}

/** Owner of an {@linkcode Outgoing} connection. Its methods are called from the loop, never from within a method of the connection. */
export interface SocketOwner {
  /** The connection is open. */
  onOpen(): void;
  /**
   * No address accepted a connection. The socket is closed.
   *
   * @param errno error of the last attempt, see {@linkcode ERRNO}
   */
  onRefused(errno: number): void;
  /** Bytes, the end of the stream or an error has come: call {@linkcode Outgoing.receive}. */
  onReadable(): void;
  /** A method above threw an error. The socket is closed. Must not throw. */
  broken(error: unknown): void;
}

/** One connection to a remote server. It can be opened once. */
export interface Outgoing {
  /** True while the connection is open: false before it has connected and after it was closed. */
  readonly isOpen: boolean;
  /** True if the server had ended its direction at the last event, or the connection is broken: bytes that it sent before can still be received. */
  readonly hasEnded: boolean;
  /** True if bytes given to {@linkcode Outgoing.send} are not with the kernel yet. */
  readonly isSending: boolean;
  /** Connects to the first address that accepts, beginning with the one that accepted last. Tells the owner how that ended. */
  open(): void;
  /**
   * Sends bytes: at once if the kernel has room, and the rest when it has. The bytes must stay unchanged meanwhile. Before the last
   * ones are sent no more may be given. An error is left to {@linkcode Outgoing.receive}.
   */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * Reads bytes.
   *
   * @param space memory for them
   * @returns their number; 0 at the end of the stream; an error's number below 0, which is −{@linkcode ERRNO}.wouldBlock if nothing
   * is there
   */
  receive(space: Uint8Array<ArrayBuffer>): number;
  /** Closes the connection, and gives up any attempt to open it. The owner is not called again. */
  close(): void;
}

/** The kernel's sockets, as this thread may use them for connections of its own. */
export class Network {
  readonly #loop: Loop;

  /**
   * Returns the reason why there are none here, as a sentence without a full stop; undefined if none is known. Never prompts for a
   * permission.
   */
  static obstacle(): string | undefined {
    return obstacle();
  }

  /**
   * Starts what they need, unless this thread has it already. Call {@linkcode Network.release} once.
   *
   * @throws Error if they cannot be used here; the message is the reason
   */
  static async acquire(): Promise<Network> {
    return new Network(await Loop.acquire());
  }

  private constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** Creates a connection that is not open. */
  connection(remote: RemoteAddresses, owner: SocketOwner): Outgoing {
    return new OutgoingSocket(this.#loop, remote, owner);
  }

  /**
   * Starts a server of this thread's own, without a port: see {@linkcode RemoteAddresses.local}.
   *
   * @param accepted called for each connection
   * @throws Error if the system has no descriptor left
   */
  serveLocally(accepted: () => Answering): LocalServer {
    return new LocalServer(this.#loop, accepted);
  }

  /** Lets a clock wait where the sockets wait, instead of on a thread of its own, until the clock is disposed. */
  async wake(clock: PreciseClock): Promise<void> {
    const own = await Loop.acquire();
    try {
      clock.wakeBy((ring) => new LoopWaker(own, ring));
    } catch (error) {
      await own.release();
      throw error;
    }
  }

  /** Ends the use; settles when nothing is left. All connections must be closed. */
  release(): Promise<void> {
    return this.#loop.release();
  }
}

/** An {@linkcode Outgoing} connection on the loop. */
export class OutgoingSocket implements Outgoing, Watcher {
  readonly #loop: Loop;
  readonly #remote: RemoteAddresses;
  readonly #owner: SocketOwner;
  #state: "new" | "connecting" | "open" | "closed" = "new";
  #fd = -1;
  #address: Uint8Array | undefined;
  /** Number of addresses tried. */
  #tried = 0;
  /** Bytes of which a part is not sent yet; undefined if there are none. */
  #rest: Uint8Array<ArrayBuffer> | undefined;
  #sent = 0;
  /** True while the loop tells when there is room for more bytes. */
  #waits = false;
  /** Error of a write. The kernel reports an error once, so a read after it may find none. */
  #writeError = 0;
  #hasEnded = false;

  /** Creates a socket that is not connected. */
  constructor(loop: Loop, remote: RemoteAddresses, owner: SocketOwner) {
    this.#loop = loop;
    this.#remote = remote;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isSending(): boolean {
    return this.#rest !== undefined;
  }

  open(): void {
    this.#state = "connecting";
    const errno = this.#begin();
    if (errno === 0) return;
    // An owner that tries again at once would otherwise never return to the loop.
    setImmediate(() => this.#fail(errno));
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    const { calls } = this.#loop;
    const sent = calls.send(this.#fd, bytes, bytes.length, NO_SIGNAL);
    if (sent === bytes.length) return;
    this.#rest = bytes;
    this.#sent = 0;
    this.#wrote(sent);
  }

  receive(space: Uint8Array<ArrayBuffer>): number {
    const { calls } = this.#loop;
    const count = calls.recv(this.#fd, space, space.length, 0);
    if (count > 0) return count;
    if (count === 0) return 0 - this.#writeError;
    const errno = this.#loop.errno();
    return errno === ERRNO.interrupted ? -ERRNO.wouldBlock : -errno;
  }

  close(): void {
    this.#state = "closed";
    this.#rest = undefined;
    this.#release();
  }

  /** See {@linkcode Watcher.ready}. */
  ready(events: number): void {
    if (this.#state === "open") {
      if (this.#waits && this.#rest !== undefined) this.#sendRest(this.#rest);
      if ((events & ~EVENT.writable) === 0) return;
      if ((events & ~USUAL) !== 0) this.#hasEnded = true;
      this.#owner.onReadable();
    } else if (this.#state === "connecting") this.#conclude();
  }

  /** See {@linkcode Watcher.broken}. */
  broken(error: unknown): void {
    this.close();
    this.#owner.broken(error);
  }

  /** Begins to connect to the next address for which that is possible. Returns 0, or the error of the last attempt. */
  #begin(): number {
    let errno: number;
    do {
      const address = this.#address = this.#remote.current;
      this.#tried++;
      errno = this.#beginWith(address);
      if (errno === 0) return 0;
      this.#release();
      this.#remote.skip(address);
    } while (this.#tried < this.#remote.count);
    return errno;
  }

  #beginWith(address: Uint8Array): number {
    const loop = this.#loop;
    const { calls } = loop;
    // Each address begins with its family, a short integer.
    const family = address[0] | address[1] << 8;
    const type = STREAM | NON_BLOCKING | CLOSE_ON_EXEC;
    const fd = calls.socket(family, type, 0);
    if (fd < 0) return loop.errno();
    calls.setsockopt(fd, TCP, NO_DELAY, ON, ON.length);
    if (calls.connect(fd, address, address.length) < 0) {
      const errno = loop.errno();
      if (errno !== ERRNO.inProgress && errno !== ERRNO.interrupted) {
        calls.close(fd);
        return errno;
      }
    }
    if (!loop.watch(fd, EVENT.writable, this)) {
      calls.close(fd);
      return NO_SPACE;
    }
    this.#fd = fd;
    return 0;
  }

  /** The attempt has ended, well or not. */
  #conclude(): void {
    const errno = this.#error();
    if (errno === 0) {
      this.#state = "open";
      this.#loop.change(this.#fd, INPUT);
      return this.#owner.onOpen();
    }
    this.#release();
    if (this.#address !== undefined) this.#remote.skip(this.#address);
    const next = this.#tried < this.#remote.count ? this.#begin() : errno;
    if (next !== 0) this.#fail(next);
  }

  #error(): number {
    const value = new Int32Array(1);
    const bytes = new Uint8Array(value.buffer);
    const size = new Uint8Array(new Int32Array([4]).buffer);
    const { calls } = this.#loop;
    calls.getsockopt(this.#fd, SOCKET, SOCKET_ERROR, bytes, size);
    return value[0];
  }

  #fail(errno: number): void {
    if (this.#state !== "connecting") return;
    this.close();
    this.#owner.onRefused(errno);
  }

  #sendRest(rest: Uint8Array<ArrayBuffer>): void {
    const bytes = rest.subarray(this.#sent);
    const { calls } = this.#loop;
    this.#wrote(calls.send(this.#fd, bytes, bytes.length, NO_SIGNAL));
  }

  /** Keeps account of a write, and watches for room while something is left. */
  #wrote(result: number): void {
    if (result < 0) {
      const errno = this.#loop.errno();
      if (errno !== ERRNO.wouldBlock && errno !== ERRNO.interrupted) {
        this.#writeError = errno;
        return this.#waitForRoom(false);
      }
    } else this.#sent += result;
    if (this.#sent === this.#rest?.length) this.#rest = undefined;
    this.#waitForRoom(this.#rest !== undefined);
  }

  #waitForRoom(waits: boolean): void {
    if (waits === this.#waits) return;
    this.#waits = waits;
    this.#loop.change(this.#fd, waits ? INPUT | EVENT.writable : INPUT);
  }

  #release(): void {
    if (this.#fd < 0) return;
    this.#loop.close(this.#fd);
    this.#fd = -1;
  }
}
