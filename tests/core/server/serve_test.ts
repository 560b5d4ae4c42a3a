import { deepEqual, equal, match } from "node:assert/strict";
import { listen } from "../../../core/server/serve.ts";
import { errorOf } from "../../support/errors.ts";
import { rawRequest } from "../../support/http.ts";

/** Both engines must pass the tests below. */
const ENGINES = ["deno", "node"] as const;

const GET = ["GET / HTTP/1.1", "host: localhost"];

for (const engine of ENGINES) {
  Deno.test(`listen() picks a free port and returns its URL, with ${engine}`, async () => {
    const listener = await listen(
      { host: "127.0.0.1", port: 0, engine },
      () => new Response("hi"),
    );
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
      const listener = await listen(
        { host, port: 0, engine },
        () => new Response(host),
      );
      equal(listener.url.hostname, shown);
      equal(await (await fetch(listener.url)).text(), host);
      await listener.close(1000);
    }
  });

  Deno.test(`listen() reports a port in use, with a suggestion, with ${engine}`, async () => {
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

  Deno.test(`listen() reports why it cannot listen on an address, with ${engine}`, async () => {
    // An address of TEST-NET-1, which no machine has.
    const error = await errorOf(() =>
      listen({ host: "192.0.2.1", port: 0, engine }, () => new Response())
    );
    equal(error.code, "SERVER_NOT_STARTED");
    equal(error.issues[0].path, "/server/host");
  });

  Deno.test(`listen() answers 500 if the handler fails, with ${engine}`, async () => {
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

  Deno.test(`Listener.close() waits for an answer in flight, with ${engine}`, async () => {
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

  Deno.test(`Listener.close() waits no longer than its limit, with ${engine}`, async () => {
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

  Deno.test(`Listener.cut() closes connections without sending a byte, with ${engine}`, async () => {
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
