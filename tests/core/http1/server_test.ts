import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { HttpServer } from "../../../core/http1/server.ts";
import { ERRNO } from "../../../core/net/libc.ts";
import { resetOnClose } from "../../../core/net/sockets.ts";
import { until } from "../../support/wait.ts";
import {
  disturbed,
  echoPath,
  lines,
  prepared,
  type Receive,
  serve,
} from "./_http_server.ts";
import { chunk, post, RawClient, request } from "./_raw_client.ts";

/** Answers nothing, and counts clients that leave. */
function waiting(): { receive: Receive; readonly left: number } {
  let left = 0;
  return {
    receive: (incoming) => incoming.onLeave({ left: () => void left++ }),
    get left() {
      return left;
    },
  };
}

// ---- Limits

Deno.test("HttpServer refuses heads beyond its limits, and closes", async () => {
  await using serving = await serve(echoPath);
  const many = Array.from({ length: 60 }, (_, n) => `x-${n}: y`);
  for (
    const [text, status] of [
      [request(`/${"x".repeat(1100)}`), 414],
      [request("/", { headers: [`x: ${"y".repeat(9000)}`] }), 431],
      [request("/", { headers: many }), 431],
      ["GET / HTTP/2.0\r\n\r\n", 505],
      ["hello\r\n\r\n", 400],
      ["x".repeat(5000), 501],
      ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400],
    ] as const
  ) {
    using client = await RawClient.connect(serving.port);
    await client.send(text);
    const { body, headers, status: got } = await client.response();
    equal(got, status, text.slice(0, 40));
    deepEqual(
      [headers.get("connection"), headers.get("content-type")],
      ["close", "application/problem+json"],
    );
    equal(JSON.parse(body).status, status);
    deepEqual(await client.end(), { text: "", reset: false });
  }
  await until(() => serving.server.size === 0);
});

Deno.test("HttpServer answers requests before a bad one, and none after it", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send(`${request("/a")}bad\r\n\r\n${request("/b")}`);
  deepEqual(
    (await client.responses(2)).map(({ status }) => status),
    [200, 400],
  );
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("HttpServer stops taking a head that never ends", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  const sending = (async () => {
    await client.send("GET / HTTP/1.1\r\nx: ");
    const piece = new Uint8Array(1024 * 1024).fill(0x79);
    for (let n = 0; n < 200; n++) await client.send(piece);
  })();
  equal((await client.response()).status, 431);
  // It discards some of it, so that the answer is read, and then gives up.
  equal((await client.end()).text, "");
  equal(await sending.then(() => "taken", () => "refused"), "refused");
  await until(() => serving.server.size === 0);
});

Deno.test("HttpServer answers 408 where a head is not complete within headTimeout, however slowly it comes", async () => {
  await using serving = await serve(echoPath, { headTimeout: 100 });
  using client = await RawClient.connect(serving.port);
  const text = request("/", { headers: [`x: ${"y".repeat(5000)}`] });
  let ended = false;
  const sending = (async () => {
    for (const character of text) {
      if (ended) break;
      await client.send(character);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })().catch(() => {});
  equal((await client.response()).status, 408);
  ended = true;
  equal((await client.end()).text, "");
  await sending;
});

Deno.test("HttpServer closes an idle connection after idleTimeout, and none that waits for its answer", async () => {
  const answer = Promise.withResolvers<Response>();
  await using serving = await serve(
    (incoming) =>
      incoming.url.endsWith("/waits") ? answer.promise : echoPath(incoming),
    { idleTimeout: 50 },
  );
  using fresh = await RawClient.connect(serving.port);
  using idle = await RawClient.connect(serving.port);
  using waits = await RawClient.connect(serving.port);
  await waits.send(request("/waits"));
  await idle.send(request("/a"));
  equal((await idle.response()).body, "/a");
  deepEqual(await idle.end(), { text: "", reset: false });
  deepEqual(await fresh.end(), { text: "", reset: false });
  equal(serving.server.size, 1);
  answer.resolve(new Response("done"));
  equal((await waits.response()).body, "done");
});

Deno.test("HttpServer answers 408 where a body that is read does not come within idleTimeout", async () => {
  await using serving = await serve(
    async ({ request }) => new Response(await request.text()),
    { idleTimeout: 50 },
  );
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello").slice(0, -1));
  equal((await client.response()).status, 408);
  equal((await client.end()).text, "");
});

Deno.test("HttpServer waits for whoever reads a body slowly", async () => {
  await using serving = await serve(async ({ request }) => {
    await new Promise((resolve) => setTimeout(resolve, 1200));
    return new Response(await request.text());
  }, { idleTimeout: 50 });
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello"));
  equal((await client.response()).body, "hello");
});

Deno.test("HttpServer cuts a connection whose client does not take an answer that goes on", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using serving = await serve(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65536)),
        cancel: () => cancelled.resolve(),
      }),
    ), { idleTimeout: 50 });
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await cancelled.promise;
  equal(serving.server.size, 0);
});

