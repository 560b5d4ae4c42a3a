/**
 * A server that only its own thread connects to, over sockets of the kernel that have no port and no file: what a client of this
 * process sends to it leaves neither the process nor, as bytes of a network, the machine.
 *
 * @module
 */
import { EVENT, NO_SIGNAL } from "./libc.ts";
import type { Loop, Watcher } from "./loop.ts";
import { ACCEPTED, sizeCell } from "./sockets.ts";

/** AF_UNIX. */
const LOCAL = 1;
const STREAM = 1;
/** Size of struct sockaddr_un, in bytes. */
const LOCAL_SIZE = 110;
const BACKLOG = 128;

/**
 * Answers the bytes of one connection.
 *
 * @param bytes bytes that have come, valid until it returns
 * @returns bytes to send at once, at most 64 KiB; undefined for none
 */
export type Answering = (
  bytes: Uint8Array<ArrayBuffer>,
) => Uint8Array<ArrayBuffer> | undefined;

/** The server. Disposal closes its connections. */
export class LocalServer implements Disposable {
  /** Address, as the kernel writes it (struct sockaddr_un). */
  readonly address: Uint8Array;
  readonly #loop: Loop;
  readonly #fd: number;
  readonly #accepted: () => Answering;
  readonly #open = new Set<LocalConnection>();
  readonly #peer = new Uint8Array(LOCAL_SIZE);
  readonly #size = sizeCell(LOCAL_SIZE);

  /**
   * Listens at an address that the kernel chooses.
   *
   * @param accepted called for each connection
   * @throws Error if the system has no descriptor left
   */
  constructor(loop: Loop, accepted: () => Answering) {
    this.#loop = loop;
    this.#accepted = accepted;
    const { calls } = loop;
    this.#fd = calls.socket(LOCAL, STREAM | ACCEPTED, 0);
    const address = new Uint8Array(LOCAL_SIZE);
    address[0] = LOCAL;
    // An address of two bytes has no name: the kernel chooses one that is free, outside the file system.
    const listens = calls.bind(this.#fd, address, 2) === 0 &&
      calls.listen(this.#fd, BACKLOG) === 0 &&
      calls.getsockname(this.#fd, address, this.#size) === 0;
    const watcher: Watcher = {
      ready: () => this.#accept(),
      broken: (error) => {
        reportError(error);
        this[Symbol.dispose]();
      },
    };
    if (!listens || !loop.watch(this.#fd, EVENT.readable, watcher)) {
      const errno = loop.errno();
      if (this.#fd >= 0) calls.close(this.#fd);
      throw new Error(`A local socket cannot listen (error ${errno})`);
    }
    const [size] = new Int32Array(this.#size.buffer);
    this.address = address.slice(0, size);
  }

  #accept(): void {
    const loop = this.#loop;
    for (;;) {
      const fd = loop.calls.accept4(
        this.#fd,
        this.#peer,
        this.#size,
        ACCEPTED,
      );
      if (fd < 0) return;
      const connection = new LocalConnection(loop, fd, {
        answer: this.#accepted(),
        closed: () => this.#open.delete(connection),
      });
      if (loop.watch(fd, EVENT.readable, connection)) {
        this.#open.add(connection);
      } else loop.calls.close(fd);
    }
  }

  /** Closes the server and its connections. */
  [Symbol.dispose](): void {
    for (const connection of this.#open) connection.close();
    this.#loop.close(this.#fd);
  }
}

/** A connection of the server. */
class LocalConnection implements Watcher {
  readonly #loop: Loop;
  readonly #fd: number;
  readonly #answer: Answering;
  readonly #closed: () => void;

  constructor(loop: Loop, fd: number, { answer, closed }: {
    readonly answer: Answering;
    readonly closed: () => void;
  }) {
    this.#loop = loop;
    this.#fd = fd;
    this.#answer = answer;
    this.#closed = closed;
  }

  ready(): void {
    const { calls, input } = this.#loop;
    const count = calls.recv(this.#fd, input, input.length, 0);
    if (count <= 0) return this.close();
    const answer = this.#answer(input.subarray(0, count));
    if (answer === undefined) return;
    const sent = calls.send(this.#fd, answer, answer.length, NO_SIGNAL);
    if (sent !== answer.length) this.close();
  }

  broken(error: unknown): void {
    reportError(error);
    this.close();
  }

  close(): void {
    this.#closed();
    this.#loop.close(this.#fd);
  }
}
