// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, ok } from "node:assert/strict";
import type { OnLost } from "../../../core/plugin.ts";
import type { Mode } from "../../../plugins/limiter/shared/membership.ts";
import { program, TestRedis } from "../../support/redis.ts";
import { Guest, Replicas } from "./_replicas.ts";
import { ACCIDENTS, Traffic } from "./_traffic.ts";

/** Moves the time of Redis at which it was asked last, which is as if its clock were moved the other way. */
async function moveClock(redis: TestRedis, by: number): Promise<void> {
  const [key] = /\{[^}]+\}:limiter:state/.exec(
    await redis.command("KEYS", "*:limiter:state"),
  ) ?? [];
  ok(key !== undefined);
  await redis.command(
    "EVAL",
    "redis.call('HINCRBY', KEYS[1], 'raw', ARGV[1]); redis.call('HINCRBY', KEYS[1], 'offset', ARGV[2])",
    ...["1", key, `${by}`, `${-by}`],
  );
}

const HOUR = 3600 * 1e6;

if (program !== undefined) {
  for (const onLost of ["divide", "closed"] satisfies OnLost[]) {
    for (const [name, accident] of Object.entries(ACCIDENTS)) {
      Deno.test(`never more places are taken than there are, and nobody waits for ever: Redis ${name} (${onLost})`, async () => {
        await using redis = await TestRedis.start();
        await using replicas = await Replicas.start({
          url: redis.url,
          count: 3,
          concurrency: 6,
          capacity: 20,
          onLost,
        });
        const traffic = new Traffic(replicas, 6, 1);
        traffic.run();
        await replicas.pause(150);
        await accident(redis, replicas);
        await replicas.pause(700);
        await traffic.end(3000);
        deepEqual(traffic.violations, []);
        ok(traffic.peak >= 5, `at most ${traffic.peak} at once`);
        deepEqual(
          Object.groupBy(traffic.guests, ({ state }) => state).waiting,
          undefined,
        );
        await replicas.settled();
        // All places are free again, also in the books of Redis.
        deepEqual(
          replicas.all.map(({ pool, membership: { mode } }) => [
            mode,
            pool.busy,
            pool.queued,
          ]),
          replicas.all.map(() => ["shared", 0, 0]),
        );
        const guests = Array.from(
          { length: 6 },
          (_, i) => new Guest(replicas.all[i % 3]),
        );
        await replicas.settled();
        deepEqual(
          guests.map(({ state }) => state),
          guests.map(() => "served"),
        );
        const more = new Guest(replicas.all[0]);
        await replicas.settled();
        equal(more.state, "waiting");
        more.leave();
        for (const guest of guests) guest.finish();
      });
    }
  }

  Deno.test("the places of a replica that has died return within the lease time", async () => {
    await using redis = await TestRedis.start();
    await using replicas = await Replicas.start({
      url: redis.url,
      count: 2,
      concurrency: 2,
      capacity: 5,
      leaseTime: 1000,
    });
    const [dying, living] = replicas.all;
    const held = [new Guest(dying), new Guest(dying)];
    await replicas.settled();
    deepEqual(held.map(({ state }) => state), ["served", "served"]);
    const next = new Guest(living);
    await replicas.settled();
    equal(next.state, "waiting");
    const from = replicas.clock.now();
    await replicas.crash(0);
    while (next.state === "waiting") await replicas.pause(5);
    const took = replicas.clock.now() - from;
    ok(took > 500 && took <= 1000, `${took} ms`);
    next.finish();
  });

  Deno.test("an emptied Redis that is lost again leaves those that are not back yet their share", async () => {
    await using redis = await TestRedis.start();
    await using replicas = await Replicas.start({
      url: redis.url,
      count: 4,
      concurrency: 8,
      capacity: 0,
    });
    const [first] = replicas.all;
    // These do not come back.
    for (let i = 0; i < 3; i++) await replicas.crash(1);
    const reaches = async (mode: Mode) => {
      while (first.membership.mode !== mode) await replicas.pause(1);
    };
    await redis.kill();
    await reaches("alone");
    await redis.restart();
    await reaches("shared");
    await replicas.settled();
    await redis.kill();
    await reaches("alone");
    const guests = Array.from({ length: 8 }, () => new Guest(first));
    deepEqual(
      guests.map(({ state }) => state),
      guests.map((_, i) => i < 2 ? "served" : "refused"),
    );
    for (const guest of guests.slice(0, 2)) guest.finish();
  });

  Deno.test("a clock of Redis that is set back or forward takes no place away, and keeps none of the dead", async () => {
    for (const by of [HOUR, -HOUR]) {
      await using redis = await TestRedis.start();
      await using replicas = await Replicas.start({
        url: redis.url,
        count: 2,
        concurrency: 2,
        capacity: 2,
        leaseTime: 1000,
      });
      const [, living] = replicas.all;
      const [ofDead, ofLiving] = replicas.all.map((replica) =>
        new Guest(replica)
      );
      await replicas.settled();
      await moveClock(redis, by);
      const next = new Guest(living);
      await replicas.pause(500);
      deepEqual([ofDead.state, ofLiving.state, next.state], [
        "served",
        "served",
        "waiting",
      ]);
      equal(living.membership.mode, "shared");
      const from = replicas.clock.now();
      await replicas.crash(0);
      while (next.state === "waiting") await replicas.pause(5);
      ok(replicas.clock.now() - from <= 1100);
      next.finish();
      ofLiving.finish();
      await replicas.settled();
      equal(living.pool.busy, 0);
    }
  });
}
