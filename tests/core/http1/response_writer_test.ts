import { deepEqual, equal, match, ok } from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { lines, prepared, type Receive, serve } from "./_http_server.ts";
import { RawClient, request } from "./_raw_client.ts";

const encoder = new TextEncoder();

/** Answers all requests alike; returns what a client receives until the end of the connection. */
async function received(
  receive: Receive,
  text = request("/", { headers: ["connection: close"] }),
): Promise<{ readonly text: string; readonly reset: boolean }> {
  await using serving = await serve(receive);
  using client = await RawClient.connect(serving.port);
  await client.send(text);
  return await client.end();
}

/** Creates a stream of pieces, each of which comes later than one turn of the event loop. */
function pieces(
  ...texts: readonly string[]
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (next === texts.length) controller.close();
      else controller.enqueue(encoder.encode(texts[next++]));
    },
  }, { highWaterMark: 0 });
}

Deno.test("writeResponse sends a body that is complete at once with its length", async () => {
  const { text } = await received(() => new Response("Grüße"));
  match(text, /\r\ncontent-length: 7\r\n/);
  ok(!text.includes("transfer-encoding"));
});

Deno.test("writeResponse sends an empty body with the length 0", async () => {
  for (
    const body of [null, "", new ReadableStream({ start: (c) => c.close() })]
  ) {
    const { text } = await received(() => new Response(body));
    match(text, /\r\ncontent-length: 0\r\n/);
    ok(text.endsWith("\r\n\r\n"));
  }
});

Deno.test("writeResponse sends a body in pieces as chunks", async () => {
  const { text } = await received(() => new Response(pieces("ab", "", "cde")));
  match(text, /\r\ntransfer-encoding: chunked\r\n/);
  ok(text.endsWith("\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"), text);
});

Deno.test("writeResponse sends pieces that are there at once as chunks", async () => {
  const { text } = await received(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of ["", "ab", "c"]) {
            controller.enqueue(encoder.encode(piece));
          }
          controller.close();
        },
      }),
    )
  );
  ok(text.endsWith("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), text);
});

Deno.test("writeResponse sends pieces to HTTP/1.0 as they are, and closes", async () => {
  const { text, reset } = await received(
    () => new Response(pieces("ab", "cde")),
    request("/", { version: "1.0", headers: ["connection: keep-alive"] }),
  );
  equal(reset, false);
  match(text, /\r\nconnection: close\r\n/);
  ok(!text.includes("transfer-encoding") && !text.includes("content-length"));
  ok(text.endsWith("\r\n\r\nabcde"));
});

Deno.test("writeResponse sends pieces with an announced length as they are", async () => {
  const { text } = await received(() =>
    new Response(pieces("ab", "cde"), { headers: { "content-length": "5" } })
  );
  match(text, /\r\ncontent-length: 5\r\n/);
  ok(text.endsWith("\r\n\r\nabcde"));
});

Deno.test("writeResponse closes where the body is not as long as announced", async () => {
  for (
    const [announced, sent] of [["9", "abcde"], ["4", "ab"]] as const
  ) {
    const { text } = await received(
      () =>
        new Response(pieces("ab", "cde"), {
          headers: { "content-length": announced },
        }),
      request(),
    );
    ok(text.endsWith(`\r\n\r\n${sent}`), text);
  }
});

Deno.test("writeResponse closes where a length is announced without a body", async () => {
  const { text } = await received(
    () => new Response(null, { headers: { "content-length": "5" } }),
    request(),
  );
  match(text, /\r\ncontent-length: 5\r\nconnection: close\r\n/);
});

Deno.test("writeResponse announces one length, even beside one that is no number", async () => {
  const { text } = await received(() =>
    new Response("abc", { headers: { "content-length": "many" } })
  );
  deepEqual(text.match(/content-length.*/g), ["content-length: 3"]);
});

Deno.test("writeResponse sends statuses without a body as such", async () => {
  for (
    const [status, length] of [[204, undefined], [205, "0"], [
      304,
      "5",
    ]] as const
  ) {
    const { text } = await received(() =>
      new Response(null, { status, headers: { "content-length": "5" } })
    );
    equal(/content-length: (.*)\r/.exec(text)?.[1], length, text);
    ok(text.endsWith("\r\n\r\n"));
  }
});

Deno.test("writeResponse keeps Date and reason, and leaves out what the connection decides on", async () => {
  const { text } = await received(() =>
    new Response("x", {
      status: 299,
      statusText: "Quite Fine",
      headers: {
        "date": "then",
        "keep-alive": "timeout=5",
        "transfer-encoding": "gzip",
        "upgrade": "h2c",
        "x-latin": "é",
      },
    })
  );
  match(text, /^HTTP\/1\.1 299 Quite Fine\r\n/);
  match(text, /\r\nx-latin: é\r\n/);
  deepEqual(text.match(/date: .*/g), ["date: then"]);
  ok(!/keep-alive|gzip|h2c/.test(text));
});

