import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Hono } from "hono";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { call, get, rawRequest } from "../support/http.ts";
import { until } from "../support/wait.ts";
import { proxied } from "./_proxied.ts";

eachEngine.test("a proxied answer is the upstream's, without hop-by-hop headers", async () => {
  await using there = await proxied(async (request) =>
    Response.json({
      method: request.method,
      url: new URL(request.url).pathname + new URL(request.url).search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    }, {
      status: 201,
      headers: {
        "x-own": "theirs",
        "x-up": "1",
        "keep-alive": "5",
        vary: "Accept",
      },
    })
  );
  const { server, url } = there;
  const response = await get(server, "/a%20b?q=1", {
    method: "POST",
    body: "hello",
    headers: {
      te: "trailers",
      "x-client": "c",
      "x-forwarded-for": "203.0.113.7",
    },
  });
  equal(response.status, 201);
  deepEqual(
    ["x-own", "x-up", "keep-alive", "vary", "perfmock-sequence"]
      .map((name) => response.headers.get(name)),
    ["mine", "1", null, "Origin, Accept", "0"],
  );
  const seen = await response.json();
  deepEqual([seen.method, seen.url, seen.body], [
    "POST",
    "/a%20b?q=1",
    "hello",
  ]);
  deepEqual(
    [
      "host",
      "te",
      "x-client",
      "x-forwarded-for",
      "x-forwarded-host",
      "x-forwarded-proto",
    ].map((name) => seen.headers[name]),
    [
      new URL(url).host,
      undefined,
      "c",
      "203.0.113.7, 127.0.0.1",
      server.url.host,
      "http",
    ],
  );
});

eachEngine.test("an upstream behind two proxies receives the first proxy's host and protocol, and the addresses of both connections", async () => {
  await using there = await proxied(({ headers }) =>
    Response.json(Object.fromEntries(headers))
  );
  const seen = async (headers: Record<string, string>) => {
    const all = await (await get(there.server, "/", { headers })).json();
    return ["for", "host", "proto"].map((name) => all[`x-forwarded-${name}`]);
  };
  deepEqual(await seen({}), ["127.0.0.1", there.server.url.host, "http"]);
  deepEqual(
    await seen({
      "x-forwarded-for": "203.0.113.7, 198.51.100.1",
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "https",
    }),
    ["203.0.113.7, 198.51.100.1, 127.0.0.1", "shop.example", "https"],
  );
});

eachEngine.test("an upstream receives no address of a request within the process", async () => {
  await using there = await proxied(({ headers }) =>
    Response.json(headers.get("x-forwarded-for"))
  );
  equal(await (await call(there.server, "/")).json(), null);
});

eachEngine.test("an upstream receives the path without the prefix under which the app is mounted", async () => {
  await using there = await proxied(async (request) => {
    const { pathname, search } = new URL(request.url);
    return Response.json([
      request.method,
      pathname + search,
      await request.text(),
    ]);
  });
  const outer = new Hono().route("/backend", there.server.app as Hono);
  const ask = async (path: string, init?: RequestInit) =>
    await (await outer.request(path, init)).json();
  deepEqual(await ask("/backend/a%20b/c?q=%2F&backend"), [
    "GET",
    "/a%20b/c?q=%2F&backend",
    "",
  ]);
  deepEqual(await ask("/backend/100%25", { method: "POST", body: "hello" }), [
    "POST",
    "/100%25",
    "hello",
  ]);
  deepEqual(await ask("/backend"), ["GET", "/", ""]);
});

eachEngine.test("204, 304, redirects, HEAD and compressed answers pass through a proxy", async () => {
  await using there = await proxied(({ url, method }) => {
    const { pathname } = new URL(url);
    if (pathname === "/gz") {
      return new Response(
        new Blob(["packed"]).stream().pipeThrough(
          new CompressionStream("gzip"),
        ),
        { headers: { "content-encoding": "gzip" } },
      );
    }
    if (method === "HEAD") {
      return new Response(null, { headers: { "content-length": "7" } });
    }
    if (pathname === "/302") {
      return new Response(null, { status: 302, headers: { location: "/x" } });
    }
    return new Response(null, { status: Number(pathname.slice(1)) });
  });
  for (const status of [204, 304, 302]) {
    const response = await get(there.server, `/${status}`, {
      redirect: "manual",
    });
    deepEqual([response.status, await response.text()], [status, ""]);
  }
  const head = await get(there.server, "/", { method: "HEAD" });
  deepEqual([head.status, head.headers.get("content-length")], [200, "7"]);
  const packed = await get(there.server, "/gz");
  equal(await packed.text(), "packed");
  await until(() => there.server.inFlight === 0);
});

eachEngine.test("a streamed body of an upstream arrives piece by piece", async () => {
  let next: (() => void) | undefined;
  await using there = await proxied(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          for (const letter of "abc") {
            controller.enqueue(new TextEncoder().encode(letter));
            await new Promise<void>((resolve) => next = resolve);
          }
          controller.close();
        },
      }),
    )
  );
  const response = await get(there.server, "/");
  const reader = response.body?.pipeThrough(new TextDecoderStream())
    .getReader();
  for (const letter of "abc") {
    equal((await reader?.read())?.value, letter);
    next?.();
  }
  equal((await reader?.read())?.done, true);
  await until(() => there.server.inFlight === 0);
  equal(there.server.stats().routes.p.answered, 1);
});

