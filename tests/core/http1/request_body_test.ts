import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { echoPath, lines, prepared, serve } from "./_http_server.ts";
import { chunk, post, RawClient, request } from "./_raw_client.ts";

const CHUNKED = { method: "POST", headers: ["transfer-encoding: chunked"] };

/** Body of a request, which must have one. */
function bodyOf({ body }: Request): ReadableStream<Uint8Array<ArrayBuffer>> {
  ok(body !== null);
  return body;
}

Deno.test("RequestBody hands over pieces as they come, sized and chunked", async () => {
  await using serving = await serve(({ request }) =>
    new Response(
      bodyOf(request).pipeThrough(new TextDecoderStream())
        .pipeThrough(
          new TransformStream({
            transform: (text, controller) =>
              controller.enqueue(text.toUpperCase()),
          }),
        ).pipeThrough(new TextEncoderStream()),
    )
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", CHUNKED) + chunk("abc"));
  equal(
    await client.read((text) =>
      text.endsWith("3\r\nABC\r\n")
        ? { value: text.slice(-8), length: text.length }
        : undefined
    ),
    "3\r\nABC\r\n",
  );
  await client.send("0\r\n\r\n");
  equal(await client.bytes(5), "0\r\n\r\n");
  await client.send(post("sized"));
  equal((await client.response()).body, "SIZED");
});

Deno.test("RequestBody holds the client back while its reader does not read", async () => {
  const total = 64 * 1024 * 1024;
  const go = Promise.withResolvers<void>();
  await using serving = await serve(async ({ request }) => {
    await go.promise;
    let length = 0;
    for await (const piece of bodyOf(request)) length += piece.length;
    return new Response(String(length));
  }, { body: total });
  using client = await RawClient.connect(serving.port);
  await client.send(
    request("/", { method: "POST", headers: [`content-length: ${total}`] }),
  );
  let sent = 0;
  const sending = (async () => {
    const piece = new Uint8Array(1024 * 1024);
    for (; sent < total; sent += piece.length) await client.send(piece);
  })();
  // As much as the kernel's buffers take, and no more.
  let before = -1;
  await until(async () => {
    if (sent === before) return true;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  });
  ok(sent < total / 2, `${sent}`);
  go.resolve();
  await sending;
  equal((await client.response()).body, String(total));
});

Deno.test("RequestBody fails where the client leaves before its end, and so does the signal", async () => {
  for (
    const head of [post("x".repeat(10)).slice(0, -5), request("/", CHUNKED)]
  ) {
    const failed = Promise.withResolvers<string>();
    let aborted = false;
    await using serving = await serve(({ request }) => {
      request.signal.addEventListener("abort", () => aborted = true);
      request.text().then(
        () => failed.resolve("read"),
        (error) => failed.resolve(error.message),
      );
      return new Promise(() => {});
    });
    using client = await RawClient.connect(serving.port);
    await client.send(head);
    await until(() => serving.server.size === 1);
    client.close();
    equal(await failed.promise, "The client has left");
    await until(() => serving.server.size === 0);
    ok(aborted);
  }
});

Deno.test("RequestBody of GET and HEAD is discarded, and the next request follows", async () => {
  await using serving = await serve(({ request }) =>
    new Response(String(request.body === null))
  );
  using client = await RawClient.connect(serving.port);
  await client.send(
    request("/", { headers: ["content-length: 5"] }) + "hello" + request("/b"),
  );
  deepEqual(
    (await client.responses(2)).map(({ body }) => body),
    ["true", "true"],
  );
});

Deno.test("RequestBody that nobody reads is discarded, and the next request follows", async () => {
  await using serving = await serve(echoPath);
  using client = await RawClient.connect(serving.port);
  const large = "x".repeat(1_000_000);
  const chunks = request("/b", CHUNKED) + chunk(large) + chunk(large) +
    "0\r\n\r\n";
  const sending = client.send(
    post(large, "/a") + chunks + post("small", "/c") + request("/d"),
  );
  deepEqual(
    (await client.responses(4)).map(({ body }) => body),
    ["/a", "/b", "/c", "/d"],
  );
  await sending;
});

Deno.test("RequestBody whose reader gives up is discarded, and the next request follows", async () => {
  await using serving = await serve(async ({ request }) => {
    const reader = bodyOf(request).getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new Response(String(value?.[0]));
  });
  using client = await RawClient.connect(serving.port);
  const sending = client.send(
    post("1".repeat(500_000)) + post("2".repeat(500_000)),
  );
  deepEqual(
    (await client.responses(2)).map(({ body }) => body),
    ["49", "50"],
  );
  await sending;
});

Deno.test("RequestBody fails for a reader that reads on after the answer", async () => {
  const late = Promise.withResolvers<unknown>();
  await using serving = await serve(({ request }) => {
    const reader = bodyOf(request).getReader();
    late.resolve(rejects(
      async () => {
        while (!(await reader.read()).done);
      },
      TypeError,
    ));
    return new Response("early");
  });
  using client = await RawClient.connect(serving.port);
  await client.send(post("x".repeat(100_000)).slice(0, -1));
  equal((await client.response()).body, "early");
  await client.send("x" + request());
  await late.promise;
});

Deno.test("RequestBody that is unread and very large is discarded, and the next request follows", async () => {
  const total = 40 * 1024 * 1024;
  await using serving = await serve(echoPath, { body: total });
  using client = await RawClient.connect(serving.port);
  await client.send(
    request("/a", { method: "POST", headers: [`content-length: ${total}`] }),
  );
  const piece = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < total; sent += piece.length) {
    await client.send(piece);
  }
  equal((await client.response()).body, "/a");
  await client.send(request("/b"));
  equal((await client.response()).body, "/b");
});

