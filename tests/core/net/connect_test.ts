// Runs alone, without the profiler: counts descriptors.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import {
  Network,
  OutgoingSocket,
  RemoteAddresses,
  type SocketOwner,
} from "../../../core/net/connect.ts";
import { ERRNO, obstacle } from "../../../core/net/libc.ts";
import { Loop } from "../../../core/net/loop.ts";

/** Registers a test where the loop can run. */
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

/** Owner that records what it is told and what it receives. */
class Recorder implements SocketOwner {
  readonly socket: OutgoingSocket;
  readonly told: string[] = [];
  received = "";
  #waiting: { readonly word: string; readonly heard: () => void } | undefined;

  constructor(loop: Loop, remote: RemoteAddresses) {
    this.socket = new OutgoingSocket(loop, remote, this);
  }

  onOpen(): void {
    this.#tell("open");
  }

  onRefused(errno: number): void {
    this.#tell(`refused ${errno}`);
  }

  onReadable(): void {
    const space = new Uint8Array(1024);
    const count = this.socket.receive(space);
    if (count > 0) {
      this.received += new TextDecoder().decode(space.subarray(0, count));
      this.#tell("bytes");
    } else if (count !== -ERRNO.wouldBlock) {
      this.socket.close();
      this.#tell(count === 0 ? "end" : "error");
    }
  }

  broken(error: unknown): void {
    this.#tell(`broken: ${error}`);
  }

