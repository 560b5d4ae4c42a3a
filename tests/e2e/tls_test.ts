import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect, constants } from "node:http2";
import { generate } from "selfsigned";
import { createPerfmock } from "../../mod.ts";
import { errorOf, lines } from "../support/errors.ts";
import { folderWith } from "../support/plugins.ts";
import { http2Get, rawTls } from "../support/tls.ts";
import { until } from "../support/wait.ts";

/** Creates a certificate for localhost and its key. */
function certificate() {
  return generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    extensions: [{ name: "basicConstraints", cA: false }, {
      name: "subjectAltName",
      altNames: [{ type: 2, value: "localhost" }, {
        type: 7,
        ip: "127.0.0.1",
      }],
    }],
  });
}

const { cert, private: key } = await certificate();

/** Creates a folder with the certificate and its key. */
function folder(more: Readonly<Record<string, string>> = {}) {
  return folderWith({ "cert.pem": cert, "key.pem": key, ...more });
}

const TLS = { cert: "cert.pem", key: "key.pem" };

for (const engine of ["deno", "node"] as const) {
  Deno.test(`${engine}: with a certificate a server speaks HTTPS, HTTP/1.1 and HTTP/2`, async () => {
    await using files = await folder();
    await using server = await createPerfmock({
      server: { engine, tls: TLS },
      routes: [{
        id: "a",
        path: "/a",
        serviceTime: "20ms",
        response: { text: "hello" },
      }],
    }, { folder: files.path });
    equal(server.url.protocol, "https:");
    const url = new URL("/a", server.url);
    using client = Deno.createHttpClient({ caCerts: [cert] });
    const sent = performance.now();
    const response = await fetch(url, { client });
    ok(performance.now() - sent >= 20);
    equal(await response.text(), "hello");
    deepEqual(await http2Get(url), { status: 200, text: "hello", code: 0 });
    const { text, alpn } = await rawTls(url, [
      "GET /a HTTP/1.1",
      "host: localhost",
      "connection: close",
    ], [cert]);
    equal(alpn, "http/1.1");
    match(text, /^HTTP\/1\.1 200 OK\r\n/);
    ok(text.endsWith("\r\n\r\nhello"));
    equal(server.stats().routes.a.early, 0);
  });

  Deno.test(`${engine}: cut-body over TLS closes the connection or resets the stream after half of the bytes`, async () => {
    await using files = await folder();
    await using server = await createPerfmock({
      server: { engine, tls: TLS },
      routes: [{
        path: "/c",
        response: { text: "12345678" },
        faults: [{ share: 1, action: "cut-body" }],
      }],
    }, { folder: files.path });
    const url = new URL("/c", server.url);
    // 2 is INTERNAL_ERROR.
    deepEqual(await http2Get(url), { status: 200, text: "1234", code: 2 });
    const { text } = await rawTls(url, [
      "GET /c HTTP/1.1",
      "host: localhost",
    ], [cert]);
    ok(text.endsWith("\r\n\r\n1234"));
  });
}

Deno.test("connection-reset ends a connection over TLS without a byte, and a stream over HTTP/2 without headers", async () => {
  await using files = await folder();
  await using server = await createPerfmock({
    server: { tls: TLS },
    routes: [{
      path: "/r",
      faults: [{ share: 1, action: "connection-reset" }],
    }],
  }, { folder: files.path });
  const url = new URL("/r", server.url);
  deepEqual(await http2Get(url), { status: undefined, text: "", code: 2 });
  const { text } = await rawTls(url, [
    "GET /r HTTP/1.1",
    "host: localhost",
  ], [cert]);
  equal(text, "");
});

Deno.test("a self-signed certificate can be generated", async () => {
  await using server = await createPerfmock({
    server: { tls: "self-signed" },
    routes: [{ path: "/a", response: { text: "hello" } }],
  });
  equal(server.url.protocol, "https:");
  deepEqual(await http2Get(new URL("/a", server.url)), {
    status: 200,
    text: "hello",
    code: 0,
  });
});

Deno.test("the URL of a session over TLS has a host that the self-signed certificate is for", async () => {
  await using server = await createPerfmock({ server: { tls: "self-signed" } });
  const response = await server.fetch(
    new Request("https://localhost/_perfmock/sessions", {
      method: "POST",
      body: JSON.stringify({ name: "w1" }),
    }),
  );
  const { url } = await response.json();
  equal(url, `https://w1.perfmock.localhost:${server.url.port}/`);
});

Deno.test("files that are no certificate, no key or another certificate's key are reported at their settings", async () => {
  const other = await certificate();
  await using files = await folder({
    "empty.pem": "",
    "other.pem": other.private,
  });
  const faults = async (tls: { cert: string; key: string }) =>
    lines(
      await errorOf(() =>
        createPerfmock({ server: { tls } }, {
          folder: files.path,
          listen: false,
        })
      ),
    ).map((line) => line.replaceAll(`${files.path}/`, ""));
  deepEqual(await faults({ cert: "none.pem", key: "empty.pem" }), [
    "/server/tls/cert: Cannot read none.pem as a certificate: there is no such file",
    "/server/tls/key: Cannot read empty.pem as a private key",
  ]);
  deepEqual(await faults({ cert: "empty.pem", key: "key.pem" }), [
    "/server/tls/cert: Cannot read empty.pem as a certificate",
  ]);
  deepEqual(await faults({ cert: "cert.pem", key: "other.pem" }), [
    "/server/tls/key: This key is not the certificate's",
  ]);
});

for (const engine of ["deno", "node"] as const) {
  for (
    const [where, route] of [
      ["before the headers", { serviceTime: "1h" }],
      ["in the middle of a body", {
        response: { text: "abc" },
        wire: { gap: "1h", chunk: 1 },
      }],
      ["of a fault that hangs", { faults: [{ share: 1, action: "hang" }] }],
    ] as const
  ) {
    Deno.test(`${engine}: a client that resets its HTTP/2 stream ${where} counts as gone, and releases its place in the pool`, async () => {
      await using server = await createPerfmock({
        server: { engine, tls: "self-signed" },
        routes: [{ id: "r", path: "/r", ...route }],
      });
      const session = connect(server.url.origin, { rejectUnauthorized: false });
      const stream = session.request({ ":path": "/r" });
      stream.on("error", () => {});
      stream.resume();
      if ("wire" in route) await once(stream, "data");
      else await until(() => server.inFlight === 1);
      stream.close(constants.NGHTTP2_CANCEL);
      await until(() => server.inFlight === 0);
      equal(server.stats().routes.r.gone, 1);
      const closed = Promise.withResolvers<void>();
      session.close(closed.resolve);
      await closed.promise;
    });
  }
}