Deno.test("HttpServer cuts a connection whose client does not take the end of its answer", async () => {
  await using serving = await serve(
    (incoming) => incoming.send(prepared("x".repeat(30_000_000)), lines("")),
    { idleTimeout: 50 },
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await until(() => serving.server.size === 1);
  await until(() => serving.server.size === 0);
  const { text, reset } = await client.end();
  ok(reset && text.length < 30_000_000);
});

Deno.test("HttpServer cuts a connection whose client does not end it", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", { headers: ["connection: close"] }));
  equal((await client.response()).status, 200);
  await client.bytes(0);
  await until(() => serving.server.size === 1);
  await until(() => serving.server.size === 0);
});

Deno.test("HttpServer lets connections beyond the limit wait until one ends", async () => {
  await using serving = await serve(echoPath, { connections: 3 });
  const clients = await Promise.all(
    Array.from({ length: 6 }, () => RawClient.connect(serving.port)),
  );
  let answered = 0;
  const answers = clients.map(async (client, n) => {
    await client.send(request(`/${n}`));
    equal((await client.response()).body, `/${n}`);
    answered++;
  });
  await until(() => answered === 3);
  equal(serving.server.size, 3);
  await Promise.race(answers);
  for (const client of clients) {
    // Those that were answered leave, one after the other.
    await Promise.race([client.end(), new Promise((r) => setTimeout(r, 5))])
      .catch(() => {});
    client.close();
    ok(serving.server.size <= 3);
  }
  await Promise.allSettled(answers);
  ok(answered >= 3);
  await until(() => serving.server.size === 0);
});

Deno.test("HttpServer answers the connection that waited once another ends", async () => {
  await using serving = await serve(echoPath, { connections: 1 });
  using first = await RawClient.connect(serving.port);
  await first.send(request("/first"));
  await first.response();
  using second = await RawClient.connect(serving.port);
  await second.send(request("/second"));
  first.close();
  equal((await second.response()).body, "/second");
});

