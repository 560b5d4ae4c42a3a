import { deepEqual, equal, ok } from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  connectTo,
  networkFor,
} from "../../../../plugins/load_engine/http/mod.ts";
import type { Order } from "../../../../plugins/load_engine/order.ts";
import { send, testEach } from "./_carriers.ts";
import {
  answerOnce,
  at,
  exchange,
  freePort,
  HandClock,
  listen,
  plan,
  serve,
} from "./_orders.ts";

function errors(orders: readonly Order[]): string[] {
  return orders.map(({ error }) => error);
}

testEach(
  "TcpEnvironment sends requests over one connection, with times in order",
  async (connectTo) => {
    const clients = new Set<number>();
    await using server = serve((_, { remoteAddr }) => {
      clients.add(remoteAddr.port);
      return new Response("hello");
    });
    const orders = await send(connectTo, server.port, {}, {}, {});
    equal(clients.size, 1);
    for (const order of orders) {
      equal(order.status, 200);
      equal(order.error, "");
      ok(order.scheduled <= order.started);
      ok(order.started < order.firstByte);
      ok(order.firstByte <= order.ended);
    }
  },
);

testEach(
  "TcpEnvironment sends method, path, query, headers and body below the target's own path",
  async (connectTo) => {
    const seen: unknown[] = [];
    await using server = serve(async (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push(request.method, pathname + search, request.headers.get("x-a"));
      seen.push(request.headers.get("host"), await request.text());
      return new Response(null, { status: 201 });
    });
    const destination = at(server.port, { prefix: "/v1", host: "shop.test" });
    using environment = connectTo(destination, new HandClock());
    const body = "ä".repeat(300_000);
    const order = await exchange(
      environment,
      plan({
        method: "POST",
        path: "/a%20b?c=d",
        headers: { "x-a": "1" },
        body,
      }),
    );
    equal(order.status, 201);
    deepEqual(seen, ["POST", "/v1/a%20b?c=d", "1", "shop.test", body]);
  },
);

testEach(
  "TcpEnvironment fills templates for each request, and lets no value add a header",
  async (connectTo) => {
    const seen: string[] = [];
    await using server = serve((request) => {
      seen.push(
        new URL(request.url).pathname,
        request.headers.get("x-a") ?? "",
        request.headers.get("x-evil") ?? "none",
      );
      return new Response();
    });
    let n = 0;
    const path = { constant: undefined, render: () => `/${++n} \r\nä` };
    const request = plan({ path, headers: { "x-a": "1\r\nx-evil: 2" } });
    using environment = connectTo(at(server.port), new HandClock());
    await exchange(environment, request);
    await exchange(environment, request);
    deepEqual(seen, [
      ...["/1%20%0D%0A%C3%A4", "1 x-evil: 2", "none"],
      ...["/2%20%0D%0A%C3%A4", "1 x-evil: 2", "none"],
    ]);
  },
);

testEach(
  "TcpEnvironment closes the connection of a request without keepAlive",
  async (connectTo) => {
    const clients = new Set<number>();
    const said: unknown[] = [];
    await using server = serve((request, { remoteAddr }) => {
      clients.add(remoteAddr.port);
      said.push(request.headers.get("connection"));
      return new Response("ok");
    });
    await send(connectTo, server.port, { keepAlive: false }, {
      keepAlive: false,
    }, {});
    equal(clients.size, 3);
    deepEqual(said, ["close", "close", null]);
  },
);

testEach(
  "TcpEnvironment opens as many connections as there are active requests",
  async (connectTo) => {
    const clients = new Set<number>();
    const all = Promise.withResolvers<void>();
    await using server = serve(async (_, { remoteAddr }) => {
      if (clients.add(remoteAddr.port).size === 5) all.resolve();
      await all.promise;
      return new Response("ok");
    });
    using environment = connectTo(at(server.port), new HandClock());
    const five = () =>
      Promise.all(
        Array.from({ length: 5 }, () => exchange(environment, plan())),
      );
    await five();
    await five();
    equal(clients.size, 5);
  },
);

