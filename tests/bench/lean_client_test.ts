import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { setImmediate } from "node:timers";
import {
  type FailureKind,
  LeanClient,
  LeanError,
  prepareRequest,
} from "./lean_client.ts";

const HOSTNAME = "127.0.0.1";

/** Starts a Deno.serve for a test. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve(
    { hostname: HOSTNAME, port: 0, onListen() {} },
    handler,
  );
  return {
    address: server.addr,
    get: (path: string) =>
      prepareRequest(
        "GET",
        new URL(path, `http://${HOSTNAME}:${server.addr.port}`),
      ),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Starts a listener that handles each connection in turn with a function of the test. */
function listen(...treatments: ((connection: Deno.TcpConn) => unknown)[]) {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const done = (async () => {
    for (const treat of treatments) await treat(await listener.accept());
  })();
  return {
    address: listener.addr as Deno.NetAddr,
    get: prepareRequest("GET", new URL(`http://${HOSTNAME}/`)),
    [Symbol.asyncDispose]: async () => {
      await done;
      listener.close();
    },
  };
}

/** Reads a request, sends a text, and closes. */
function answerOnce(text: string) {
  return async (connection: Deno.TcpConn) => {
    await connection.read(new Uint8Array(1024));
    await connection.write(new TextEncoder().encode(text));
    connection.close();
  };
}

function failsAs(exchange: Promise<unknown>, kind: FailureKind): Promise<void> {
  return rejects(exchange, (error) => {
    ok(error instanceof LeanError);
    equal(error.kind, kind);
    return true;
  });
}

Deno.test("LeanClient sends its requests over one connection", async () => {
  await using server = serve(() => new Response("hello"));
  using client = new LeanClient(server.address);
  await client.connect();
  equal(client.connected, true);
  for (let i = 0; i < 5; i++) {
    const response = await client.exchange(server.get("/"));
    equal(response.status, 200);
    equal(response.bodyLength, 5);
  }
  equal(client.connects, 1);
});

Deno.test("LeanClient sends method, path, query, headers and body", async () => {
  const seen: unknown[] = [];
  await using server = serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push(request.method, pathname + search, request.headers.get("x-a"));
    seen.push(await request.text());
    return new Response(null, { status: 201 });
  });
  using client = new LeanClient(server.address);
  const url = new URL(`http://${HOSTNAME}:${server.address.port}/a%20b?c=d`);
  const body = "ä".repeat(300_000);
  const request = prepareRequest("POST", url, {
    headers: { "x-a": "1" },
    body,
  });
  const response = await client.exchange(request);
  equal(response.status, 201);
  deepEqual(seen, ["POST", "/a%20b?c=d", "1", body]);
});

Deno.test("LeanClient expects no body after HEAD", async () => {
  await using server = serve(() => new Response("hello"));
  using client = new LeanClient(server.address);
  const url = new URL(`http://${HOSTNAME}:${server.address.port}/`);
  const request = prepareRequest("HEAD", url);
  for (let i = 0; i < 2; i++) {
    const response = await client.exchange(request);
    equal(response.header("content-length"), "5");
    equal(response.bodyLength, 0);
  }
  equal(client.connects, 1);
});

Deno.test("LeanClient reads a stream as chunks, and headers on demand", async () => {
  const parts = ["a".repeat(10), "b".repeat(70_000), "c"];
  await using server = serve(() =>
    new Response(
      ReadableStream.from(parts).pipeThrough(new TextEncoderStream()),
      {
        headers: { "Perfmock-Sequence": "17", "Server-Timing": "total;dur=1" },
      },
    )
  );
  using client = new LeanClient(server.address);
  const response = await client.exchange(server.get("/"));
  equal(response.bodyLength, 70_011);
  equal(response.header("perfmock-sequence"), "17");
  equal(response.header("server-timing"), "total;dur=1");
  ok(response.sentAt < response.firstByteAt);
  ok(response.firstByteAt <= response.endedAt);
});

Deno.test("LeanClient connects anew after a response with connection: close", async () => {
  await using server = serve(() =>
    new Response("ok", { headers: { connection: "close" } })
  );
  using client = new LeanClient(server.address);
  await client.exchange(server.get("/"));
  await client.exchange(server.get("/"));
  equal(client.connects, 2);
});

Deno.test("LeanClient connects anew after the server has closed an idle connection", async () => {
  const answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
  await using server = listen(answerOnce(answer), answerOnce(answer));
  using client = new LeanClient(server.address);
  await client.exchange(server.get);
  while (client.connected) await new Promise(setImmediate);
  await client.exchange(server.get);
  equal(client.connects, 2);
});

Deno.test("LeanClient fails as refused if nothing listens", async () => {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  using client = new LeanClient({ hostname: HOSTNAME, port });
  const request = prepareRequest("GET", new URL(`http://${HOSTNAME}:${port}/`));
  await failsAs(client.exchange(request), "connection-refused");
});

Deno.test("LeanClient fails as closed after an incomplete response, and is usable afterwards", async () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
  await using server = listen(
    answerOnce(`${head}hel`),
    answerOnce(""),
    answerOnce(`${head}hello`),
  );
  using client = new LeanClient(server.address);
  await failsAs(client.exchange(server.get), "closed");
  await failsAs(client.exchange(server.get), "closed");
  equal((await client.exchange(server.get)).status, 200);
});

Deno.test("LeanClient fails as reset if the server resets the connection", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, HOSTNAME, resolve));
  const { port } = server.address() as AddressInfo;
  using client = new LeanClient({ hostname: HOSTNAME, port });
  const request = prepareRequest("GET", new URL(`http://${HOSTNAME}:${port}/`));
  await failsAs(client.exchange(request), "reset");
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("LeanClient fails as protocol if the response is not HTTP/1.1", async () => {
  await using server = listen(answerOnce("SSH-2.0-OpenSSH_9.2\r\n"));
  using client = new LeanClient(server.address);
  await failsAs(client.exchange(server.get), "protocol");
});

Deno.test("LeanClient reads a body without a length until the connection ends", async () => {
  await using server = listen(answerOnce("HTTP/1.1 200 OK\r\n\r\nhello"));
  using client = new LeanClient(server.address);
  const response = await client.exchange(server.get);
  equal(response.bodyLength, 5);
  equal(client.connected, false);
});

Deno.test("LeanClient.abort() ends the active exchange", async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = serve(({ signal }) => {
    arrived.resolve();
    const left = Promise.withResolvers<Response>();
    signal.addEventListener("abort", () => left.resolve(new Response()));
    return left.promise;
  });
  using client = new LeanClient(server.address);
  const exchange = client.exchange(server.get("/"));
  await arrived.promise;
  client.abort();
  await failsAs(exchange, "cut");
});

Deno.test("LeanClient.abort() ends an exchange that is still connecting", async () => {
  await using server = serve(() => new Response("ok"));
  using client = new LeanClient(server.address);
  const exchange = client.exchange(server.get("/"));
  client.abort();
  await failsAs(exchange, "cut");
  equal(client.connected, false);
});

Deno.test("LeanClient rejects a second exchange at the same time", async () => {
  await using server = serve(() => new Response("ok"));
  using client = new LeanClient(server.address);
  const first = client.exchange(server.get("/"));
  await rejects(client.exchange(server.get("/")), /Cannot send/);
  equal((await first).status, 200);
});