Deno.test("writeResponse leaves a body incomplete that fails, so that the client can tell", async () => {
  for (const late of [true, false]) {
    const { text, reset } = await received(() =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            if (late) await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(encoder.encode("ab"));
            if (late) await new Promise((resolve) => setTimeout(resolve, 5));
            controller.error(new Error("broken"));
          },
        }),
      ), request());
    equal(reset, false);
    ok(!text.includes("\r\n0\r\n"), text);
  }
});

Deno.test("writeResponse sends no pieces that are not bytes", async () => {
  const texts = new ReadableStream<unknown>({ pull: (c) => c.enqueue("abc") })
    .tee() as ReadableStream<Uint8Array<ArrayBuffer>>[];
  for (
    const announced of [[], [["content-length", "3"]]] satisfies HeadersInit[]
  ) {
    const body = texts.pop() ?? null;
    const { text } = await received(() =>
      new Response(
        body,
        { headers: announced },
      ), request());
    ok(text === "" || text.endsWith("\r\n\r\n"), text);
  }
});

Deno.test("writeResponse cancels a body that is not sent", async () => {
  let cancelled = 0;
  const body = () =>
    new ReadableStream({ cancel: () => void cancelled++ }, {
      highWaterMark: 0,
    });
  await received(
    () => new Response(body()),
    request("/", { method: "HEAD", headers: ["connection: close"] }),
  );
  equal(cancelled, 1);
});

Deno.test("writeResponse holds an endless body back while the client does not read, and cancels it when the client leaves", async () => {
  let made = 0;
  const cancelled = Promise.withResolvers<void>();
  await using serving = await serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made++;
          controller.enqueue(new Uint8Array(65536));
        },
        cancel: () => cancelled.resolve(),
      }, { highWaterMark: 0 }),
    )
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  // As much as the kernel's buffers take, and no more.
  let before = -1;
  await until(async () => {
    if (made === before) return true;
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  });
  ok(made < 500, `${made}`);
  await client.bytes(10 * 1024 * 1024);
  await until(() => made > before);
  client.close();
  await cancelled.promise;
  await until(() => serving.server.size === 0);
});

Deno.test("writeResponse cancels a body whose first piece has not come when the connection is cut", async () => {
  const cancelled = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using serving = await serve(() =>
    new Response(
      new ReadableStream({
        pull: () => asked.resolve(),
        cancel: () => cancelled.resolve(),
      }, { highWaterMark: 0 }),
    )
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await asked.promise;
  await client.bytes(1);
  await serving.server.cut();
  await cancelled.promise;
  equal((await client.end()).reset, true);
});

Deno.test("Connection sends prepared bytes that are larger than any buffer", async () => {
  const large = "x".repeat(30_000_000);
  await using serving = await serve((incoming) =>
    incoming.send(prepared(large), lines("x-first: 1\r\n"))
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  const { body, headers } = await client.response();
  equal(body.length, large.length);
  equal(headers.get("x-first"), "1");
  await client.send(request());
  equal((await client.response()).body.length, large.length);
});

Deno.test("Connection sends prepared heads that are larger than any buffer", async () => {
  const long = "y".repeat(70_000);
  await using serving = await serve((incoming) =>
    incoming.send(prepared("x", true), lines(`x-long: ${long}\r\n`))
  );
  using client = await RawClient.connect(serving.port);
  await client.send(request() + request("/", { method: "HEAD" }));
  const { body, headers } = await client.response();
  deepEqual(
    [body, headers.get("x-long"), headers.get("date")],
    ["x", long, "then"],
  );
  equal((await client.response("HEAD")).headers.get("x-long"), long);
});

Deno.test("Connection sends one prepared answer only", async () => {
  await using serving = await serve((incoming) => {
    incoming.send(prepared("1"), lines(""));
    incoming.send(prepared("2"), lines(""));
    incoming.respond(new Response("3"));
    incoming.reset();
  });
  using client = await RawClient.connect(serving.port);
  await client.send(request() + request());
  deepEqual(
    (await client.responses(2)).map(({ body }) => body),
    ["1", "1"],
  );
});

Deno.test("Connection resets in place of an answer, before any byte", async () => {
  for (
    const receive of [
      (incoming) => incoming.reset(),
      () => Response.error(),
      () => Promise.resolve(Response.error()),
    ] satisfies Receive[]
  ) {
    deepEqual(await received(receive), { text: "", reset: true });
  }
});