  /** Resolves when it has been told a word. */
  hears(word: string): Promise<void> {
    if (this.told.includes(word)) return Promise.resolve();
    return new Promise((heard) => this.#waiting = { word, heard });
  }

  #tell(word: string): void {
    this.told.push(word);
    if (this.#waiting?.word === word) this.#waiting.heard();
  }
}

function remoteOf(...hosts: string[]) {
  return (port: number): RemoteAddresses => {
    const remote = RemoteAddresses.of(hosts, port);
    if (remote === undefined) throw new Error("The loop cannot connect");
    return remote;
  };
}

const loopback = remoteOf("127.0.0.1");

function listen(hostname = "127.0.0.1"): Deno.TcpListener {
  return Deno.listen({ hostname, port: 0 });
}

function freePort(): number {
  using listener = listen();
  return listener.addr.port;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function openSocket(loop: Loop, listener: Deno.TcpListener) {
  const owner = new Recorder(loop, loopback(listener.addr.port));
  owner.socket.open();
  const server = await listener.accept();
  await owner.hears("open");
  return { owner, socket: owner.socket, server };
}

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test("RemoteAddresses.of() takes addresses of both families, and none that the loop cannot connect to", () => {
  equal(RemoteAddresses.of(["::1", "127.0.0.1"], 80)?.count, 2);
  equal(RemoteAddresses.of(["::ffff:1.2.3.4"], 80)?.count, 1);
  equal(RemoteAddresses.of(["127.0.0.1", "fe80::1%eth0"], 80), undefined);
  equal(RemoteAddresses.of(["localhost"], 80), undefined);
  equal(RemoteAddresses.of([], 80), undefined);
});

Deno.test("RemoteAddresses.skip() moves on once, and returns to the first address after the last", () => {
  const remote = remoteOf("127.0.0.1", "127.0.0.2")(80);
  const first = remote.current;
  remote.skip(first);
  remote.skip(first);
  const second = remote.current;
  deepEqual([...second.subarray(4, 8)], [127, 0, 0, 2]);
  remote.skip(second);
  equal(remote.current, first);
});

testOnLoop("OutgoingSocket sends and receives over IPv4", async (loop) => {
  using listener = listen();
  const { owner, socket, server } = await openSocket(loop, listener);
  ok(socket.isOpen);
  socket.send(bytesOf("hello"));
  const read = new Uint8Array(16);
  equal(await server.read(read), 5);
  await server.write(bytesOf("welcome"));
  await owner.hears("bytes");
  equal(owner.received, "welcome");
  equal(socket.hasEnded, false);
  server.close();
  await owner.hears("end");
  ok(socket.hasEnded);
  equal(socket.isOpen, false);
});

testOnLoop("OutgoingSocket connects over IPv6", async (loop) => {
  let listener: Deno.TcpListener;
  try {
    listener = listen("::1");
  } catch (error) {
    // This machine has no IPv6.
    ok(error instanceof Error);
    return;
  }
  const owner = new Recorder(loop, remoteOf("::1")(listener.addr.port));
  owner.socket.open();
  (await listener.accept()).close();
  await owner.hears("end");
  deepEqual(owner.told, ["open", "end"]);
  listener.close();
});

testOnLoop(
  "OutgoingSocket tries one address after another, and remembers the one that accepts",
  async (loop) => {
    using listener = listen();
    const { port } = listener.addr;
    // The first is refused by the network stack itself, the second by the peer.
    const remote = remoteOf("255.255.255.255", "127.0.0.2", "127.0.0.1")(port);
    const owner = new Recorder(loop, remote);
    owner.socket.open();
    (await listener.accept()).close();
    await owner.hears("end");
    deepEqual([...remote.current.subarray(4, 8)], [127, 0, 0, 1]);
  },
);

testOnLoop(
  "OutgoingSocket reports the last error if no address accepts, and leaves no descriptor",
  async (loop) => {
    const before = descriptors();
    const owner = new Recorder(loop, remoteOf("::1", "127.0.0.1")(freePort()));
    owner.socket.open();
    await owner.hears(`refused ${ERRNO.connectionRefused}`);
    equal(owner.told.length, 1);
    equal(descriptors(), before);
  },
);

testOnLoop(
  "OutgoingSocket reports an error of the system from the event loop, never from within open()",
  async (loop) => {
    const owner = new Recorder(loop, remoteOf("255.255.255.255")(80));
    owner.socket.open();
    equal(owner.told.length, 0);
    await new Promise((resolve) => setImmediate(resolve));
    deepEqual(owner.told.map((word) => word.split(" ")[0]), ["refused"]);
  },
);

testOnLoop(
  "OutgoingSocket.close() gives up an attempt to connect",
  async (loop) => {
    using listener = listen();
    const before = descriptors();
    const hosts = ["127.0.0.1", "255.255.255.255"];
    const owners = hosts.map((host) =>
      new Recorder(loop, remoteOf(host)(listener.addr.port))
    );
    for (const { socket } of owners) socket.open();
    for (const { socket } of owners) socket.close();
    equal(descriptors(), before);
    (await listener.accept()).close();
    await new Promise((resolve) => setImmediate(resolve));
    for (const { told } of owners) deepEqual(told, []);
  },
);

testOnLoop(
  "OutgoingSocket sends many bytes as the server takes them, while bytes come in",
  async (loop) => {
    using listener = listen();
    const { owner, socket, server } = await openSocket(loop, listener);
    const bytes = new Uint8Array(12 * 1024 * 1024).map((_, i) =>
      i * 7 + (i >> 8)
    );
    socket.send(bytes);
    ok(socket.isSending);
    await server.write(bytesOf("early"));
    await owner.hears("bytes");
    ok(socket.isSending);
    const read = new Uint8Array(bytes.length);
    for (let filled = 0; filled < read.length;) {
      filled += await server.read(read.subarray(filled)) ?? Infinity;
    }
    deepEqual(read, bytes);
    equal(socket.isSending, false);
    socket.send(bytesOf("more"));
    equal(await server.read(read), 4);
    server.close();
    await owner.hears("end");
  },
);

testOnLoop(
  "OutgoingSocket leaves the error of a write to receive()",
  async (loop) => {
    using listener = listen();
    const { owner, socket, server } = await openSocket(loop, listener);
    socket.send(new Uint8Array(12 * 1024 * 1024));
    // Unread bytes make the close a reset.
    await server.read(new Uint8Array(1));
    server.close();
    await owner.hears("error");
    equal(socket.isOpen, false);
  },
);

testOnLoop(
  "OutgoingSocket closes and tells its owner if the owner throws",
  async (loop) => {
    using listener = listen();
    const { owner, socket, server } = await openSocket(loop, listener);
    owner.onReadable = () => {
      throw new Error("no");
    };
    await server.write(bytesOf("x"));
    await owner.hears("broken: Error: no");
    equal(socket.isOpen, false);
    server.close();
  },
);

testOnLoop(
  "OutgoingSocket leaves no descriptor after thousands of connections",
  async (loop) => {
    using listener = listen();
    const remote = loopback(listener.addr.port);
    const before = descriptors();
    for (let round = 0; round < 40; round++) {
      const owners = Array.from(
        { length: 100 },
        () => new Recorder(loop, remote),
      );
      for (const { socket } of owners) {
        socket.open();
      }
      for (let i = 0; i < owners.length; i++) {
        const server = await listener.accept();
        server.close();
      }
      await Promise.all(owners.map((owner) => owner.hears("end")));
    }
    equal(descriptors(), before);
  },
);

testOnLoop(
  "Network opens connections and wakes a clock until both are released",
  async () => {
    equal(Network.obstacle(), undefined);
    const before = descriptors();
    const network = await Network.acquire();
    const clock = new PreciseClock();
    await network.wake(clock);
    equal(clock.state, "loop");
    const due = clock.now() + 2;
    await new Promise<void>((resolve) => clock.at(due, resolve, undefined));
    ok(clock.now() >= due);
    const refused = Promise.withResolvers<number>();
    const nothing = () => {};
    network.connection(loopback(freePort()), {
      onOpen: nothing,
      onRefused: refused.resolve,
      onReadable: nothing,
      broken: refused.reject,
    }).open();
    equal(await refused.promise, ERRNO.connectionRefused);
    await clock[Symbol.asyncDispose]();
    await rejects(() => network.wake(clock), /the clock is disposed/);
    await network.release();
    equal(descriptors(), before);
  },
);
