import { deepEqual, equal, match } from "node:assert/strict";
import { createServer } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";
import { proxied } from "./_proxied.ts";

/** A perfmock whose backend sends each request back to it, and counts how often. */
async function circle(passedOn: (headers: Headers) => void) {
  let passes = 0;
  const there = await proxied(async (request) => {
    passes++;
    const headers = new Headers(request.headers);
    passedOn(headers);
    return await fetch(new URL("/round", there.server.url), { headers });
  });
  return { there, passes: () => passes };
}

eachEngine.test("a request that comes back to its route is refused with 508 at its first return", async () => {
  const { there, passes } = await circle(() => {});
  await using _there = there;
  const response = await get(there.server, "/round");
  const { code, detail } = await response.json();
  deepEqual([response.status, code, passes()], [508, "UPSTREAM_LOOP", 1]);
  match(detail, /has passed this route before/);
});

eachEngine.test("a request whose Via is removed on the way is refused with 508 after 16 proxied routes", async () => {
  const { there, passes } = await circle((headers) => headers.delete("via"));
  await using _there = there;
  const response = await get(there.server, "/round");
  const { code, detail } = await response.json();
  deepEqual([response.status, code, passes()], [508, "UPSTREAM_LOOP", 16]);
  match(detail, /has passed 16 proxied routes/);
});

eachEngine.test("a request may pass several proxied routes of one server", async () => {
  const again: { url?: URL } = {};
  await using there = await proxied(({ url, headers }) =>
    again.url !== undefined && new URL(url).pathname === "/first"
      ? fetch(again.url, { headers })
      : Response.json([headers.get("perfmock-hops"), headers.get("via")])
  );
  await using server = await createPerfmock({
    routes: ["/first", "/second"].map((path) => ({
      path,
      response: { proxy: there.url },
    })),
  });
  again.url = new URL("/second", server.url);
  const [hops, via] = await (await get(server, "/first")).json();
  equal(hops, "2");
  match(via, /^1\.1 perfmock-[-0-9a-f]{36}, 1\.1 perfmock-[-0-9a-f]{36}$/);
});

eachEngine.test("a server refuses to become its own upstream, under each of its names", async () => {
  await using server = await createPerfmock({
    control: { allow: ["proxies"] },
    routes: [{ path: "/" }],
  });
  const { port } = server.url;
  for (
    const host of [
      "127.0.0.1",
      "localhost",
      "LOCALHOST",
      "w1.localhost",
      "0.0.0.0",
      "[::]",
      "[::ffff:127.0.0.1]",
      "0x7f.1",
    ]
  ) {
    const url = `http://${host}:${port}`;
    const response = await get(server, "/_perfmock/config", {
      method: "PUT",
      body: JSON.stringify({
        routes: [{ path: "/", response: { proxy: url } }],
      }),
    });
    const { code, issues } = await response.json();
    deepEqual(
      [
        host,
        response.status,
        code,
        issues.map((it: { path: string }) => it.path),
      ],
      [host, 400, "CONFIG_INVALID", ["/routes/0/response/proxy"]],
    );
  }
});

/** Answers of an upstream that cannot be passed on, as bytes. */
const UNUSABLE: Readonly<Record<string, [code: string, answer: string]>> = {
  both: [
    "UPSTREAM_INVALID",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
  ],
  twice: [
    "UPSTREAM_FAILED",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
  ],
  switched: [
    "UPSTREAM_INVALID",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  ],
  600: ["UPSTREAM_INVALID", "HTTP/1.1 600 X\r\nContent-Length: 2\r\n\r\nhi"],
  999: ["UPSTREAM_INVALID", "HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nhi"],
  "099": ["UPSTREAM_FAILED", "HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\nhi"],
  value: [
    "UPSTREAM_FAILED",
    "HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\nhi",
  ],
  name: [
    "UPSTREAM_FAILED",
    "HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nhi",
  ],
};

/** Server that sends bytes to whoever connects and asks. */
async function raw(answerTo: (path: string) => string) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const path = data.toString("latin1").split(" ")[1] ?? "";
      socket.end(Buffer.from(answerTo(path), "latin1"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

eachEngine.test("an upstream's answer that cannot be passed on yields 502 with a code", async () => {
  await using upstream = await raw((path) => UNUSABLE[path.slice(1)][1]);
  await using server = await createPerfmock({
    routes: [{ path: "/:kind", response: { proxy: upstream.url } }],
  });
  for (const [kind, [expected]] of Object.entries(UNUSABLE)) {
    const response = await get(server, `/${kind}`);
    const { code } = await response.json();
    deepEqual([kind, response.status, code], [kind, 502, expected]);
  }
});

eachEngine.test("an upstream's Server-Timing gets a prefix and its headers Perfmock-… are left out", async () => {
  await using there = await proxied(() =>
    new Response("x", {
      headers: {
        "server-timing": 'db;dur=3, total;dur=9;desc="a, b",  cache',
        "perfmock-sequence": "77",
        "perfmock-override-refused": "theirs",
      },
    })
  );
  const response = await get(there.server, "/");
  await response.body?.cancel();
  const { headers } = response;
  equal(headers.get("perfmock-sequence"), "0");
  equal(headers.get("perfmock-override-refused"), null);
  const timing = headers.get("server-timing") ?? "";
  match(
    timing,
    /^upstream-db;dur=3, upstream-total;dur=9;desc="a, b", upstream-cache, queue;dur=/,
  );
  equal(timing.match(/(^|, )total;/g)?.length, 1);
});
