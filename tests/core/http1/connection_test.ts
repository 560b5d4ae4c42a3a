import { deepEqual, equal, match, ok } from "node:assert/strict";
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

/** Answers with the request's body as it was received. */
const echoBody: Receive = async (incoming) =>
  new Response(await incoming.request.text());

// ---- One request after another

Deno.test("Connection takes one request after another", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  for (const path of ["/a", "/b", "/b", "/c"]) {
    await client.send(request(path));
    const { status, body, headers } = await client.response();
    deepEqual([status, body], [200, path]);
    equal(headers.has("connection"), false);
    match(headers.get("date") ?? "", /GMT$/);
  }
  equal(serving.server.size, 1);
});

Deno.test("Connection answers 1000 pipelined requests in their order", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  const paths = Array.from({ length: 1000 }, (_, n) => `/${n}`);
  await client.send(paths.map((path) => request(path)).join(""));
  const answers = await client.responses(1000);
  deepEqual(answers.map(({ body }) => body), paths);
});

Deno.test("Connection answers pipelined requests in their order where the first answers come last", async () => {
  const received: string[] = [];
  await using serving = await serve(async (incoming) => {
    const path = new URL(incoming.url).pathname;
    received.push(path);
    if (path === "/slow") {
      await new Promise((resolve) => setTimeout(resolve, 20));
      deepEqual(received, ["/slow"]);
    }
    return new Response(path);
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/slow") + request("/fast") + request("/slower"));
  deepEqual((await client.responses(3)).map(({ body }) => body), [
    "/slow",
    "/fast",
    "/slower",
  ]);
  deepEqual(serving.failures, []);
});

Deno.test("Connection closes after an answer to a request that asks for it", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send(
    request("/a", { headers: ["connection: close"] }) + request("/b"),
  );
  const { body, headers } = await client.response();
  deepEqual([body, headers.get("connection")], ["/a", "close"]);
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("Connection closes after a response that asks for it", async () => {
  await using serving = await serve(() =>
    new Response("x", { headers: { connection: "close" } })
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  equal((await client.response()).headers.get("connection"), "close");
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("Connection closes after an answer in HTTP/1.0, unless the client asks to keep it", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  const keep = { version: "1.0", headers: ["connection: keep-alive"] };
  await client.send(request("/a", keep));
  equal((await client.response()).headers.get("connection"), "keep-alive");
  await client.send(request("/b", { version: "1.0" }));
  const { headers, head } = await client.response();
  match(head, /^HTTP\/1\.1 200/);
  equal(headers.get("connection"), "close");
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("Connection sends no body in answer to HEAD, and the length it would have", async () => {
  await using serving = await serve((incoming) =>
    incoming.url.endsWith("/bytes")
      ? incoming.send(prepared("12345"), lines("x-field: y\r\n"))
      : new Response("1234567", { headers: { "content-length": "7" } })
  );
  using client = await RawClient.connect(serving.port);
  const head = { method: "HEAD" };
  await client.send(request("/bytes", head) + request("/r", head) + request());
  const first = await client.response("HEAD");
  equal(first.headers.get("content-length"), "5");
  equal(first.headers.get("x-field"), "y");
  const second = await client.response("HEAD");
  equal(second.headers.get("content-length"), "7");
  equal((await client.response()).body, "1234567");
});

Deno.test("Connection ignores an upgrade to another protocol", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send(request("/a", {
    headers: [
      "connection: upgrade, http2-settings",
      "upgrade: h2c",
      "http2-settings: AAMAAABkAAQAAP__",
    ],
  }));
  const { status, body, headers } = await client.response();
  deepEqual([status, body, headers.get("upgrade")], [200, "/a", undefined]);
  await client.send(request("/b"));
  equal((await client.response()).body, "/b");
});

// ---- Pieces

Deno.test("Connection understands requests that are split at any byte", async () => {
  await using serving = await serve(echoBody);
  const text = post("hello", "/a", ["x-empty:"]) + request("/b", {
    method: "PUT",
    headers: ["transfer-encoding: chunked"],
  }) + chunk("wor") + chunk("ld") + "0\r\n\r\n" + post("", "/c");
  for (let at = 1; at < text.length; at++) {
    using client = await RawClient.connect(serving.port);
    await client.send(text.slice(0, at));
    // The server reads the first part alone.
    await new Promise((resolve) => setImmediate(resolve));
    await client.send(text.slice(at));
    deepEqual(
      (await client.responses(3)).map(({ body }) => body),
      ["hello", "world", ""],
    );
  }
});

Deno.test("Connection understands requests that come byte by byte", async () => {
  await using serving = await serve(echoBody);
  using client = await RawClient.connect(serving.port);
  const text = post("hello") + request("/", {
    method: "PUT",
    headers: ["transfer-encoding: chunked"],
  }) + chunk("wor") + chunk("ld") + "0\r\n\r\n";
  for (const character of text) await client.send(character);
  deepEqual(
    (await client.responses(2)).map(({ body }) => body),
    ["hello", "world"],
  );
});

// ---- Expect: 100-continue

Deno.test("Connection answers 100 Continue before a body that the client holds back", async () => {
  await using serving = await serve(echoBody);
  using client = await RawClient.connect(serving.port);
  const [head, body] = post("hello", "/", ["expect: 100-continue"])
    .split(/(?<=\r\n\r\n)/);
  await client.send(head);
  equal((await client.response()).status, 100);
  await client.send(body);
  equal((await client.response()).body, "hello");
});

Deno.test("Connection answers no 100 Continue once the body has begun", async () => {
  await using serving = await serve(echoBody);
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello", "/", ["expect: 100-continue"]));
  const { status, body } = await client.response();
  deepEqual([status, body], [200, "hello"]);
});

Deno.test("Connection refuses other expectations with 417", async () => {
  await using serving = await serve(echoBody);
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello", "/", ["expect: miracles"]));
  equal((await client.response()).status, 417);
  deepEqual(await client.end(), { text: "", reset: false });
});

// ---- Clients that end their direction

Deno.test("Connection answers a client that has ended its direction", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  await client.send(request("/a"));
  await client.finish();
  equal((await client.response()).body, "/a");
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("Connection answers all pipelined requests of a client that has ended its direction", async () => {
  for (
    const receive of [
      echoPath,
      (incoming) => new Response(new URL(incoming.url).pathname),
    ] satisfies Receive[]
  ) {
    await using serving = await serve(receive);
    using client = await RawClient.connect(serving.port);
    const paths = Array.from({ length: 500 }, (_, n) => `/${n}`);
    await client.send(paths.map((path) => request(path)).join(""));
    await client.finish();
    const answers = await client.responses(500);
    deepEqual(answers.map(({ body }) => body), paths);
    deepEqual(await client.end(), { text: "", reset: false });
  }
});

Deno.test("Connection hands over the whole body of a client that has ended its direction", async () => {
  await using serving = await serve(async (incoming) => {
    const stream = incoming.request.body;
    ok(stream !== null);
    let length = 0;
    for await (const piece of stream) {
      length += piece.length;
      await new Promise((resolve) => setTimeout(resolve));
    }
    return new Response(String(length));
  });
  using client = await RawClient.connect(serving.port);
  await client.send(post("x".repeat(300_000)));
  await client.finish();
  equal((await client.response()).body, "300000");
});

Deno.test("Connection counts a client that has ended its direction as gone where its answer waits", async () => {
  let left = 0;
  await using serving = await serve((incoming) =>
    incoming.onLeave({ left: () => void left++ })
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await until(() => serving.server.size === 1);
  await client.finish();
  deepEqual(await client.end(), { text: "", reset: false });
  equal(left, 1);
  await until(() => serving.server.size === 0);
});

Deno.test("Connection counts a client as gone whose pipelined request begins to wait after the end", async () => {
  let left = 0;
  const first = Promise.withResolvers<Response>();
  await using serving = await serve((incoming) => {
    if (incoming.url.endsWith("/first")) return first.promise;
    incoming.onLeave({ left: () => void left++ });
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/first") + request("/waits"));
  await client.finish();
  first.resolve(new Response("done"));
  equal((await client.response()).body, "done");
  await client.end();
  equal(left, 1);
});

// ---- Errors of perfmock and odd requests

Deno.test("Connection answers 501 to TRACE where a Request is asked for, and goes on", async () => {
  await using serving = await serve(({ request }) => new Response(request.url));
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", { method: "TRACE" }) + request("/b"));
  equal((await client.response()).status, 501);
  equal((await client.response()).body, "http://localhost/b");
});

Deno.test("Connection answers 400 where Host makes no URL", async () => {
  await using serving = await serve(({ request }) => new Response(request.url));
  for (const host of ["1.2.3.999", "a%zz", "[::g]", "a b", "a@b", "a/b", ""]) {
    using client = await RawClient.connect(serving.port);
    await client.send(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    equal((await client.response()).status, 400, host);
  }
});

Deno.test("Connection tells URLs: absolute targets, a whole server, HTTP/1.0 without Host", async () => {
  await using serving = await serve(({ request }) => new Response(request.url));
  const { port } = serving;
  for (
    const [line, url] of [
      ["GET http://other:81/a?b HTTP/1.1\r\nhost: h", "http://other:81/a?b"],
      ["GET http://other HTTP/1.1\r\nhost: h", "http://other/"],
      ["OPTIONS * HTTP/1.1\r\nhost: h", "http://h/*"],
      ["GET /a HTTP/1.1\r\nhost: [::1]:8080", "http://[::1]:8080/a"],
      ["GET /a HTTP/1.0\r\nx: y", `http://localhost:${port}/a`],
    ]
  ) {
    using client = await RawClient.connect(port);
    await client.send(`${line}\r\n\r\n`);
    equal((await client.response()).body, url);
  }
});

Deno.test("Connection answers 500 for an answer that fails, reports why, and goes on", async () => {
  await using serving = await serve((incoming) =>
    incoming.url.endsWith("/bad")
      ? Promise.reject(new Error("broken"))
      : new Response("fine")
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/bad") + request("/good"));
  deepEqual(
    (await client.responses(2)).map(({ status }) => status),
    [500, 200],
  );
  deepEqual(serving.failures.map(String), ["Error: broken"]);
});

Deno.test("Connection answers 500 for a response whose body is used", async () => {
  const used = new Response("once");
  await used.text();
  const locked = new Response("locked");
  const reader = locked.body?.getReader();
  await using serving = await serve(({ url }) =>
    url.endsWith("/used") ? used : locked
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/used") + request("/locked"));
  deepEqual(
    (await client.responses(2)).map(({ status }) => status),
    [500, 500],
  );
  equal(serving.failures.length, 2);
  await reader?.cancel();
});

Deno.test("Connection answers 500 where a handler throws before its answer, reports why, and goes on", async () => {
  await using serving = await serve((incoming) => {
    if (incoming.url.endsWith("/bad")) throw new Error("broken");
    echoPath(incoming);
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/bad") + request("/good"));
  deepEqual(
    (await client.responses(2)).map(({ status }) => status),
    [500, 200],
  );
  deepEqual(serving.failures.map(String), ["Error: broken"]);
});

Deno.test("Connection sends one answer where a handler throws after it", async () => {
  await using serving = await serve((incoming) => {
    echoPath(incoming);
    throw new Error("after");
  });
  using client = await RawClient.connect(serving.port);
  for (const path of ["/a", "/b"]) {
    await client.send(request(path));
    equal((await client.response()).body, path);
  }
  equal(serving.failures.length, 2);
});

Deno.test("Connection ends alone where an error escapes", async () => {
  await using serving = await serve((incoming) => {
    if (!incoming.url.endsWith("/waits")) return echoPath(incoming);
    incoming.onLeave({
      left() {
        throw new Error("escaped");
      },
    });
  });
  using other = await RawClient.connect(serving.port);
  using client = await RawClient.connect(serving.port);
  await client.send(request("/waits"));
  await other.send(request("/a"));
  await other.response();
  client.close();
  await until(() => serving.server.size === 1);
  deepEqual(serving.failures.map(String), ["Error: escaped"]);
  await other.send(request("/b"));
  equal((await other.response()).body, "/b");
});

Deno.test("Connection gives others their turn between large answers", async () => {
  let turns = 0;
  await using serving = await serve(
    (incoming) => incoming.send(prepared("x".repeat(100_000)), lines("")),
    {
      disturb: (loop) =>
        disturbed(loop, {}, {
          later: (work) => {
            turns++;
            loop.later(work);
          },
        }),
    },
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request().repeat(12));
  equal((await client.responses(12)).length, 12);
  // Three of them exceed what one turn may send.
  ok(turns >= 2, `${turns} turns`);
});
