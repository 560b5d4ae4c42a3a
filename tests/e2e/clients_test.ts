import { deepEqual, equal, match, ok } from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import { get } from "../support/http.ts";

/** Sends requests on one connection, each after the answer to the one before. Returns the answers until the server closes it. */
async function exchanged(
  { port }: URL,
  requests: readonly (readonly Uint8Array[])[],
): Promise<string[]> {
  const socket = connect(Number(port), "127.0.0.1");
  socket.setEncoding("latin1");
  // A server that has closed the connection resets it where more is sent.
  socket.on("error", () => {});
  let received = "";
  let arrived = () => {};
  socket.on("data", (data) => {
    received += data;
    arrived();
  });
  const closed = new Promise<void>((resolve) =>
    socket.on("close", () => {
      arrived();
      resolve();
    })
  );
  const answers: string[] = [];
  for (const parts of requests) {
    for (const part of parts) socket.write(part);
    while (!socket.destroyed) {
      const [head, length] =
        /^[^]*?\r\ncontent-length: (\d+)\r\n(?:[^]*?\r\n)?\r\n/i.exec(
          received,
        ) ??
          [];
      const end = (head?.length ?? 0) + Number(length);
      if (head !== undefined && received.length >= end) {
        answers.push(received.slice(0, end));
        received = received.slice(end);
        break;
      }
      await new Promise<void>((resolve) => arrived = resolve);
    }
  }
  socket.destroy();
  await closed;
  return answers;
}

const encoder = new TextEncoder();

