import { deepEqual, equal, ok } from "node:assert/strict";
import { networkFor } from "../../../../plugins/load_engine/http/mod.ts";
import { send, testEach } from "./_carriers.ts";
import {
  answerOnce,
  at,
  exchange,
  HandClock,
  listen,
  plan,
  serve,
} from "./_orders.ts";

testEach(
  "TcpEnvironment reads a response that comes byte by byte",
  async (connectTo) => {
    const text =
      "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\n" +
      "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    await using server = listen(async (connection) => {
      await connection.read(new Uint8Array(1024));
      connection.setNoDelay(true);
      for (const byte of new TextEncoder().encode(text)) {
        await connection.write(new Uint8Array([byte]));
      }
      while (await connection.read(new Uint8Array(1024)) !== null);
      connection.close();
    });
    const check = { status: [200], body: "hello" };
    const [order] = await send(connectTo, server.port, { check });
    equal(order.error, "");
    equal(order.status, 200);
    ok(order.bodyHeld);
  },
);

testEach(
  "TcpEnvironment accepts a response that comes before a large request is sent, and closes the connection",
  async (connectTo) => {
    const answer = "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n";
    const closed = Promise.withResolvers<void>();
    await using server = listen(async (connection) => {
      await connection.read(new Uint8Array(1024));
      await connection.write(new TextEncoder().encode(answer));
      await connection.read(new Uint8Array(1024)).catch(() => {});
      closed.resolve();
      connection.close();
    }, answerOnce("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    using environment = connectTo(at(server.port), new HandClock());
    const body = "x".repeat(16 * 1024 * 1024);
    const large = await exchange(environment, plan({ method: "POST", body }));
    equal(large.status, 413);
    await closed.promise;
    equal((await exchange(environment, plan())).status, 200);
  },
);

testEach(
  "TcpEnvironment does not use a connection that the server ended with its response",
  async (connectTo) => {
    const text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const left = Promise.withResolvers<void>();
    await using server = listen(async (connection) => {
      const bytes = new Uint8Array(1024);
      await connection.read(bytes);
      await connection.write(new TextEncoder().encode(text));
      await connection.closeWrite();
      while (await connection.read(bytes) !== null);
      left.resolve();
      connection.close();
    }, answerOnce(text));
    using environment = connectTo(at(server.port), new HandClock());
    equal((await exchange(environment, plan())).error, "");
    await left.promise;
    equal((await exchange(environment, plan())).error, "");
  },
);

testEach(
  "TcpEnvironment gives each request its own time, with one timer for all of the same timeout",
  async (connectTo) => {
    const arrived = Promise.withResolvers<void>();
    let count = 0;
    await using server = serve(({ signal }) => {
      if (++count === 3) arrived.resolve();
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(new Response()));
      });
    });
    const clock = new HandClock();
    const environment = connectTo(at(server.port), clock);
    const first = exchange(environment, plan({ timeout: 5000 }));
    const second = exchange(environment, plan({ timeout: 5000 }));
    const other = exchange(environment, plan({ timeout: 9000 }));
    equal(clock.pending.length, 2);
    await arrived.promise;
    clock.fire();
    const ended = await first;
    equal(ended.error, "timeout");
    equal((await other).error, "timeout");
    const [deadline] = clock.pending;
    clock.fire();
    const later = await second;
    equal(later.error, "timeout");
    equal(deadline, later.started + 5000);
    environment[Symbol.dispose]();
    deepEqual(clock.pending, []);
  },
);

testEach(
  "TcpEnvironment reports an address that cannot be reached, again and again without end",
  async (connectTo) => {
    const nowhere = at(80, { addresses: ["255.255.255.255"] });
    using environment = connectTo(nowhere, new HandClock());
    for (let i = 0; i < 5; i++) {
      const order = await exchange(environment, plan());
      equal(order.error, "connect");
      equal(order.status, 0);
    }
  },
);

Deno.test("networkFor() leaves targets over TLS and addresses with a zone to Deno's sockets", async () => {
  equal(await networkFor(at(1, { secure: true })), undefined);
  equal(await networkFor(at(1, { addresses: ["fe80::1%eth0"] })), undefined);
});

Deno.test({
  name:
    "networkFor() leaves connections to Deno's sockets without the permission for FFI",
  permissions: { net: true, ffi: false },
  fn: async () => equal(await networkFor(at(1)), undefined),
});

Deno.test({
  name:
    "networkFor() leaves connections to Deno's sockets, which ask, if the address is not permitted",
  permissions: { net: ["127.0.0.2:80"], ffi: true },
  fn: async () => equal(await networkFor(at(1)), undefined),
});
