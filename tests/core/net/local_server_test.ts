// Runs alone, without the profiler: counts descriptors.
import { deepEqual, equal, throws } from "node:assert/strict";
import {
  OutgoingSocket,
  RemoteAddresses,
  type SocketOwner,
} from "../../../core/net/connect.ts";
import { ERRNO, obstacle } from "../../../core/net/libc.ts";
import { LocalServer } from "../../../core/net/local_server.ts";
import { Loop } from "../../../core/net/loop.ts";

function testOnLoop(name: string, test: (loop: Loop) => Promise<void>): void {
  Deno.test({
    name,
    ignore: obstacle() !== undefined,
    fn: async () => {
      const loop = await Loop.acquire();
      try {
        await test(loop);
      } finally {
        await loop.release();
      }
    },
  });
}

/** A client that sends a text when it is connected, and keeps what comes until the end. */
class Client implements SocketOwner {
  readonly socket: OutgoingSocket;
  readonly #heard = Promise.withResolvers<string>();
  readonly #text: string;
  readonly #until: string | undefined;
  #received = "";

  constructor(
    loop: Loop,
    server: LocalServer,
    { text, until }: { readonly text: string; readonly until?: string },
  ) {
    this.#text = text;
    this.#until = until;
    this.socket = new OutgoingSocket(loop, RemoteAddresses.local(server), this);
    this.socket.open();
  }

  /** All that came: resolves at the end of the connection, or once the expected text has come. */
  get heard(): Promise<string> {
    return this.#heard.promise;
  }

  onOpen(): void {
    this.socket.send(new TextEncoder().encode(this.#text));
  }

  onRefused(errno: number): void {
    this.#heard.resolve(`refused ${errno}`);
  }

  onReadable(): void {
    const space = new Uint8Array(64);
    const count = this.socket.receive(space);
    if (count === -ERRNO.wouldBlock) return;
    if (count > 0) {
      this.#received += new TextDecoder().decode(space.subarray(0, count));
      if (this.#received !== this.#until) return;
    }
    this.socket.close();
    this.#heard.resolve(this.#received);
  }

  broken(error: unknown): void {
    this.#heard.reject(error);
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

testOnLoop(
  "LocalServer answers each connection with a function of its own, and listens at no port and in no file",
  async (loop) => {
    let accepted = 0;
    using server = new LocalServer(loop, () => {
      const number = ++accepted;
      return (bytes) => bytesOf(`${number}${new TextDecoder().decode(bytes)}`);
    });
    const { address } = server;
    // AF_UNIX, and a name that begins with a zero byte: outside the file system.
    deepEqual([...address.subarray(0, 3)], [1, 0, 0]);
    const first = new Client(loop, server, { text: "a", until: "1a" });
    equal(await first.heard, "1a");
    const second = new Client(loop, server, { text: "b", until: "2b" });
    equal(await second.heard, "2b");
  },
);

testOnLoop(
  "LocalServer sends nothing for undefined, and its disposal ends its connections and leaves no descriptor",
  async (loop) => {
    const before = descriptors();
    const server = new LocalServer(loop, () => {
      let came = 0;
      return ({ length }) => {
        came += length;
        if (came < 4) return undefined;
        server[Symbol.dispose]();
        return undefined;
      };
    });
    const client = new Client(loop, server, { text: "four" });
    equal(await client.heard, "");
    const late = new Client(loop, server, { text: "five" });
    equal(await late.heard, `refused ${ERRNO.connectionRefused}`);
    equal(descriptors(), before);
  },
);

testOnLoop("LocalServer throws where no descriptor is left", (loop) => {
  const none = Object.create(loop, {
    calls: { value: { ...loop.calls, socket: () => -1 } },
    errno: { value: () => ERRNO.processLimit },
  });
  throws(() => new LocalServer(none, () => () => undefined), /error 24/);
  return Promise.resolve();
});
