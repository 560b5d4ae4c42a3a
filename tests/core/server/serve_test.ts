import { deepEqual, equal, match } from "node:assert/strict";
import { listen } from "../../../core/server/serve.ts";
import { errorOf } from "../../support/errors.ts";
import { rawRequest } from "../../support/http.ts";

/** The tests below hold for both. */
const ENGINES = ["deno", "node"] as const;

const GET = ["GET / HTTP/1.1", "host: localhost"];

for (const engine of ENGINES) {
  Deno.test(`listen() picks a free port and says where it is reached, with ${engine}`, async () => {
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => new Response("hi"),
    );
    match(listener.url.href, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    equal(await (await fetch(listener.url)).text(), "hi");
    await listener.close(1000);
  });

  Deno.test(`listen() gives an address of this machine for one that means all, and brackets for IPv6, with ${engine}`, async () => {
    for (
      const [host, shown] of [
        ["0.0.0.0", "127.0.0.1"],
        ["::1", "[::1]"],
        ["::", "[::1]"],
        ["localhost", "localhost"],
      ]
    ) {
      const listener = await listen(
        { host, port: 0, engine },
        () => new Response(host),
      );
      equal(listener.url.hostname, shown);
      equal(await (await fetch(listener.url)).text(), host);
      await listener.close(1000);
    }
  });

  Deno.test(`listen() says that a port is in use, and what to do, with ${engine}`, async () => {
    const first = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => new Response(),
    );
    const port = Number(first.url.port);
    const error = await errorOf(() =>
      listen({ host: "127.0.0.1", port, engine }, () => new Response())
    );
    equal(error.code, "PORT_IN_USE");
    deepEqual(error.issues, [{
      path: "/server/port",
      message: "The port is in use",
      value: port,
      allowed: "a free port, or 0 to have one picked",
      suggestion: "--port 0",
    }]);
    await first.close(1000);
  });

  Deno.test(`listen() says why an address cannot be had, with ${engine}`, async () => {
    // TEST-NET-1: no machine has it.
    const error = await errorOf(() =>
      listen({ host: "192.0.2.1", port: 0, engine }, () => new Response())
    );
    equal(error.code, "SERVER_NOT_STARTED");
    equal(error.issues[0].path, "/server/host");
  });

  Deno.test(`listen() answers 500 where the handler fails, with ${engine}`, async () => {
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => {
        throw new Error("boom");
      },
    );
    const response = await fetch(listener.url);
    equal(response.status, 500);
    await response.body?.cancel();
    await listener.close(1000);
  });

  Deno.test(`Listener.close() lets an answer leave that is under way, with ${engine}`, async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const entered = Promise.withResolvers<void>();
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => {
        entered.resolve();
        return promise;
      },
    );
    const answer = fetch(listener.url);
    await entered.promise;
    const closed = listener.close(5000);
    resolve(new Response("in time"));
    equal(await (await answer).text(), "in time");
    await closed;
  });

  Deno.test(`Listener.close() does not wait longer than its limit, with ${engine}`, async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const entered = Promise.withResolvers<void>();
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => {
        entered.resolve();
        return promise;
      },
    );
    using client = await rawRequest(listener.url, GET);
    await entered.promise;
    await listener.close(5);
    resolve(new Response("after all"));
    match((await client.answer).text, /^HTTP\/1\.1 200 OK/);
  });

  Deno.test(`Listener.cut() closes connections without a byte, with ${engine}`, async () => {
    const entered = Promise.withResolvers<void>();
    const { promise, resolve } = Promise.withResolvers<Response>();
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => {
        entered.resolve();
        return promise;
      },
    );
    using client = await rawRequest(listener.url, GET);
    await entered.promise;
    await listener.cut();
    resolve(new Response("too late"));
    equal((await client.answer).text, "");
  });
}
