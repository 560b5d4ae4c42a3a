import { deepEqual, equal } from "node:assert/strict";
import type { TestServer } from "../../../core/testing.ts";
import { ask, askAlone, degraded, pass, report } from "./degrading.ts";

const MIB = 2 ** 20;

function leaking(more: Readonly<Record<string, unknown>> = {}) {
  return {
    id: "leaking",
    path: "/",
    serviceTime: "10ms",
    degrade: { model: "leak", ...more },
  };
}

const other = { id: "other", path: "/other" };

/** Replaces the routes, and options of plugins. */
async function reroute(
  test: TestServer,
  routes: readonly object[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const seed = 1;
  const plugins = { resource_stress: false, ...more };
  const response = await test.server.fetch(
    new Request(new URL("/_perfmock/config", test.server.url), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ seed, plugins, routes }),
    }),
  );
  equal(response.status, 200, await response.text());
}

Deno.test("bytes and requests in service of a backend survive a change of the configuration", async () => {
  await using test = await degraded({ routes: [leaking(), other] });
  await askAlone(test, "/");
  const before = ask(test, "/");
  await reroute(test, [leaking({ limit: "1GiB" }), other]);
  equal(report(test).backends[""].leakedBytes, 2 * MIB);
  equal(report(test).backends[""].inService, 1);
  await pass(test, 100);
  equal((await before).status, 200);
  equal(report(test).backends[""].inService, 0);
});

Deno.test("a refused change changes nothing", async () => {
  await using test = await degraded({ routes: [leaking(), other] });
  await askAlone(test, "/");
  const response = await test.server.fetch(
    new Request(new URL("/_perfmock/config", test.server.url), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        plugins: { resource_stress: false },
        routes: [leaking({ input: "nothing" })],
      }),
    }),
  );
  equal(response.status, 400);
  await response.body?.cancel();
  equal(report(test).backends[""].leakedBytes, MIB);
  await askAlone(test, "/");
  equal(report(test).backends[""].leakedBytes, 2 * MIB);
});

Deno.test("a backend that no route names any more is dropped", async () => {
  await using test = await degraded({ routes: [leaking(), other] });
  await askAlone(test, "/");
  await reroute(test, [other]);
  deepEqual(report(test), { backends: {}, routes: {} });
  await reroute(test, [leaking(), other]);
  equal(report(test).backends[""].leakedBytes, 0);
});

Deno.test("signals and steps continue after a change, and start again after a reset", async () => {
  const route = {
    id: "r",
    path: "/",
    serviceTime: "10ms",
    degrade: {
      model: "brown-out",
      input: { steps: [{ at: 0, value: 1 }, { at: "10s", value: 0.5 }] },
      steps: [{ at: 0.8, until: 0.4, delay: "5ms" }],
    },
  };
  await using test = await degraded({ routes: [route, other] });
  equal((await askAlone(test, "/")).took, 15);
  await pass(test, 20_000);
  await reroute(test, [{ ...route, serviceTime: "20ms" }, other]);
  equal((await askAlone(test, "/")).took, 25, "0.5 does not leave the step");
  equal(report(test).routes.r.step, 1);
  test.server.reset();
  equal(report(test).routes.r.step, 0);
  await askAlone(test, "/");
  equal(report(test).routes.r.step, 1, "the signal is at 1 again");
});

Deno.test("a reset clears bytes, crashes, pauses and load", async () => {
  await using test = await degraded({
    routes: [
      leaking({
        limit: "1MiB",
        exhaustion: { action: "crash", restart: "1h" },
      }),
      {
        path: "/gc",
        serviceTime: "10ms",
        degrade: { model: "gc-pause", heap: "1MiB", pause: "1h" },
      },
      {
        id: "load",
        path: "/load",
        serviceTime: "1s",
        degrade: { model: "erlang-c", input: "load" },
      },
    ],
  });
  const long = ask(test, "/gc");
  await pass(test, 1);
  const load = ask(test, "/load");
  await askAlone(test, "/");
  await ask(test, "/");
  equal(report(test).backends[""].state, "down");
  test.server.reset();
  deepEqual({ ...report(test).backends[""], inService: 0 }, {
    inService: 0,
    state: "up",
    crashes: 0,
    heapBytes: 0,
    collections: 0,
    pausedMs: 0,
    leakedBytes: 0,
  });
  equal(report(test).routes.load.level, 0);
  await pass(test, 8_000_000);
  await Promise.all([long, load]);
  equal(report(test).backends[""].inService, 0);
});

Deno.test("turning real stress off and on again crashes no backend", async () => {
  const route = {
    path: "/",
    degrade: {
      model: "none",
      input: "stress",
      exhaustion: { action: "crash", status: 503 },
    },
  };
  let restarts = 3;
  await using test = await degraded({
    routes: [route],
    pressure: { restarts: () => restarts },
  });
  const status = async () => (await ask(test, "/")).status;
  equal(await status(), 200);
  await reroute(test, [route], { pressure: false });
  equal(await status(), 200, "turned off");
  await reroute(test, [route]);
  equal(await status(), 200, "turned on");
  restarts = 4;
  equal(await status(), 503, "a scenario begins again");
});
