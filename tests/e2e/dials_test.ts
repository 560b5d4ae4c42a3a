import { BUILTIN } from "../../core/builtin.ts";
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Plugin } from "../../core/plugin.ts";
import { Server } from "../../core/server/server.ts";
import { pathToFileURL } from "node:url";
import { VirtualClock } from "../../core/lib/time/mod.ts";

const EXACT = { scheme: "exact", block: 10 };

/** Plugin with a family that has no quantile function. */
const tossed: Plugin = {
  name: "tossed",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "tossed",
      parameters: ({ z }) => z.strictObject({}),
      create: () => ({ sample: (next) => next() < 0.5 ? 1 : 2 }),
    }],
  },
};

async function serverWith(route: object) {
  const clock = new VirtualClock();
  const server = new Server({ clock, listen: false, log: () => {} });
  await server.start({
    value: { routes: [{ id: "r", path: "/r", ...route }] },
    folder: pathToFileURL("/"),
    builtin: BUILTIN,
    plugins: [tossed],
  });
  return { server, clock };
}

/** Returns the service times, degradations and statuses of further requests. */
async function ask(
  { server, clock }: { server: Server; clock: VirtualClock },
  count = 1,
) {
  for (let i = 0; i < count; i++) {
    const pending = Promise.resolve(
      server.fetch(new Request("http://localhost/r")),
    );
    clock.advance(10_000);
    await (await pending).body?.cancel();
  }
  return server.requests().slice(-count);
}

/** Names of the dials of the route. */
function dialsOf({ server }: { server: Server }): string[] {
  return [...server.world.dials.list()].filter(({ kind }) => kind === "route")
    .map(({ dial }) => dial);
}

function hold({ server }: { server: Server }, dial: string) {
  const address = { kind: "route", of: "r", dial };
  const { dials } = server.world;
  return { held: dials.hold(address, "test"), type: dials.typeOf(address) };
}

Deno.test("a route's scale and service time can be overridden, and return to the configuration", async () => {
  const made = await serverWith({ serviceTime: "100ms", scale: 2 });
  await using _ = made.server;
  const { held, type } = hold(made, "scale");
  held.turn(4);
  equal((await ask(made))[0].drawnMs, 400);
  held.release();
  equal((await ask(made))[0].drawnMs, 200);
  const service = hold(made, "serviceTime");
  service.held.turn(service.type?.parse("7ms"));
  equal((await ask(made))[0].drawnMs, 14);
  service.held.turn(undefined);
  equal((await ask(made))[0].drawnMs, 200);
  equal(type?.safeParse(-1).success, false);
});

Deno.test("the value of a dial remains after a change of the configuration", async () => {
  const made = await serverWith({ serviceTime: "100ms" });
  await using _ = made.server;
  const { held } = hold(made, "scale");
  held.turn(3);
  await made.server.update({ seed: 1 });
  equal((await ask(made))[0].drawnMs, 300);
  held.release();
  equal((await ask(made))[0].drawnMs, 100);
});

Deno.test("an overridden service time is sampled at the same positions as the route's, if that is possible", async () => {
  const made = await serverWith({
    serviceTime: "exponential(mean=5ms)",
    sampling: EXACT,
  });
  await using _ = made.server;
  const { held, type } = hold(made, "serviceTime");
  held.turn(type?.parse("uniform(min=0ms, max=100ms)"));
  const drawn = (await ask(made, 10)).map(({ drawnMs }) => drawnMs);
  drawn.sort((a, b) => a - b);
  for (const [rank, wanted] of [[0, 10], [4, 50], [7, 80], [8, 90]]) {
    equal(drawn[rank], wanted, "a percentile that tools print");
  }
  const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
  ok(Math.abs(mean - 50) < 0.01, `${mean}`);
});

Deno.test("an overridden service time without a quantile function is sampled at random", async () => {
  const made = await serverWith({
    serviceTime: "exponential(mean=5ms)",
    sampling: EXACT,
  });
  await using _ = made.server;
  const { held, type } = hold(made, "serviceTime");
  held.turn(type?.parse("tossed()"));
  const drawn = (await ask(made, 20)).map(({ drawnMs }) => drawnMs);
  deepEqual([...new Set(drawn)].sort(), [1, 2]);
});

Deno.test("the dials delay and faultShare add a delay and scale the shares of faults", async () => {
  const made = await serverWith({
    serviceTime: "10ms",
    faults: [{ share: 0.1, status: 500 }],
  });
  await using _ = made.server;
  const delay = hold(made, "delay").held;
  delay.turn(50);
  const [{ totalMs, drawnMs, latenessMs }] = await ask(made);
  deepEqual([totalMs, drawnMs, latenessMs], [60, 10, 0]);
  delay.release();
  const shares = hold(made, "faultShare").held;
  shares.turn(10);
  const all = (await ask(made, 20)).map(({ status }) => status);
  ok(all.every((status) => status === 500), "ten times a tenth is all");
  shares.turn(0);
  const none = (await ask(made, 20)).map(({ status }) => status);
  ok(none.every((status) => status === 200));
  shares.release();
});

