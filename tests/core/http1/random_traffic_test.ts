// Runs without the profiler: computes much.
import { deepEqual, equal } from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { lines, prepared, type Receive, serve } from "./_http_server.ts";
import { chunk, post, RawClient, request } from "./_raw_client.ts";

/** Numbers that look random, the same in each run: mulberry32. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) % below;
  };
}

const encoder = new TextEncoder();

/** Ways to answer, by path. */
const WAYS: Readonly<Record<string, Receive>> = {
  "/bytes": (incoming) => incoming.send(prepared("bytes"), lines("")),
  "/text": () => new Response("text"),
  "/later": async () => {
    await new Promise((resolve) => setTimeout(resolve));
    return new Response("later");
  },
  "/pieces": () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          for (const piece of ["pie", "ces"]) {
            controller.enqueue(encoder.encode(piece));
            await new Promise((resolve) => setImmediate(resolve));
          }
          controller.close();
        },
      }),
    ),
  "/echo": async ({ request }) => new Response(await request.text()),
  "/flow": ({ request }) => new Response(request.body),
  "/peek": async ({ request }) => {
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    return new Response("peek");
  },
  "/throws": () => {
    throw new Error("thrown");
  },
};

const receive: Receive = (incoming) => {
  const path = incoming.url.replace(/^http:\/\/[^/]*/, "");
  return Object.hasOwn(WAYS, path)
    ? WAYS[path](incoming)
    : new Response(null, { status: 404 });
};

/** Makes a request up, and the body of its answer. */
function exchange(
  next: (below: number) => number,
): { text: string; answer: string } {
  const paths = Object.keys(WAYS);
  const path = paths[next(paths.length)];
  const body = String.fromCharCode(97 + next(26)).repeat(
    [0, 1, 10, 1000, 70_000][next(5)],
  );
  const [text, sent] = next(3) === 0
    ? [request(path), ""]
    : next(2) === 0
    ? [post(body, path), body]
    : [
      request(path, {
        method: "PUT",
        headers: ["transfer-encoding: chunked"],
      }) + (body === "" ? "" : chunk(body.slice(0, 7)) +
        (body.length > 7 ? chunk(body.slice(7)) : "")) +
      "0\r\n\r\n",
      body,
    ];
  const answer = path === "/echo" || path === "/flow"
    ? sent
    : path === "/throws"
    ? "500"
    : path.slice(1);
  return { text, answer };
}

Deno.test("whatever is sent, in whatever pieces, is answered in its order", async () => {
  await using serving = await serve(receive);
  const next = numbers(15);
  for (let round = 0; round < 25; round++) {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const all = Array.from({ length: 1 + next(20) }, () => exchange(next));
        const text = all.map((each) => each.text).join("");
        const halves = next(3) === 0;
        using client = await RawClient.connect(serving.port);
        const sending = (async () => {
          for (let at = 0; at < text.length;) {
            const size = 1 + next([3, 200, 5000, 100_000][next(4)]);
            await client.send(text.slice(at, at + size));
            at += size;
            if (next(4) === 0) {
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          if (halves) await client.finish();
        })();
        const answers = await client.responses(all.length);
        deepEqual(
          answers.map(({ body, status }) => status === 500 ? "500" : body),
          all.map(({ answer }) => answer),
        );
        await sending;
        if (halves) deepEqual(await client.end(), { text: "", reset: false });
      }),
    );
  }
  await until(() => serving.server.size === 0);
  equal(
    serving.failures.every((error) => String(error) === "Error: thrown"),
    true,
  );
});

Deno.test("whatever is sent wrongly, or cut off, ends its own connection alone", async () => {
  await using serving = await serve(receive);
  using steady = await RawClient.connect(serving.port);
  const next = numbers(16);
  for (let round = 0; round < 40; round++) {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const text = Array.from(
          { length: 1 + next(5) },
          () => exchange(next).text,
        ).join("");
        const at = next(text.length);
        const wrong = next(2) === 0
          ? text.slice(0, at)
          : text.slice(0, at) + String.fromCharCode(next(256)) +
            text.slice(at + 1 + next(3));
        using client = await RawClient.connect(serving.port);
        try {
          await client.send(wrong);
          if (next(2) === 0) return;
          await client.finish();
          await client.end();
        } catch {
          // The server was first.
        }
      }),
    );
    await steady.send(request("/bytes"));
    equal((await steady.response()).body, "bytes");
  }
  await until(() => serving.server.size === 1);
  deepEqual(
    serving.failures.filter((error) => String(error) !== "Error: thrown"),
    [],
  );
});