eachEngine.test("a proxied answer is sent in the pieces of the route's wire, with CORS headers of perfmock", async () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);
  await using there = await proxied(
    () =>
      new Response(bytes, {
        headers: {
          "access-control-allow-origin": "http://theirs.example",
          "set-cookie": "theirs=1",
        },
      }),
    {
      wire: { bandwidth: { rate: "100KB/s", burst: 0 }, chunk: 1000 },
    },
  );
  const sent = performance.now();
  const response = await get(there.server, "/", {
    headers: { origin: "http://page.example" },
  });
  deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  ok(performance.now() - sent >= 50, "5000 bytes at 100 kB/s");
  equal(
    response.headers.get("access-control-allow-origin"),
    "http://page.example",
  );
  deepEqual(response.headers.getSetCookie(), ["theirs=1"]);
  const metrics = await (await call(there.server, "/metrics")).text();
  const count = (name: string) =>
    Number(metrics.match(new RegExp(`_${name}\\{route="p"\\} (\\d+)\\n`))?.[1]);
  ok(count("wire_lateness_seconds_count") + count("wire_stalls_total") >= 5);
});

eachEngine.test("an unreachable upstream is answered with 502 and a code, counted, and the server continues", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using server = await createPerfmock({
    routes: [{ id: "p", path: "/p", response: { proxy: url } }, {
      path: "/ok",
      response: { text: "ok" },
    }],
  });
  const response = await get(server, "/p");
  equal(response.status, 502);
  const problem = await response.json();
  equal(problem.code, "UPSTREAM_FAILED");
  ok(problem.detail.startsWith(`Cannot answer in place of ${url}: `));
  const metrics = await (await get(server, "/metrics")).text();
  match(
    metrics,
    /perfmock_upstream_errors_total\{route="p",reason="unreachable"\} 1/,
  );
  equal(await (await get(server, "/ok")).text(), "ok");
});

eachEngine.test("a slow upstream is answered with 504 and a code, and its request is aborted", async () => {
  const aborted = Promise.withResolvers<void>();
  await using there = await proxied(
    (request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      return aborted.promise.then(() => new Response());
    },
    {},
    "30ms",
  );
  const response = await get(there.server, "/");
  equal(response.status, 504);
  equal((await response.json()).code, "UPSTREAM_TIMEOUT");
  await aborted.promise;
});

eachEngine.test("a client that leaves aborts the upstream's request", async () => {
  const asked = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  await using there = await proxied((request) => {
    asked.resolve();
    request.signal.addEventListener("abort", () => aborted.resolve());
    return aborted.promise.then(() => new Response());
  });
  const controller = new AbortController();
  const answer = get(there.server, "/", { signal: controller.signal })
    .catch(() => "gone");
  await asked.promise;
  controller.abort();
  equal(await answer, "gone");
  await aborted.promise;
  await until(() => there.server.inFlight === 0);
  equal(there.server.stats().routes.p.gone, 1);
});

for (
  const [framing, head] of [
    ["a length", "content-length: 100\r\n\r\nhello"],
    ["chunks", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ]
) {
  eachEngine.test(`if an upstream breaks off a body with ${framing}, it is counted, the answer ends at the same byte, and the exchange fails`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const upstream = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      const answer = `HTTP/1.1 200 OK\r\n${head}`;
      await connection.write(new TextEncoder().encode(answer));
    })();
    await using server = await createPerfmock({
      routes: [{
        id: "p",
        path: "/p",
        response: { proxy: `http://127.0.0.1:${listener.addr.port}` },
      }],
    });
    using client = await rawRequest(server.url, [
      "GET /p HTTP/1.1",
      "host: localhost",
    ]);
    const { text, reset } = await client.answer;
    await upstream;
    match(text, /^HTTP\/1\.1 200 OK\r\n/);
    match(text, /hello(\r\n)?$/);
    equal(reset, false);
    await until(() => server.inFlight === 0);
    equal(server.stats().routes.p.failed, 1);
    match(
      await (await get(server, "/metrics")).text(),
      /perfmock_upstream_errors_total\{route="p",reason="broken"\} 1\n/,
    );
  });
}

eachEngine.test("a client that leaves in the middle of a proxied body does not count as a failure of the upstream", async () => {
  const ended = Promise.withResolvers<void>();
  await using there = await proxied(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(5));
        },
        cancel: () => ended.resolve(),
      }),
    )
  );
  const response = await get(there.server, "/");
  await response.body?.cancel();
  await ended.promise;
  await until(() => there.server.inFlight === 0);
  equal(there.server.stats().routes.p.gone, 1);
  const counted = await (await call(there.server, "/metrics")).text();
  ok(!counted.includes('reason="broken"} 1'));
});

Deno.test("the address of an upstream is validated at the start", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", response: { proxy: "127.0.0.1:3000" } },
        { path: "/b", response: { proxy: "ftp://a" } },
        { path: "/c", response: { proxy: { url: "http://a?b", timeout: 0 } } },
        { path: "/d", response: { proxy: "http://a", status: 200 } },
      ],
    })
  );
  deepEqual(lines(error).map((line) => line.split(":")[0]), [
    "/routes/0/response/proxy",
    "/routes/1/response/proxy",
    "/routes/2/response/proxy/url",
    "/routes/2/response/proxy/timeout",
    "/routes/3/response/status",
  ]);
});