Deno.test("a signal below 0 counts as 0, whichever dial of a route it turns", async () => {
  const made = await serverWith({
    serviceTime: "10ms",
    faults: [{ share: 0.5, status: 500 }],
  });
  await using _ = made.server;
  for (const dial of ["delay", "faultShare", "scale"]) {
    hold(made, dial).held.turn(-3);
  }
  for (const { status, drawnMs, totalMs } of await ask(made, 20)) {
    deepEqual([status, drawnMs, totalMs], [200, 0, 0]);
  }
});

Deno.test("a route has only the dials that affect it", async () => {
  const made = await serverWith({});
  await using _ = made.server;
  deepEqual(dialsOf(made), ["delay", "speedup"]);
});

Deno.test("the journal keeps the header value by which a draw can be repeated", async () => {
  const made = await serverWith({
    serviceTime: "exponential(mean=20ms)",
    sampling: { key: "header:X-Request-Id" },
  });
  await using _ = made.server;
  const pending = Promise.resolve(made.server.fetch(
    new Request("http://localhost/r", { headers: { "x-request-id": "abc" } }),
  ));
  made.clock.advance(10_000);
  await (await pending).body?.cancel();
  const [{ key, sequence, drawnMs }] = made.server.requests();
  equal(key, "abc");
  ok(Math.abs(made.server.draw("r", sequence, key ?? "") - drawnMs) < 1e-4);
});

Deno.test("the dial speedup takes time away from service and degradation, at most all of it", async () => {
  const made = await serverWith({ serviceTime: "100ms" });
  await using _ = made.server;
  const { held } = hold(made, "speedup");
  const timeWith = async (speedup: number) => {
    held.turn(speedup);
    const [{ totalMs, drawnMs, latenessMs }] = await ask(made);
    return [totalMs, drawnMs, latenessMs];
  };
  deepEqual(await timeWith(30), [70, 100, 0]);
  deepEqual(await timeWith(100), [0, 100, 0]);
  deepEqual(await timeWith(250), [0, 100, 0]);
  deepEqual(await timeWith(-5), [100, 100, 0]);
  const delay = hold(made, "delay").held;
  delay.turn(40);
  deepEqual(await timeWith(250), [40, 100, 0]);
  held.release();
  delay.release();
  equal((await ask(made))[0].totalMs, 100);
});

Deno.test("the dial speedup holds for a service time that a request asks for, and keeps Server-Timing whole", async () => {
  const made = await serverWith({ serviceTime: "100ms" });
  await using _ = made.server;
  await made.server.update({ overrides: { delay: true } });
  const { held } = hold(made, "speedup");
  held.turn(30);
  const pending = Promise.resolve(
    made.server.fetch(
      new Request("http://localhost/r", {
        headers: { "perfmock-override": "delay=20ms" },
      }),
    ),
  );
  made.clock.advance(1000);
  const response = await pending;
  await response.body?.cancel();
  const [{ totalMs, drawnMs }] = made.server.requests().slice(-1);
  deepEqual([totalMs, drawnMs], [0, 20]);
});

Deno.test("a route's own delay is the configured value of its dial, whatever the dial is turned to", async () => {
  const made = await serverWith({ delay: "70ms" });
  await using _ = made.server;
  const { dials } = made.server.world;
  const at = (dial: string) =>
    dials.configured({ kind: "route", of: "r", dial });
  equal(at("delay"), 70);
  const { held } = hold(made, "delay");
  held.turn(20);
  deepEqual([at("delay"), at("speedup"), at("none")], [
    70,
    undefined,
    undefined,
  ]);
  equal((await ask(made))[0].totalMs, 20);
  held.release();
  equal((await ask(made))[0].totalMs, 70);
});

Deno.test("the dial speedup is missing where another server answers", async () => {
  const made = await serverWith({
    response: { proxy: { url: "http://127.0.0.1:9" } },
  });
  await using _ = made.server;
  deepEqual(dialsOf(made), ["delay"]);
});

Deno.test("the dial bandwidth replaces that of paced bodies, from the next one on", async () => {
  const text = "x".repeat(10_000);
  const made = await serverWith({
    response: { text },
    wire: { bandwidth: "10KB/s", chunk: "1KB" },
  });
  await using _ = made.server;
  const timeOf = async () => {
    const start = made.clock.now();
    const response = await made.server.fetch(
      new Request("http://localhost/r"),
    );
    const read = response.text();
    let ended = false;
    read.finally(() => ended = true);
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!ended) made.clock.runNext();
    }
    equal(await read, text);
    return Math.round(made.clock.now() - start);
  };
  equal(await timeOf(), 1000);
  const { held, type } = hold(made, "bandwidth");
  held.turn(type?.parse("100KB/s"));
  equal(await timeOf(), 100);
  held.turn(type?.parse("5KB/s"));
  equal(await timeOf(), 2000);
  held.release();
  equal(await timeOf(), 1000);
  equal(type?.safeParse(0).success, false);
});

Deno.test("the dial bandwidth is there for routes with a wire only", async () => {
  const made = await serverWith({ response: { text: "x" } });
  await using _ = made.server;
  deepEqual(dialsOf(made), ["delay", "speedup"]);
});
