import { deepEqual, rejects } from "node:assert/strict";
import { callOverHttp } from "../../npm/http_call.ts";

const REQUEST = { method: "POST", headers: { "x-name": "a" }, body: "é" };

Deno.test("callOverHttp() sends a request whole and returns its answer, whatever fetch is", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) =>
      new Response(
        `${request.method} ${request.headers.get("x-name")} ${await request
          .text()}`,
        { status: 409 },
      ),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const real = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new Error("a double"));
  try {
    deepEqual(await callOverHttp(url, REQUEST), {
      status: 409,
      text: "POST a é",
    });
    deepEqual(await callOverHttp(url, { ...REQUEST, body: undefined }), {
      status: 409,
      text: "POST a ",
    });
  } finally {
    globalThis.fetch = real;
  }
});

Deno.test("callOverHttp() rejects without an answer, and with a part of one", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const cut = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    await connection.write(
      new TextEncoder().encode(
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab",
      ),
    );
  })();
  await rejects(callOverHttp(url, { ...REQUEST, body: undefined }));
  await cut;
  listener.close();
  await rejects(callOverHttp(url, REQUEST), { code: "ECONNREFUSED" });
});
