/**
 * The side of the loop that faces Deno's event loop: a socket through which the loop is called back after Deno has looked at its
 * own sockets and timers, and the descriptor that becomes readable when Deno has something to do.
 *
 * @module
 */
import { type LoadedLibc, NO_SIGNAL } from "./libc.ts";

const INET = 2;
const STREAM = 1;
const CLOSE_ON_EXEC = 0o2000000;
const TCP = 6;
const NO_DELAY = 1;

/** A connection to itself, one end of which is Deno's. */
export class DenoSide {
  /** Epoll descriptor of Deno's event loop; undefined if it cannot be found. Not ours to close. */
  readonly epoll: number | undefined;
  readonly #libc: LoadedLibc;
  readonly #ours: number;
  readonly #theirs: Deno.TcpConn;
  readonly #byte = new Uint8Array(1);
  #reading: Promise<void> | undefined;

  /**
   * Opens the connection, on the loopback interface.
   *
   * @throws Error if that is not possible; the message is the reason
   */
  static async open(libc: LoadedLibc): Promise<DenoSide> {
    // Without this check, Deno could ask the user for the permission.
    if (!isGranted({ name: "net", host: "127.0.0.1:0" })) {
      throw new Error("it needs the permission --allow-net for 127.0.0.1");
    }
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let ours = -1;
    try {
      const { port } = listener.addr;
      const epoll = epollThatWatches(port, libc);
      ours = libc.calls.socket(INET, STREAM | CLOSE_ON_EXEC, 0);
      const address = loopback(port);
      if (ours < 0 || libc.calls.connect(ours, address, address.length) < 0) {
        throw new Error(`no connection to itself (error ${libc.errno()})`);
      }
      libc.calls.setsockopt(ours, TCP, NO_DELAY, flag(), 4);
      const own = portOf(ours, libc);
      for (;;) {
        const theirs = await listener.accept();
        if (theirs.remoteAddr.port === own) {
          return new DenoSide(libc, ours, theirs, epoll);
        }
        // Another process may have connected meanwhile.
        theirs.close();
      }
    } catch (error) {
      if (ours >= 0) libc.calls.close(ours);
      throw error;
    } finally {
      listener.close();
    }
  }

  private constructor(
    libc: LoadedLibc,
    ours: number,
    theirs: Deno.TcpConn,
    epoll: number | undefined,
  ) {
    this.#libc = libc;
    this.#ours = ours;
    this.#theirs = theirs;
    this.epoll = epoll;
  }

  /** Calls back once for each byte, from Deno's event loop. */
  onByte(callback: () => void): void {
    this.#reading = this.#read(callback);
  }

  async #read(callback: () => void): Promise<void> {
    // The buffer is larger than the bytes that come: Deno looks at its sockets before the next read only if a read leaves room.
    const bytes = new Uint8Array(16);
    while (await this.#theirs.read(bytes) !== null) callback();
  }

  /** Sends a byte. */
  ring(): void {
    this.#libc.calls.send(this.#ours, this.#byte, 1, NO_SIGNAL);
  }

  /** Closes both ends; resolves when nothing is left. */
  async close(): Promise<void> {
    this.#libc.calls.close(this.#ours);
    await this.#reading;
    this.#theirs.close();
  }
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

function flag(): Uint8Array {
  return new Uint8Array(new Int32Array([1]).buffer);
}

/** Builds struct sockaddr_in for a port of 127.0.0.1. */
function loopback(port: number): Uint8Array {
  const address = new Uint8Array(16);
  const words = new DataView(address.buffer);
  words.setUint16(0, INET, true);
  words.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  return address;
}

/** Local port of a socket over IPv4; 0 for any other descriptor. */
function portOf(fd: number, { calls }: LoadedLibc): number {
  const address = new Uint8Array(16);
  const size = new Uint8Array(new Int32Array([16]).buffer);
  if (calls.getsockname(fd, address, size) < 0) return 0;
  const words = new DataView(address.buffer);
  return words.getUint16(0, true) === INET ? words.getUint16(2) : 0;
}

/**
 * Finds the epoll descriptor that watches the listener on a port: that of this isolate's event loop. Workers have others. The
 * kernel lists what an epoll descriptor watches in /proc/self/fdinfo.
 */
function epollThatWatches(port: number, libc: LoadedLibc): number | undefined {
  if (!isGranted({ name: "read", path: "/proc/self" })) return undefined;
  try {
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      if (linkOf(name) !== "anon_inode:[eventpoll]") continue;
      const info = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
      for (const [, fd] of info.matchAll(/^tfd:\s*(\d+)/gm)) {
        if (portOf(Number(fd), libc) === port) return Number(name);
      }
    }
  } catch {
    // Without /proc the descriptor cannot be found, and the loop runs without it.
  }
  return undefined;
}

function linkOf(name: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${name}`);
  } catch {
    return undefined;
  }
}
