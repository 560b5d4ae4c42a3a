/** The dials of pools, and the pools as other plugins see them. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { validate } from "../../../core/config/mod.ts";
import type { Host, Plugin } from "../../../core/plugin.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { Pools } from "../../../plugins/limiter/mod.ts";
import { call } from "../../support/http.ts";
import { pools } from "./_server.ts";

/** A server, and the host that a plugin beside the limiter has in the last revision. */
async function serve(
  db: Readonly<Record<string, unknown>>,
): Promise<{ test: TestServer; host: () => Host } & AsyncDisposable> {
  const hosts: Host[] = [];
  const witness: Plugin = {
    name: "witness",
    version: "1.0.0",
    requires: ["limiter"],
    setup(host) {
      hosts.push(host);
      return {};
    },
  };
  const test = await createTestServer({
    plugins: { limiter: { pools: { db } }, witness: {} },
    routes: [
      { path: "/", limiter: "db", serviceTime: "100ms" },
      { path: "/own", limiter: { concurrency: 2 } },
    ],
  }, { plugins: [witness] });
  return {
    test,
    host: () => {
      const host = hosts.at(-1);
      ok(host !== undefined);
      return host;
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

function send(test: TestServer, count: number): void {
  for (let i = 0; i < count; i++) {
    test.server.fetch(new Request(test.server.url));
  }
}

async function levels(test: TestServer): Promise<unknown[]> {
  const [{ concurrency, busy, queue, queued }] = await pools(test);
  return [concurrency, busy, queue, queued];
}

function change(test: TestServer, db: unknown): Promise<Response> {
  return call(test.server, "/_perfmock/limiter/pools/db", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(db),
  });
}

const dial = (dial: string) => ({ kind: "pool", of: "db", dial });

Deno.test("every pool has dials, a pool with a background one more", async () => {
  await using served = await serve({
    concurrency: 1,
    background: { rate: 0, serviceTime: "1s" },
  });
  deepEqual(
    [...served.host().dials.list()].filter(({ kind }) => kind === "pool")
      .map(({ of, dial }) => `${of}.${dial}`),
    [
      "db.concurrency",
      "db.queue",
      "db.background",
      "route:get-own.concurrency",
      "route:get-own.queue",
    ],
  );
});

Deno.test("a dial takes effect at once, and its release restores the configuration exactly", async () => {
  await using served = await serve({ concurrency: 1, queue: 4 });
  const { test, host } = served;
  send(test, 4);
  const concurrency = host().dials.hold(dial("concurrency"), "a test");
  const queue = host().dials.hold(dial("queue"), "a test");
  concurrency.turn(3);
  queue.turn(Infinity);
  deepEqual(await levels(test), [3, 3, "unbounded", 1]);
  concurrency.turn(1.4);
  queue.turn(0);
  deepEqual(await levels(test), [1, 3, 0, 1]);
  concurrency.turn(0.2);
  equal((await pools(test))[0].concurrency, 1, "a pool has a place at least");
  concurrency.release();
  queue.release();
  deepEqual(await levels(test), [1, 3, 4, 1]);
  const config = await call(test.server, "/_perfmock/config");
  equal(config.headers.get("etag"), '"1"', "no new revision");
  await config.body?.cancel();
});

Deno.test("a change of the configuration under a dial takes effect at its release, and admits no request past it", async () => {
  await using served = await serve({ concurrency: 4, queue: 9 });
  const { test, host } = served;
  const held = host().dials.hold(dial("concurrency"), "a test");
  held.turn(1);
  send(test, 5);
  equal((await change(test, { concurrency: 3, queue: 8 })).status, 200);
  deepEqual(await levels(test), [1, 1, 8, 4]);
  held.turn(2);
  deepEqual(await levels(test), [2, 2, 8, 3]);
  held.release();
  deepEqual(await levels(test), [3, 3, 8, 2]);
});

Deno.test("the dial of a background replaces its signal, whose time goes on", async () => {
  await using served = await serve({
    concurrency: 1000,
    background: {
      rate: { steps: [{ at: 0, value: "10/s" }, { at: "10s", value: 0 }] },
      serviceTime: "1ms",
    },
  });
  const { test, host } = served;
  const arrived = async () => (await pools(test))[0].background?.arrivals ?? 0;
  const held = host().dials.hold(dial("background"), "a test");
  held.turn(1000);
  test.clock.advance(5000);
  const fast = await arrived();
  ok(Math.abs(fast - 5000) < 250, `${fast}`);
  held.turn(0);
  test.clock.advance(1000);
  equal(await arrived(), fast);
  held.release();
  test.clock.advance(60_000);
  const slow = await arrived() - fast;
  ok(slow > 20 && slow < 60, `${slow} in the 4 s that its 10/s had left`);
});

Deno.test("dials read values as users write them", async () => {
  await using served = await serve({ concurrency: 1 });
  const { dials, kit } = served.host();
  const type = (name: string) => {
    const found = dials.typeOf(dial(name));
    ok(found !== undefined);
    return found;
  };
  equal(validate(type("queue"), "unbounded").issues, undefined);
  equal(validate(type("concurrency"), 0).issues?.length, 1);
  const ramp = { ramp: { from: 1, to: 9, over: "1s" } };
  equal(validate(kit.timeline(type("concurrency")), ramp).issues, undefined);
  const jumps = { timeline: [{ at: 0, value: "unbounded" }] };
  equal(validate(kit.timeline(type("queue")), jumps).issues, undefined);
  equal(
    validate(kit.timeline(type("queue")), {
      ramp: { from: "unbounded", to: 1, over: 1 },
    }).issues?.length,
    1,
  );
  throws(() => dials.hold({ kind: "pool", of: "bd", dial: "queue" }, "x"), {
    code: "DIAL_UNAVAILABLE",
  });
});

Deno.test("other plugins find all pools, those of routes too, by the key limiter.pools", async () => {
  await using served = await serve({ concurrency: 2, queue: 1 });
  const { test, host } = served;
  const found = host().use<Pools>({ name: "limiter.pools" });
  const db = found.pool("db");
  ok(db !== undefined);
  equal(db.utilisation(), 0);
  send(test, 3);
  deepEqual([db.concurrency, db.busy, db.queued], [2, 2, 1]);
  test.clock.advance(100);
  ok(db.utilisation() > 0.09 && db.utilisation() < 0.1);
  equal(found.pool("route:get-own")?.concurrency, 2);
  equal(found.pool("bd"), undefined);
  equal((await change(test, { concurrency: 5 })).status, 200);
  const later = host().use<Pools>({ name: "limiter.pools" }).pool("db");
  equal(later, db, "the same pool, whatever has changed");
  equal(later?.concurrency, 5);
});