/** Starts a server that counts its connections, even without requests. */
async function counting() {
  const sockets = new Set<Socket>();
  let reached: (() => void) | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    reached?.();
    socket.on("error", () => {});
    socket.on("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
  });
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    /** Resolves after a number of connections. */
    reach: (count: number) =>
      new Promise<void>((resolve) => {
        reached = () => {
          if (sockets.size >= count) resolve();
        };
        reached();
      }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

testEach(
  "TcpEnvironment.connectAhead() opens connections that requests then use",
  async (connectTo) => {
    await using server = await counting();
    const clock = new HandClock();
    using environment = connectTo(at(server.port), clock);
    await environment.connectAhead(40);
    deepEqual(clock.pending, []);
    await server.reach(40);
    const orders = await Promise.all(
      Array.from({ length: 40 }, () => exchange(environment, plan())),
    );
    ok(orders.every(({ status }) => status === 200));
    equal(server.sockets.size, 40);
  },
);

testEach(
  "TcpEnvironment.connectAhead() returns if the connection is refused, and requests report it",
  async (connectTo) => {
    const clock = new HandClock();
    using environment = connectTo(at(freePort()), clock);
    await environment.connectAhead(1000);
    deepEqual(clock.pending, []);
    equal((await exchange(environment, plan())).error, "connection-refused");
  },
);

testEach(
  "TcpEnvironment.connectAhead() returns after at most 1 s",
  async (connectTo) => {
    await using server = await counting();
    const clock = new HandClock();
    using environment = connectTo(at(server.port), clock);
    const start = clock.now();
    const ahead = environment.connectAhead(1e9);
    const [deadline] = clock.pending;
    ok(deadline >= start + 1000 && deadline <= clock.now() + 1000);
    clock.fire();
    await ahead;
    // Connections that were being opened are available to later requests.
    const { size } = server.sockets;
    equal((await exchange(environment, plan())).status, 200);
    ok(
      server.sockets.size <= size + 17,
      `${size}, then ${server.sockets.size}`,
    );
  },
);

testEach(
  "TcpEnvironment closes connections that are being opened when it is disposed",
  async (connectTo) => {
    await using server = await counting();
    const environment = connectTo(at(server.port), new HandClock());
    const ahead = environment.connectAhead(100);
    environment[Symbol.dispose]();
    await ahead;
  },
);

testEach(
  "TcpEnvironment does not use an idle connection that the server has closed",
  async (connectTo) => {
    await using server = await counting();
    using environment = connectTo(at(server.port), new HandClock());
    await environment.connectAhead(1);
    await server.reach(1);
    const [socket] = server.sockets;
    await new Promise((gone) => {
      socket.once("close", gone);
      socket.end();
    });
    equal((await exchange(environment, plan())).status, 200);
    equal(server.sockets.size, 2);
  },
);

testEach(
  "TcpEnvironment looks for a check's text in the body",
  async (connectTo) => {
    await using server = serve(() => new Response("one two"));
    const check = (body: string) => ({ check: { status: undefined, body } });
    const orders = await send(
      connectTo,
      server.port,
      check("two"),
      check("three"),
      {},
    );
    deepEqual(orders.map(({ bodyHeld }) => bodyHeld), [true, false, true]);
  },
);

testEach("TcpEnvironment does not follow redirects", async (connectTo) => {
  await using server = serve(() =>
    new Response(null, { status: 302, headers: { location: "/other" } })
  );
  const [order] = await send(connectTo, server.port, {});
  equal(order.status, 302);
});

testEach("TcpEnvironment reports a refused connection", async (connectTo) => {
  const [order] = await send(connectTo, freePort(), {});
  equal(order.error, "connection-refused");
  equal(order.status, 0);
  ok(Number.isNaN(order.firstByte));
  ok(order.started <= order.ended);
});

testEach(
  "TcpEnvironment tries a target's other addresses, and continues with the one that accepts",
  async (connectTo) => {
    await using server = serve(() => new Response("ok"));
    const addresses = ["::1", "127.0.0.1"];
    const destination = at(server.port, { addresses });
    using environment = connectTo(destination, new HandClock());
    const request = plan({ keepAlive: false });
    equal((await exchange(environment, request)).status, 200);
    equal((await exchange(environment, request)).status, 200);
    const nowhere = at(freePort(), { addresses });
    using lost = connectTo(nowhere, new HandClock());
    equal((await exchange(lost, request)).error, "connection-refused");
  },
);

testEach(
  "TcpEnvironment continues after responses that are incomplete, reset or not HTTP",
  async (connectTo) => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    await using server = listen(
      answerOnce(`${head}hel`),
      answerOnce(""),
      answerOnce("SSH-2.0-OpenSSH_9.2\r\n"),
      answerOnce(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}`),
      answerOnce(`${head}hello and more`),
      answerOnce(`${head}hello`),
    );
    const orders = await send(connectTo, server.port, {}, {}, {}, {}, {}, {});
    deepEqual(errors(orders), [
      ...["closed", "closed", "protocol", "protocol", "protocol", ""],
    ]);
    equal(orders[0].status, 0);
  },
);

testEach("TcpEnvironment reports a reset connection", async (connectTo) => {
  const server = createServer((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const [order] = await send(
    connectTo,
    (server.address() as AddressInfo).port,
    {},
  );
  equal(order.error, "reset");
  await new Promise((resolve) => server.close(resolve));
});

testEach(
  "TcpEnvironment does not use a connection that sent bytes without a request",
  async (connectTo) => {
    const answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    const closed = Promise.withResolvers<void>();
    await using server = listen(async (connection) => {
      await connection.read(new Uint8Array(1024));
      await connection.write(new TextEncoder().encode(answer));
      const late = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
      await connection.write(new TextEncoder().encode(late));
      while (await connection.read(new Uint8Array(1024)) !== null);
      connection.close();
      closed.resolve();
    }, answerOnce(answer));
    using environment = connectTo(at(server.port), new HandClock());
    // Both responses may come in one piece: then the first has more bytes than it should.
    await exchange(environment, plan());
    await closed.promise;
    equal((await exchange(environment, plan())).status, 200);
  },
);

testEach(
  "TcpEnvironment gives up after a request's timeout, counted from its start, and closes the connection",
  async (connectTo) => {
    const left = Promise.withResolvers<void>();
    await using server = serve(({ signal }) => {
      signal.addEventListener("abort", () => left.resolve());
      clock.fire();
      return new Promise<Response>((resolve) =>
        left.promise.then(() => resolve(new Response()))
      );
    });
    const clock = new HandClock();
    using environment = connectTo(at(server.port), clock);
    const ended = exchange(environment, plan({ timeout: 1234 }));
    const [deadline] = clock.pending;
    const order = await ended;
    equal(order.error, "timeout");
    equal(deadline, order.started + 1234);
    await left.promise;
    deepEqual(clock.pending, []);
  },
);

testEach(
  "TcpEnvironment.cut() ends the requests of one scenario at once, even while they connect",
  async (connectTo) => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    await using server = serve(async () => {
      arrived.resolve();
      await go.promise;
      return new Response("ok");
    });
    using environment = connectTo(at(server.port), new HandClock());
    const cut = exchange(environment, plan({ scenario: 1 }));
    const stays = exchange(environment, plan({ scenario: 2 }));
    await arrived.promise;
    const connects = exchange(environment, plan({ scenario: 1 }));
    environment.cut(1);
    equal((await cut).error, "cut");
    equal((await connects).error, "cut");
    go.resolve();
    equal((await stays).error, "");
  },
);

testEach(
  "TcpEnvironment cuts active requests when it is disposed",
  async (connectTo) => {
    const arrived = Promise.withResolvers<void>();
    await using server = serve(({ signal }) => {
      arrived.resolve();
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(new Response()));
      });
    });
    const clock = new HandClock();
    const environment = connectTo(at(server.port), clock);
    const ended = exchange(environment, plan());
    await arrived.promise;
    environment[Symbol.dispose]();
    equal((await ended).error, "cut");
    deepEqual(clock.pending, []);
  },
);

Deno.test("TcpEnvironment reports an address that Deno's sockets must try in the loop's place", async () => {
  const network = await networkFor(at(1));
  {
    const addresses = ["fe80::1%none"];
    const destination = at(freePort(), { addresses });
    using environment = connectTo(destination, new HandClock(), { network });
    equal((await exchange(environment, plan())).error, "connect");
  }
  await network?.release();
});

testEach(
  "TcpEnvironment opens at most the given number of connections, and reuses them",
  async (connectTo) => {
    await using server = await counting();
    using environment = connectTo(at(server.port), new HandClock(), 3);
    await environment.connectAhead(10);
    await server.reach(3);
    const orders = await Promise.all(
      Array.from({ length: 5 }, () => exchange(environment, plan())),
    );
    deepEqual(
      orders.map(({ error }) => error).sort(),
      ["", "", "", "descriptors", "descriptors"],
    );
    equal((await exchange(environment, plan())).status, 200);
    equal(server.sockets.size, 3);
  },
);

testEach(
  "TcpEnvironment closes an idle connection for a request that needs one of its own",
  async (connectTo) => {
    await using server = await counting();
    using environment = connectTo(at(server.port), new HandClock(), 1);
    const alone = plan({ keepAlive: false });
    for (const request of [plan(), alone, alone, plan(), plan()]) {
      equal((await exchange(environment, request)).status, 200);
    }
  },
);

testEach(
  "TcpEnvironment counts a connection that could not be opened as closed",
  async (connectTo) => {
    using lost = connectTo(at(freePort()), new HandClock(), 1);
    for (let i = 0; i < 3; i++) {
      equal((await exchange(lost, plan())).error, "connection-refused");
    }
  },
);

testEach(
  "TcpEnvironment cuts a request that gets no connection like any other",
  async (connectTo) => {
    await using server = await counting();
    using environment = connectTo(at(server.port), new HandClock(), 0);
    const ended = exchange(environment, plan());
    environment.cut(0);
    equal((await ended).error, "cut");
  },
);
