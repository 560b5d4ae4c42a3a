import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { BUILTIN } from "../../core/builtin.ts";
import type { PerfmockInput } from "../../core/config/mod.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { Server } from "../../core/server/server.ts";
import { createPerfmock } from "../../mod.ts";
import { simulate } from "../support/simulation.ts";

async function serverWith(value: PerfmockInput) {
  const clock = new VirtualClock();
  const server = new Server({ clock, listen: false, log: () => {} });
  await server.start({
    value,
    folder: pathToFileURL("/"),
    builtin: BUILTIN,
    plugins: [],
  });
  return { server, clock };
}

type Made = Awaited<ReturnType<typeof serverWith>>;

/** Returns the journal's entry of one more request to a path. */
async function ask({ server, clock }: Made, path: string) {
  const pending = Promise.resolve(
    server.fetch(new Request(`http://localhost${path}`)),
  );
  clock.advance(100_000);
  await (await pending).body?.cancel();
  return server.requests().slice(-1)[0];
}

/** Calls the control API. */
async function call({ server }: Made, given: string, body?: unknown) {
  const [method, path] = given.split(" ");
  const response = await server.fetch(
    new Request(`http://localhost/_perfmock/${path}`, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  return { status: response.status, json: await response.json() };
}

function turn(
  { server }: Made,
  kind: string,
  of: string,
  values: Readonly<Record<string, number>>,
) {
  return Object.entries(values).map(([dial, value]) => {
    const held = server.world.dials.hold({ kind, of, dial }, "test");
    held.turn(value);
    return held;
  });
}

Deno.test("factors of the backend and of a route are multiplied, delays are added, whichever is turned first", async () => {
  for (const backendFirst of [true, false]) {
    for (const configured of [{}, { scale: 5, delay: "7ms", faultShare: 0 }]) {
      const made = await serverWith({
        backend: configured,
        routes: [{
          id: "r",
          path: "/r",
          serviceTime: "10ms",
          scale: 2,
          faults: [{ share: 0.1, status: 500 }],
        }, { id: "plain", path: "/plain" }],
      });
      await using _ = made.server;
      const backend = () =>
        turn(made, "backend", "all", { scale: 3, delay: 100, faultShare: 5 });
      const route = () =>
        turn(made, "route", "r", { scale: 4, delay: 20, faultShare: 2 });
      const held = backendFirst
        ? [...backend(), ...route()]
        : [...route(), ...backend()];
      const { drawnMs, totalMs, status } = await ask(made, "/r");
      deepEqual([drawnMs, totalMs, status], [120, 240, 500]);
      const { totalMs: plain } = await ask(made, "/plain");
      equal(plain, 100, "a route without a service time is delayed");
      for (const dial of held) dial.release();
      const { scale = 1, delay = "0ms" } = configured as Record<string, never>;
      const after = await ask(made, "/r");
      equal(after.drawnMs, 20 * scale);
      equal(after.totalMs, 20 * scale + Number.parseInt(delay));
    }
  }
});

Deno.test("a signal below 0 counts as 0 for the whole backend", async () => {
  const made = await serverWith({
    routes: [{
      id: "r",
      path: "/r",
      serviceTime: "10ms",
      faults: [{ share: 0.9, status: 500 }],
    }],
  });
  await using _ = made.server;
  turn(made, "backend", "all", { scale: -1, delay: -5, faultShare: -1 });
  for (let i = 0; i < 20; i++) {
    const { totalMs, status } = await ask(made, "/r");
    deepEqual([totalMs, status], [0, 200]);
  }
});

Deno.test("PATCH backend sets the pace over all revisions, until null puts it back; a run finds it held", async () => {
  const made = await serverWith({
    backend: { scale: 2 },
    routes: [{ id: "r", path: "/r", serviceTime: "10ms" }],
  });
  await using _ = made.server;
  const changed = await call(made, "PATCH backend", { scale: 3, delay: "1s" });
  deepEqual(changed, {
    status: 200,
    json: {
      scale: 3,
      delay: 1000,
      faultShare: 1,
      preset: null,
      presets: [],
      heldBy: { scale: "the control API", delay: "the control API" },
    },
  });
  equal((await ask(made, "/r")).totalMs, 1030);
  await made.server.update({ seed: 5 });
  equal((await ask(made, "/r")).totalMs, 1030);
  const address = { kind: "backend", of: "all", dial: "scale" };
  throws(
    () => made.server.world.dials.hold(address, "a run"),
    /Cannot turn scale of backend "all": the control API holds it/,
  );
  await call(made, "PATCH backend", { scale: null, delay: null });
  equal((await ask(made, "/r")).totalMs, 20);
  // Somebody else holds it: the call changes nothing, not even what is free.
  const [dial] = turn(made, "backend", "all", { scale: 7 });
  const refused = await call(made, "PATCH backend", { delay: 5, scale: 3 });
  deepEqual([refused.status, refused.json.code], [409, "DIAL_UNAVAILABLE"]);
  equal((await ask(made, "/r")).totalMs, 70);
  dial.release();
  const wrong = await call(made, "PATCH backend", { scale: 0, speed: 1 });
  deepEqual(
    wrong.json.issues.map(({ path }: { path: string }) => path).toSorted(),
    ["/scale", "/speed"],
  );
});

Deno.test("draw() counts the backend's factor, which the route's description names", async () => {
  await using server = await createPerfmock({
    backend: { scale: 2, delay: "5ms" },
    routes: [{ id: "r", path: "/r", serviceTime: "10ms" }],
  }, { listen: false });
  equal(server.draw("r", 0), 20);
  ok(
    server.routes[0].does.some((text) => text.includes("backend")),
    `${server.routes[0].does}`,
  );
});

Deno.test("a script changes the pace of the whole backend in virtual time", async () => {
  const times: number[] = [];
  await simulate({
    config: { routes: [{ path: "/", serviceTime: "10ms" }] },
    scenarios: {
      load: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "10/s",
        duration: "2s",
        requests: [{ path: "/" }],
      },
      slow: {
        executor: "modulate",
        set: { backend: "all", dial: "scale" },
        to: { steps: [{ at: "0s", value: 1 }, { at: "1s", value: 4 }] },
      },
    },
    observe: ({ end, arrival }) => void times.push(Math.round(end - arrival)),
  });
  deepEqual(times, [...Array(10).fill(10), ...Array(10).fill(40)]);
});
