import { deepEqual, equal, ok } from "node:assert/strict";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { generate } from "selfsigned";
import {
  connectTo,
  type Destination,
  ownDestination,
} from "../../../../plugins/load_engine/http/mod.ts";
import type { Order } from "../../../../plugins/load_engine/order.ts";
import {
  at,
  exchange,
  freePort,
  HandClock,
  plan,
  type Said,
  serve,
} from "./_orders.ts";

const CERTIFICATE = await generate([{ name: "commonName", value: "test" }], {
  keyType: "ec",
  curve: "P-256",
  algorithm: "sha256",
  extensions: [{ name: "basicConstraints", cA: false }, {
    name: "subjectAltName",
    altNames: [{ type: 2, value: "localhost" }, { type: 7, ip: "127.0.0.1" }],
  }],
});
const TLS = { cert: CERTIFICATE.cert, key: CERTIFICATE.private };

/** Returns the destination of a server with that certificate. */
function secure(port: number, more: Partial<Destination> = {}): Destination {
  return at(port, {
    origin: `https://127.0.0.1:${port}`,
    secure: true,
    certificates: [CERTIFICATE.cert],
    ...more,
  });
}

async function send(
  destination: Destination,
  ...requests: Said[]
): Promise<Order[]> {
  using environment = connectTo(destination, new HandClock());
  const orders = [];
  for (const said of requests) {
    orders.push(await exchange(environment, plan(said)));
  }
  return orders;
}

Deno.test("FetchEnvironment sends method, path, query, headers and body over TLS", async () => {
  const seen: unknown[] = [];
  await using server = serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push(request.method, pathname + search, request.headers.get("x-a"));
    seen.push(await request.text());
    return new Response("hello world");
  }, TLS);
  const [order] = await send(secure(server.port, { prefix: "/v1" }), {
    method: "POST",
    path: "/a?b=c",
    headers: { "x-a": "ä", "content-length": "99" },
    body: "ä",
    check: { status: undefined, body: "world" },
  });
  deepEqual(seen, ["POST", "/v1/a?b=c", "\u00c3\u00a4", "ä"]);
  equal(order.status, 200);
  equal(order.bodyHeld, true);
  ok(order.started < order.firstByte && order.firstByte <= order.ended);
});

Deno.test("FetchEnvironment does not follow redirects, and reports a missing text", async () => {
  await using server = serve(
    () =>
      new Response("moved", { status: 302, headers: { location: "/other" } }),
    TLS,
  );
  const check = { status: undefined, body: "here" };
  const [order] = await send(secure(server.port), { check, keepAlive: false });
  equal(order.status, 302);
  equal(order.bodyHeld, false);
});

Deno.test("FetchEnvironment reports failures by kind, including requests that cannot be sent", async () => {
  await using server = serve(() => new Response("ok"), TLS);
  const untrusted = secure(server.port, { certificates: [] });
  const [stranger] = await send(untrusted, {});
  equal(stranger.error, "tls");
  const [refused] = await send(secure(freePort()), {});
  equal(refused.error, "connection-refused");
  const [odd, next] = await send(secure(server.port), { body: "x" }, {});
  equal(odd.error, "protocol");
  equal(next.status, 200);
});

Deno.test("FetchEnvironment gives up after a request's timeout", async () => {
  const clock = new HandClock();
  await using server = serve(({ signal }) => {
    clock.fire();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(new Response()));
    });
  }, TLS);
  using environment = connectTo(secure(server.port), clock);
  const ended = exchange(environment, plan({ timeout: 500 }));
  const [deadline] = clock.pending;
  const order = await ended;
  equal(order.error, "timeout");
  equal(order.status, 0);
  equal(deadline, order.started + 500);
});

Deno.test("FetchEnvironment.cut() ends the requests of one scenario at once, and disposal all others", async () => {
  const arrived = Promise.withResolvers<void>();
  let n = 0;
  await using server = serve(({ signal }) => {
    if (++n === 2) arrived.resolve();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(new Response()));
    });
  }, TLS);
  const environment = connectTo(secure(server.port), new HandClock());
  const first = exchange(environment, plan({ scenario: 1 }));
  const second = exchange(environment, plan({ scenario: 2 }));
  await arrived.promise;
  environment.cut(1);
  equal((await first).error, "cut");
  environment[Symbol.dispose]();
  equal((await second).error, "cut");
});

Deno.test("ownDestination() trusts the certificate that the server shows", async () => {
  await using server = serve(() => new Response("ok"), TLS);
  const own = await ownDestination(
    new URL(`https://127.0.0.1:${server.port}`),
  );
  const [order] = await send(own, {});
  equal(order.status, 200);
});

Deno.test("FetchEnvironment uses HTTP/2 over one connection if the target supports it", async () => {
  const versions: string[] = [];
  let connections = 0;
  const server = createSecureServer(TLS, ({ httpVersion }, response) => {
    versions.push(httpVersion);
    response.end("ok");
  });
  server.on("session", () => connections++);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const orders = await send(secure(port), {}, {}, {});
  deepEqual(orders.map(({ status }) => status), [200, 200, 200]);
  deepEqual(versions, ["2.0", "2.0", "2.0"]);
  equal(connections, 1);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("FetchEnvironment.connectAhead() opens no connection", async () => {
  using environment = connectTo(secure(freePort()), new HandClock());
  await environment.connectAhead(10);
  equal((await exchange(environment, plan())).error, "connection-refused");
});