function post(path: string, body: Uint8Array): readonly Uint8Array[] {
  return [
    encoder.encode(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ];
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: a connection stays open for the next request, whatever the size of a body that nobody reads`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{
        method: "POST",
        path: "/save",
        serviceTime: "1ms",
        response: { json: { ok: true } },
      }],
    });
    // Deno's server closes the connection after a larger one.
    const large = engine === "deno" ? 1_000_000 : 3_000_000;
    const sizes = [0, 2000, 300_000, large, 1];
    for (const path of ["/save", "/unknown"]) {
      const answers = await exchanged(
        server.url,
        sizes.map((size) => post(path, new Uint8Array(size))),
      );
      deepEqual(
        answers.map((answer) => answer.slice(9, 12)),
        sizes.map(() => path === "/save" ? "200" : "404"),
        path,
      );
      ok(!answers.some((answer) => /^connection: close/im.test(answer)));
    }
  });

  Deno.test(`${engine}: a route with the header Connection: close ends each connection, after a refusal too`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      plugins: {
        limiter: {
          pools: {
            p: { concurrency: 9, rateLimit: { rate: "1/h", burst: 1 } },
          },
        },
      },
      routes: [{
        method: "POST",
        path: "/once",
        limiter: "p",
        response: { text: "x", headers: { Connection: "close" } },
      }, {
        method: "POST",
        path: "/broken",
        faults: [{ share: 1, status: 503 }],
        response: { headers: { connection: "close" } },
      }],
    });
    for (const [path, statuses] of [["/once", "200 429"], ["/broken", "503"]]) {
      for (const status of statuses.split(" ")) {
        const request = post(path, new Uint8Array(3));
        const [answer, ...more] = await exchanged(server.url, [
          request,
          request,
        ]);
        equal(answer.slice(9, 12), status);
        match(answer, /^connection: close\r$/im);
        // Deno's server leaves it to the client to close the connection.
        if (engine !== "deno") deepEqual(more, []);
      }
    }
  });

  Deno.test(`${engine}: bodies have their length, also where hooks add headers`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      plugins: {
        limiter: {
          pools: { p: { concurrency: 9, rateLimit: { rate: "1000/s" } } },
        },
      },
      routes: [
        { path: "/free", response: { json: { a: 1 } } },
        { path: "/limited", limiter: "p", response: { json: { a: 1 } } },
        {
          path: "/template/:x",
          limiter: "p",
          serviceTime: "1ms",
          response: { text: "h\u00e4llo {{path.x}}" },
        },
      ],
    });
    for (
      const [path, length] of [
        ["/free", "7"],
        ["/limited", "7"],
        ["/template/you", "10"],
      ]
    ) {
      const { headers, body } = await get(server, path);
      deepEqual(
        ["content-length", "transfer-encoding"].map((name) =>
          headers.get(name)
        ),
        [length, null],
        path,
      );
      equal(headers.has("ratelimit"), path !== "/free");
      await body?.cancel();
    }
  });

  Deno.test(`${engine}: each value of a header is sent, cookies in lines of their own`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{
        path: "/login",
        response: {
          headers: {
            "Set-Cookie": ["sid=1; HttpOnly", "csrf=2"],
            Link: ["</a>; rel=preload", "</b>; rel=preload"],
          },
          json: {},
        },
      }, {
        path: "/login/:x",
        response: {
          headers: { "Set-Cookie": ["sid=1; HttpOnly", "csrf=2"] },
          text: "{{path.x}}",
        },
      }],
    });
    for (const path of ["/login", "/login/1"]) {
      const { headers, body } = await get(server, path);
      deepEqual(headers.getSetCookie(), ["sid=1; HttpOnly", "csrf=2"]);
      equal(
        headers.get("link"),
        path === "/login" ? "</a>; rel=preload, </b>; rel=preload" : null,
      );
      await body?.cancel();
    }
  });

  Deno.test(`${engine}: paths are matched as they were sent, and 20 kB of cookies are taken`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ path: "/ok", response: { text: "ok" } }],
    });
    const status = async (path: string, cookie = "") => {
      const [answer] = await exchanged(server.url, [[
        encoder.encode(
          `GET ${path} HTTP/1.1\r\nhost: localhost\r\ncookie: a=${cookie}\r\n\r\n`,
        ),
      ]]);
      return answer.slice(9, 12);
    };
    deepEqual(
      [
        await status("/ok"),
        await status("/./ok"),
        await status("/a/../ok"),
        await status("/ok", "a".repeat(20_000)),
      ],
      ["200", "404", "404", "200"],
    );
  });
}

for (const engine of ["deno", "node"] as const) {
  Deno.test(`${engine}: an upload over HTTP/1.1 and TLS that nobody reads is taken`, async () => {
    await using server = await createPerfmock({
      server: { engine, tls: "self-signed" },
      routes: [{ method: "POST", path: "/p", serviceTime: "1ms" }],
    });
    for (const size of [10, 2_000_000]) {
      const { promise, resolve, reject } = Promise.withResolvers<
        number | undefined
      >();
      const request = httpsRequest(new URL("/p", server.url), {
        method: "POST",
        rejectUnauthorized: false,
        agent: false,
      }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      });
      request.on("error", reject);
      request.end(new Uint8Array(size));
      equal(await promise, 200);
    }
  });
}

Deno.test("numbers in bodies keep their digits, from a program, over the control API and in sessions", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        id: "a",
        path: "/a",
        serviceTime: "1ms",
        response: { json: { id: 1234567890123456789n, at: "{{sequence}}" } },
      },
      {
        id: "e",
        path: "/e",
        response: { events: { count: 1, data: { id: 9007199254740993n } } },
      },
      {
        id: "f",
        path: "/f",
        faults: [{ share: 1, status: 500, json: [-9007199254740993n] }],
      },
    ],
  });
  const text = async (path: string, init?: RequestInit) =>
    await (await get(server, path, init)).text();
  equal(await text("/a"), '{"id":1234567890123456789,"at":0}');
  equal(await text("/e"), 'data: {"id":9007199254740993}\n\n');
  equal(await text("/f"), "[-9007199254740993]");
  const written = await text("/_perfmock/config");
  match(written, /"json":\{"id":1234567890123456789,/);
  // A configuration can be written back as it was read.
  await text("/_perfmock/config", { method: "PUT", body: written });
  equal(await text("/a"), '{"id":1234567890123456789,"at":1}');
  const patched = await text("/_perfmock/routes/a", {
    method: "PATCH",
    body: '{"response":{"json":{"price":10.00,"at":null}},"scale":2.0}',
  });
  match(
    patched,
    /"json":\{"id":1234567890123456789,"price":10\.00\}\},"scale":2\}/,
  );
  equal(await text("/a"), '{"id":1234567890123456789,"price":10.00}');
  const session = await text("/_perfmock/sessions", {
    method: "POST",
    body:
      '{"name":"s","routes":{"a":{"response":{"json":{"id":12345678901234567891}}}}}',
  });
  match(session, /"s"/);
  const headers = { "perfmock-session": "s" };
  equal(
    await text("/a", { headers }),
    '{"id":12345678901234567891,"price":10.00}',
  );
  equal(await text("/e", { headers }), 'data: {"id":9007199254740993}\n\n');
});