Deno.test("HttpServer goes on where the system has no descriptor left for a while", async () => {
  const errors = [
    ERRNO.interrupted,
    ERRNO.connectionAborted,
    ERRNO.processLimit,
  ];
  let errno = 0;
  let starved = 0;
  await using serving = await serve(echoPath, {
    starved: () => void starved++,
    disturb: (loop) =>
      disturbed(loop, {
        accept4(...args) {
          errno = errors.shift() ?? 0;
          return errno === 0 ? loop.calls.accept4(...args) : -1;
        },
      }, { errno: () => errno || loop.errno() }),
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/a"));
  equal((await client.response()).body, "/a");
  equal(starved, 1);
});

Deno.test("HttpServer closes a connection that the system cannot watch, and goes on", async () => {
  let starved = 0;
  let refuses = false;
  await using serving = await serve(echoPath, {
    starved: () => void starved++,
    disturb: (loop) =>
      disturbed(loop, {}, {
        watch: (...args) => !refuses && loop.watch(...args),
      }),
  });
  refuses = true;
  using first = await RawClient.connect(serving.port);
  await until(() => starved === 1);
  refuses = false;
  equal((await first.end()).text, "");
  using second = await RawClient.connect(serving.port);
  await second.send(request("/a"));
  equal((await second.response()).body, "/a");
});

Deno.test("HttpServer.start() fails where the system cannot watch its socket", async () => {
  await rejects(
    serve(echoPath, {
      disturb: (loop) => disturbed(loop, {}, { watch: () => false }),
    }),
    { code: "ENOSPC" },
  );
});

// ---- Dates

Deno.test("HttpServer keeps Date true while a connection goes on", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  const date = async () => {
    await client.send(request());
    return Date.parse((await client.response()).headers.get("date") ?? "");
  };
  const first = await date();
  await until(async () => await date() > first);
  ok(Math.abs(await date() - Date.now()) < 5000);
});

// ---- Clients that leave

Deno.test("HttpServer notices at once that clients leave by FIN or RST while their answers wait", async () => {
  const counted = waiting();
  let taken = 0;
  await using serving = await serve((incoming) => {
    taken++;
    counted.receive(incoming);
  });
  const { loop } = serving.server;
  for (
    const [text, reset] of [
      [request(), true],
      [request(), false],
      // A second request waits behind the first.
      [request().repeat(2), true],
      [request().repeat(2), false],
    ] as const
  ) {
    const before = counted.left;
    const bytes = new TextEncoder().encode(text);
    const fd = connect(serving.port);
    equal(loop.calls.send(fd, bytes, bytes.length, 0), bytes.length);
    await until(() => taken > before);
    if (reset) resetOnClose(loop, fd);
    loop.calls.close(fd);
    await until(() => serving.server.size === 0);
    equal(counted.left, before + 1);
  }

  function connect(port: number): number {
    const { calls } = loop;
    const fd = calls.socket(2, 1 | 0o2000000, 0);
    const address = new Uint8Array(16);
    const words = new DataView(address.buffer);
    words.setUint16(0, 2, true);
    words.setUint16(2, port);
    address.set([127, 0, 0, 1], 4);
    equal(calls.connect(fd, address, 16), 0);
    return fd;
  }
});

Deno.test("HttpServer does not tell of clients that leave after their answer", async () => {
  let left = 0;
  await using serving = await serve((incoming) => {
    incoming.onLeave({ left: () => void left++ });
    echoPath(incoming);
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await client.response();
  client.close();
  await until(() => serving.server.size === 0);
  equal(left, 0);
});

Deno.test("HttpServer tells at once of a client that left before anyone asked", async () => {
  const told = Promise.withResolvers<void>();
  await using serving = await serve((incoming) => {
    incoming.reset();
    incoming.onLeave({ left: () => {} });
    told.resolve();
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  equal((await client.end()).reset, true);
  await told.promise;
});

// ---- Addresses

Deno.test("HttpServer listens on IPv6, and tells clients' addresses", async () => {
  const addresses: string[] = [];
  const receive: Receive = (incoming) => {
    addresses.push(incoming.client);
    echoPath(incoming);
  };
  for (
    const [host, target] of [
      ["::1", "::1"],
      ["0:0:0:0:0:0:0:1", "::1"],
      ["::", "127.0.0.1"],
      ["127.0.0.1", "127.0.0.1"],
      ["localhost", "localhost"],
    ]
  ) {
    await using serving = await serve(receive, { host });
    using client = await RawClient.connect(serving.port, target);
    await client.send(request());
    equal((await client.response()).status, 200);
  }
  deepEqual(addresses.slice(0, 4), ["::1", "::1", "127.0.0.1", "127.0.0.1"]);
});

// ---- The end

Deno.test("HttpServer.shutdown() ends idle connections, lets answers leave, and takes no connection", async () => {
  const answer = Promise.withResolvers<Response>();
  const taken = Promise.withResolvers<void>();
  await using serving = await serve((incoming) => {
    if (!incoming.url.endsWith("/waits")) return echoPath(incoming);
    taken.resolve();
    return answer.promise;
  });
  using idle = await RawClient.connect(serving.port);
  using waits = await RawClient.connect(serving.port);
  await idle.send(request());
  await idle.response();
  await waits.send(request("/waits") + request("/never"));
  await taken.promise;
  let ended = false;
  const end = serving.server.shutdown().then(() => ended = true);
  deepEqual(await idle.end(), { text: "", reset: false });
  equal(ended, false);
  await Deno.connect({ port: serving.port }).then(
    (connection) => {
      connection.close();
      ok(false, "it was accepted");
    },
    (error) => ok(error instanceof Deno.errors.ConnectionRefused),
  );
  answer.resolve(new Response("done"));
  const { body, headers } = await waits.response();
  deepEqual([body, headers.get("connection")], ["done", "close"]);
  deepEqual(await waits.end(), { text: "", reset: false });
  waits.close();
  await end;
  await serving.server.shutdown();
});

Deno.test("HttpServer.shutdown() ends connections whose heads are not complete", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send("GET / HTTP/1.1\r\nho");
  await until(() => serving.server.size === 1);
  await serving.server.shutdown();
  equal((await client.end()).text, "");
});

Deno.test("HttpServer.shutdown() leaves the answer to a request whose body is unread intact", async () => {
  const answer = Promise.withResolvers<Response>();
  const taken = Promise.withResolvers<void>();
  await using serving = await serve(() => {
    taken.resolve();
    return answer.promise;
  });
  using client = await RawClient.connect(serving.port);
  const sending = client.send(post("x".repeat(2_000_000)));
  await taken.promise;
  const end = serving.server.shutdown();
  answer.resolve(new Response("done"));
  await sending;
  equal((await client.response()).body, "done");
  client.close();
  await end;
});

Deno.test("HttpServer.cut() resets all connections", async () => {
  const counted = waiting();
  let taken = 0;
  await using serving = await serve((incoming) => {
    taken++;
    counted.receive(incoming);
  });
  using idle = await RawClient.connect(serving.port);
  using waits = await RawClient.connect(serving.port);
  using half = await RawClient.connect(serving.port);
  await waits.send(request());
  await half.send(
    request("/", { method: "PUT", headers: ["transfer-encoding: chunked"] }) +
      chunk("x"),
  );
  await until(() => serving.server.size === 3 && taken === 2);
  await serving.server.cut();
  equal(serving.server.size, 0);
  for (const client of [idle, waits, half]) {
    deepEqual(await client.end(), { text: "", reset: true });
  }
  equal(counted.left, 2);
});

Deno.test("HttpServer reports errors of its own and goes on", async () => {
  await using serving = await serve(echoPath);
  serving.server.broken(new Error("odd"));
  match(String(serving.failures), /odd/);
  ok(serving.server instanceof HttpServer);
  using client = await RawClient.connect(serving.port);
  await client.send(request("/a"));
  equal((await client.response()).body, "/a");
});

Deno.test("HttpServer closes a connection to a slow client without losing what it has sent", async () => {
  let passed = 0;
  await using serving = await serve(
    (incoming) => incoming.send(prepared("x".repeat(400_000)), lines("")),
    {
      disturb: (loop) =>
        disturbed(loop, {}, { now: () => loop.now() + passed }),
    },
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", { headers: ["connection: close"] }));
  // The kernel has the rest of the answer, and the client takes none of it for a minute.
  await client.bytes(1);
  await until(() => {
    passed += 60_000;
    serving.server.ring();
    return serving.server.size === 0;
  });
  const { reset, text } = await client.end();
  equal(reset, false);
  ok(text.endsWith("x".repeat(400_000)));
});
