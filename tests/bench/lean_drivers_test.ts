import { deepEqual, equal, ok } from "node:assert/strict";
import { prepareRequest } from "./lean_client.ts";
import {
  type Load,
  runClosedLoad,
  runOpenLoad,
  serverTotal,
} from "./lean_drivers.ts";

/** Starts a Deno.serve for a test, and makes a load for it. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    handler,
  );
  const { port } = server.addr;
  const load: Load = {
    address: server.addr,
    request: prepareRequest("GET", new URL(`http://127.0.0.1:${port}/`)),
    duration: 100,
    warmup: 0,
    patience: 5000,
    totals: true,
  };
  return { load, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("runClosedLoad() keeps each connection busy with one request at a time", async () => {
  let underWay = 0;
  let most = 0;
  let served = 0;
  await using server = serve(async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 1));
    underWay--;
    served++;
    return new Response("ok", {
      headers: { "server-timing": "total;dur=1.5" },
    });
  });
  const outcome = await runClosedLoad({ ...server.load, connections: 8 });
  equal(most, 8);
  equal(outcome.completed, served);
  equal(outcome.scheduled, served);
  equal(outcome.waits.length, served);
  ok(outcome.waits.values().every((wait) => wait >= 1));
  ok(outcome.totals.values().every((total) => total === 1.5));
  deepEqual(outcome.failed, {});
});

Deno.test("runClosedLoad() counts unexpected responses", async () => {
  await using server = serve(() => new Response(null, { status: 503 }));
  const outcome = await runClosedLoad({ ...server.load, connections: 2 });
  ok(outcome.unexpected > 0);
  equal(outcome.unexpected, outcome.completed);
});

Deno.test("runClosedLoad() does not record the warm-up", async () => {
  await using server = serve(() => new Response("ok"));
  const { load } = server;
  const outcome = await runClosedLoad({
    ...load,
    // A request may be sent just after the duration: its loop checked the clock just before.
    warmup: Infinity,
    connections: 1,
  });
  ok(outcome.scheduled > 0);
  equal(outcome.completed, 0);
});

Deno.test("runClosedLoad() gives up an exchange after the patience", async () => {
  await using server = serve(({ signal }) => {
    const left = Promise.withResolvers<Response>();
    signal.addEventListener("abort", () => left.resolve(new Response()));
    return left.promise;
  });
  const load = { ...server.load, patience: 50, connections: 1 };
  const { failed } = await runClosedLoad(load);
  deepEqual(failed, { timeout: 1 });
});

Deno.test("runOpenLoad() sends each request of its schedule, none early", async () => {
  await using server = serve(() => new Response("ok"));
  const outcome = await runOpenLoad({
    ...server.load,
    rate: 500,
    maxInFlight: 1000,
    connections: 3,
  });
  equal(outcome.scheduled, 50);
  equal(outcome.completed, 50);
  equal(outcome.dropped, 0);
  equal(outcome.lags.length, 50);
  ok(outcome.lags.values().every((lag) => lag >= 0));
});

Deno.test("runOpenLoad() continues while responses are missing, and drops requests beyond maxInFlight", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serve(async () => {
    await gate.promise;
    return new Response("ok");
  });
  setTimeout(() => gate.resolve(), 500);
  const outcome = await runOpenLoad({
    ...server.load,
    duration: 20,
    rate: 2500,
    maxInFlight: 10,
  });
  equal(outcome.scheduled, 50);
  equal(outcome.completed, 10);
  equal(outcome.dropped, 40);
});

Deno.test("serverTotal() finds the total among the metrics of Server-Timing", () => {
  equal(
    serverTotal('queue;dur=0, service;dur=20.1, total;dur=20.131, x;desc="y"'),
    20.131,
  );
  equal(serverTotal("total;dur=3"), 3);
  equal(serverTotal("subtotal;dur=3"), undefined);
  equal(serverTotal(null), undefined);
});