Deno.test("RequestBody beyond the limit is refused with 413, whether it is announced or comes", async () => {
  for (
    const text of [
      post("x".repeat(1001)),
      request("/", CHUNKED) + chunk("x".repeat(600)) +
      chunk("x".repeat(600)) + "0\r\n\r\n",
    ]
  ) {
    await using serving = await serve(
      async ({ request }) => new Response(await request.text()),
      { body: 1000 },
    );
    using client = await RawClient.connect(serving.port);
    await client.send(text);
    const { status, headers } = await client.response();
    deepEqual([status, headers.get("connection")], [413, "close"]);
    deepEqual(await client.end(), { text: "", reset: false });
    deepEqual(serving.failures, []);
  }
});

Deno.test("RequestBody that is malformed after its answer ends the connection without another answer", async () => {
  await using serving = await serve(echoPath, { body: 100_000 });
  for (const rest of ["zz\r\n", chunk("x".repeat(200_000))]) {
    using client = await RawClient.connect(serving.port);
    await client.send(request("/a", CHUNKED));
    equal((await client.response()).body, "/a");
    const sending = client.send(rest);
    deepEqual(await client.end(), { text: "", reset: false });
    client.close();
    await sending.catch(() => {});
  }
});

Deno.test("RequestBody that is malformed while its answer is sent leaves the answer intact", async () => {
  const more = Promise.withResolvers<void>();
  await using serving = await serve(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("abc"));
          await more.promise;
          controller.enqueue(new TextEncoder().encode("def"));
          controller.close();
        },
      }),
    )
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", CHUNKED) + chunk("x"));
  const head = await client.read((text) =>
    text.endsWith("abc\r\n") ? { value: text, length: text.length } : undefined
  );
  await client.send("zz\r\n");
  more.resolve();
  ok(head.startsWith("HTTP/1.1 200"));
  deepEqual(await client.end(), {
    text: "3\r\ndef\r\n0\r\n\r\n",
    reset: false,
  });
});

Deno.test("RequestBody that is malformed is refused with 400, and its reader learns why", async () => {
  const reason = Promise.withResolvers<string>();
  await using serving = await serve(async ({ request }) => {
    await request.text().catch((error) => reason.resolve(error.message));
    return new Response();
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", CHUNKED) + "5\r\nhello!");
  equal((await client.response()).status, 400);
  equal(await reason.promise, "a chunk exceeds its size");
  deepEqual(await client.end(), { text: "", reset: false });
});

Deno.test("RequestBody of endless chunk extensions is refused with 413", async () => {
  await using serving = await serve(
    async ({ request }) => new Response(await request.text()),
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request("/", CHUNKED));
  const sending = (async () => {
    for (let n = 0; n < 10_000; n++) await client.send("1;a=b;c=d\r\nx\r\n");
  })().catch(() => {});
  equal((await client.response()).status, 413);
  client.close();
  await sending;
});

Deno.test("RequestBody may be asked for late, after its bytes have come", async () => {
  const go = Promise.withResolvers<void>();
  await using serving = await serve(async (incoming) => {
    await go.promise;
    return new Response(await incoming.request.text());
  });
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello") + post("next"));
  await until(() => serving.server.size === 1);
  go.resolve();
  deepEqual(
    (await client.responses(2)).map(({ body }) => body),
    ["hello", "next"],
  );
});

Deno.test("RequestBody is null once the request is answered", async () => {
  const after = Promise.withResolvers<unknown>();
  await using serving = await serve((incoming) => {
    incoming.send(prepared("x"), lines(""));
    after.resolve(incoming.request.body);
  });
  using client = await RawClient.connect(serving.port);
  await client.send(post("hello"));
  await client.response();
  equal(await after.promise, null);
});
