import { deepEqual, equal, match, ok } from "node:assert/strict";
import { program, TestRedis } from "../../support/redis.ts";
import { Guest, type ReplicaOptions, Replicas } from "./_replicas.ts";

/** Replicas with a Redis of their own. */
async function start(
  options: Omit<ReplicaOptions, "url">,
): Promise<{ redis: TestRedis; replicas: Replicas } & AsyncDisposable> {
  const redis = await TestRedis.start();
  const replicas = await Replicas.start({ ...options, url: redis.url });
  return {
    redis,
    replicas,
    async [Symbol.asyncDispose]() {
      await replicas[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** Lets requests arrive at replicas, by index. */
async function arrive(replicas: Replicas, at: readonly number[]) {
  const guests: Guest[] = [];
  for (const index of at) {
    guests.push(new Guest(replicas.all[index]));
    await replicas.settled();
  }
  return guests;
}

/** Waits until a condition holds. */
async function until(replicas: Replicas, holds: () => boolean): Promise<void> {
  while (!holds()) await replicas.pause(5);
}

if (program !== undefined) {
  Deno.test("a dial of one replica holds for all, until it is turned back", async () => {
    await using bench = await start({ count: 2, concurrency: 1, capacity: 4 });
    const { replicas } = bench;
    const [first, second] = replicas.all;
    const guests = await arrive(replicas, [0, 1, 1]);
    deepEqual(guests.map(({ state }) => state), [
      "served",
      "waiting",
      "waiting",
    ]);
    first.pool.turn(2, 1);
    await replicas.settled();
    equal(guests[1].state, "served");
    second.pool.admitQueued();
    await replicas.settled();
    deepEqual([second.pool.concurrency, second.pool.capacity], [2, 1]);
    const [refused] = await arrive(replicas, [1]);
    equal(refused.state, "refused");
    first.pool.turn(undefined, undefined);
    await replicas.settled();
    guests[0].finish();
    await replicas.settled();
    equal(guests[2].state, "waiting");
    guests[1].finish();
    await replicas.settled();
    equal(guests[2].state, "served");
    guests[2].finish();
    await replicas.settled();
  });

  Deno.test("a dial ends with the replica that has turned it", async () => {
    await using bench = await start({
      count: 2,
      concurrency: 1,
      capacity: 4,
      leaseTime: 1000,
    });
    const { replicas } = bench;
    replicas.all[0].pool.turn(5, undefined);
    await replicas.settled();
    await replicas.crash(0);
    const [living] = replicas.all;
    await until(replicas, () => living.pool.concurrency === 1);
  });

  Deno.test("without a limit places cost no question, and a limit that begins counts those that are held", async () => {
    await using bench = await start({
      count: 1,
      concurrency: Infinity,
      capacity: 2,
    });
    const { replicas } = bench;
    const [{ pool }] = replicas.all;
    const guests = [1, 2, 3].map(() => new Guest(replicas.all[0]));
    deepEqual(guests.map(({ state }) => state), ["served", "served", "served"]);
    pool.turn(2, undefined);
    await replicas.settled();
    const [next] = await arrive(replicas, [0]);
    equal(next.state, "waiting");
    deepEqual([pool.whole.busy, pool.busy], [3, 3]);
    guests[0].finish();
    await replicas.settled();
    equal(next.state, "waiting");
    guests[1].finish();
    await replicas.settled();
    equal(next.state, "served");
    pool.turn(undefined, undefined);
    await replicas.settled();
    next.finish();
    guests[2].finish();
    equal(pool.busy, 0);
  });

  Deno.test("while Redis is lost each replica gives away its share, and takes nobody's place when it is back", async () => {
    await using bench = await start({ count: 3, concurrency: 4, capacity: 3 });
    const { redis, replicas } = bench;
    await redis.kill();
    await until(
      replicas,
      () => replicas.all.every(({ membership }) => membership.mode === "alone"),
    );
    const guests = replicas.all.map((replica) =>
      [1, 2, 3, 4].map(() => new Guest(replica))
    );
    // 4 places and 3 in the queue among 3 replicas.
    deepEqual(
      guests.map((each) =>
        each.filter(({ state }) => state === "served").length
      ).sort(),
      [1, 1, 2],
    );
    const waiting = () =>
      guests.flat().filter(({ state }) => state === "waiting");
    equal(waiting().length, 3);
    await redis.restart();
    await until(
      replicas,
      () =>
        replicas.all.every(({ membership }) => membership.mode === "shared"),
    );
    await replicas.pause(600);
    await replicas.settled();
    equal(waiting().length, 3);
    for (const { pool } of replicas.all) {
      pool.admitQueued();
      await replicas.settled();
      deepEqual([pool.whole.busy, pool.whole.queued], [4, 3]);
    }
    for (;;) {
      const served = guests.flat().filter(({ state }) => state === "served");
      if (served.length === 0) break;
      ok(served.length <= 4);
      served[0].finish();
      await replicas.settled();
    }
    equal(waiting().length, 0);
  });

  Deno.test("with onLost open nothing is refused while Redis is lost, with closed all is", async () => {
    for (const onLost of ["open", "closed"] as const) {
      await using bench = await start({ count: 2, concurrency: 1, onLost });
      const { redis, replicas } = bench;
      const [held] = await arrive(replicas, [0]);
      await redis.kill();
      const asked = new Guest(replicas.all[1]);
      await until(
        replicas,
        () =>
          replicas.all.every(({ membership }) => membership.mode === "alone"),
      );
      const guests = replicas.all.map((replica) => new Guest(replica));
      deepEqual(
        [asked, ...guests].map(({ state, reason }) => [state, reason]),
        [1, 2, 3].map(() =>
          onLost === "open" ? ["served", ""] : ["refused", "shared_lost"]
        ),
      );
      match(replicas.all[0].store.reasons[0], /cannot be used since/);
      for (const guest of [held, asked, ...guests]) {
        if (guest.state === "served") guest.finish();
      }
      deepEqual(replicas.all.map(({ pool }) => pool.busy), [0, 0]);
    }
  });

  Deno.test("a replica that leaves in good order gives its places back at once", async () => {
    await using bench = await start({ count: 2, concurrency: 1, capacity: 1 });
    const { replicas } = bench;
    const [, next] = await arrive(replicas, [0, 1]);
    equal(next.state, "waiting");
    const [{ membership }, living] = replicas.all;
    await membership[Symbol.asyncDispose]();
    await until(replicas, () => next.state === "served");
    next.finish();
    await replicas.settled();
    equal(living.pool.busy, 0);
  });

  Deno.test("a replica that was taken for dead brings its places back, and none is given before they are free", async () => {
    await using bench = await start({
      count: 2,
      concurrency: 1,
      capacity: 1,
      leaseTime: 1000,
    });
    const { redis, replicas } = bench;
    const [ofFirst, ofSecond] = await arrive(replicas, [0, 1]);
    const [{ membership, pool }] = replicas.all;
    const members = /\{[^}]+\}:limiter:members/.exec(
      await redis.command("KEYS", "*:limiter:members"),
    )?.[0] ?? "";
    const { member } = membership;
    await redis.command("ZADD", members, "1", member);
    await until(replicas, () => ofSecond.state === "served");
    await until(replicas, () => membership.member !== member);
    await replicas.settled();
    pool.admitQueued();
    await replicas.settled();
    equal(pool.whole.busy, 2);
    const [next] = await arrive(replicas, [1]);
    ofSecond.finish();
    await replicas.settled();
    equal(next.state, "waiting");
    ofFirst.finish();
    await replicas.settled();
    equal(next.state, "served");
    next.finish();
    await replicas.settled();
  });
}
