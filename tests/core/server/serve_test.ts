import { deepEqual, equal, match } from "node:assert/strict";
import type { EngineName } from "../../../mod.ts";
import { ENGINES } from "../../support/each_engine.ts";
import { errorOf } from "../../support/errors.ts";
import { rawRequest } from "../../support/http.ts";
import { start } from "../../support/listening.ts";

const GET = ["GET / HTTP/1.1", "host: localhost"];

/** Starts a server whose answer waits until it is given. */
async function startHeld(engine: EngineName) {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const entered = Promise.withResolvers<void>();
  const handler = () => {
    entered.resolve();
    return promise;
  };
  const listener = await start({ engine }, { handler });
  return { listener, entered: entered.promise, resolve };
}

for (const engine of ENGINES) {
  Deno.test(`listen() picks a free port and returns its URL, with ${engine}`, async () => {
    const listener = await start({ engine }, {
      handler: () => new Response("hi"),
    });
    match(listener.url.href, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    equal(await (await fetch(listener.url)).text(), "hi");
    await listener.close(1000);
  });

  Deno.test(`listen() returns a loopback URL for a wildcard address, with brackets for IPv6, with ${engine}`, async () => {
    for (
      const [host, shown] of [
        ["0.0.0.0", "127.0.0.1"],
        ["::1", "[::1]"],
        ["::", "[::1]"],
        ["localhost", "localhost"],
      ]
    ) {
      const listener = await start({ host, engine }, {
        handler: () => new Response(host),
      });
      equal(listener.url.hostname, shown);
      equal(await (await fetch(listener.url)).text(), host);
      await listener.close(1000);
    }
  });

  Deno.test(`listen() reports a port in use, with a suggestion, with ${engine}`, async () => {
    const first = await start({ engine }, { handler: () => new Response() });
    const port = Number(first.url.port);
    const error = await errorOf(() => start({ port, engine }));
    equal(error.code, "PORT_IN_USE");
    deepEqual(error.issues, [{
      path: "/server/port",
      message: "The port is in use",
      value: port,
      allowed: "a free port, or 0 to have one picked",
      suggestion: "0",
    }]);
    await first.close(1000);
  });

  Deno.test(`listen() reports why it cannot listen on an address, with ${engine}`, async () => {
    // An address of TEST-NET-1, which no machine has.
    const error = await errorOf(() => start({ host: "192.0.2.1", engine }));
    deepEqual([error.code, error.issues[0].path], [
      "SERVER_NOT_STARTED",
      "/server/host",
    ]);
    // Node's error does not tell the reason.
    if (engine === "node") return;
    equal(
      error.message,
      "Cannot listen on 192.0.2.1:0: the address does not belong to this machine",
    );
    deepEqual(error.issues, [{
      path: "/server/host",
      message: "The address does not belong to this machine",
      value: "192.0.2.1",
      allowed:
        "an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them",
      suggestion: "127.0.0.1",
    }]);
  });

  Deno.test(`listen() says that an address cannot be found, with ${engine}`, async () => {
    const error = await errorOf(() =>
      start({ host: "no.such.invalid", engine })
    );
    deepEqual([error.code, error.issues[0].path], [
      "SERVER_NOT_STARTED",
      "/server/host",
    ]);
  });

  Deno.test(`listen() listens on several addresses at one port, with ${engine}`, async () => {
    const host = ["127.0.0.1", "::1"];
    const listener = await start({ host, engine }, {
      handler: () => new Response("hi"),
    });
    const { port } = listener.url;
    equal(listener.url.hostname, "127.0.0.1");
    for (const address of ["127.0.0.1", "[::1]"]) {
      const response = await fetch(`http://${address}:${port}/`);
      equal(await response.text(), "hi");
    }
    await listener.close(1000);
    // Both addresses are free again.
    await (await start({ host, port: Number(port), engine })).cut();
  });

  Deno.test(`listen() leaves no server behind if one of several addresses fails, with ${engine}`, async () => {
    const blocking = await start({ host: "::1", engine });
    const port = Number(blocking.url.port);
    const error = await errorOf(() =>
      start({ host: ["127.0.0.1", "::1"], port, engine })
    );
    deepEqual([error.code, error.message], [
      "PORT_IN_USE",
      `Cannot listen on [::1]:${port}: the port is in use`,
    ]);
    await (await start({ port, engine })).cut();
    await blocking.cut();
    const foreign = await errorOf(() =>
      start({ host: ["127.0.0.1", "192.0.2.1"], engine })
    );
    equal(foreign.issues[0].path, "/server/host/1");
  });

  Deno.test(`listen() answers 500 if the handler fails, with ${engine}`, async () => {
    const listener = await start({ engine }, {
      handler: () => {
        throw new Error("boom");
      },
    });
    const response = await fetch(listener.url);
    equal(response.status, 500);
    await response.body?.cancel();
    await listener.close(1000);
  });

  Deno.test(`Listener.close() waits for an answer in flight, with ${engine}`, async () => {
    const { listener, entered, resolve } = await startHeld(engine);
    const answer = fetch(listener.url);
    await entered;
    const closed = listener.close(5000);
    resolve(new Response("in time"));
    equal(await (await answer).text(), "in time");
    await closed;
  });

  Deno.test(`Listener.close() waits no longer than its limit, with ${engine}`, async () => {
    const { listener, entered, resolve } = await startHeld(engine);
    using client = await rawRequest(listener.url, GET);
    await entered;
    await listener.close(5);
    resolve(new Response("after all"));
    // native cuts what is left.
    match(
      (await client.answer).text,
      engine === "native" ? /^$/ : /^HTTP\/1\.1 200 OK/,
    );
  });

  Deno.test(`Listener.cut() closes connections without sending a byte, with ${engine}`, async () => {
    const { listener, entered, resolve } = await startHeld(engine);
    using client = await rawRequest(listener.url, GET);
    await entered;
    await listener.cut();
    resolve(new Response("too late"));
    equal((await client.answer).text, "");
  });
}

Deno.test({
  name:
    "listen() asks Deno for the permission to listen on an address, with native",
  permissions: {
    ffi: true,
    net: ["127.0.0.1:0", "[::1]:0"],
    read: true,
    env: true,
    sys: true,
  },
  async fn() {
    for (const host of ["127.0.0.1", "::1"]) {
      const listener = await start({ engine: "native", host });
      await listener.close(1000);
    }
    const error = await errorOf(() =>
      start({ engine: "native", host: "0.0.0.0" })
    );
    match(
      error.message + error.issues[0].message,
      /--allow-net for 0\.0\.0\.0:0/,
    );
  },
});
