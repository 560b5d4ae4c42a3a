// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, ok } from "node:assert/strict";
import type { OnLost } from "../../../core/plugin.ts";
import { program, TestRedis } from "../../support/redis.ts";
import { Guest, type Replica, Replicas } from "./_replicas.ts";

/** Numbers that look random and are the same in each run. */
function* chances(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Requests to all replicas that come and go at random, and the number of places that are taken at any moment. */
class Traffic {
  readonly guests: Guest[] = [];
  readonly violations: string[] = [];
  busy = 0;
  peak = 0;
  #running = true;
  readonly #replicas: Replicas;
  readonly #places: number;
  readonly #chance: Generator<number, never>;

  constructor(replicas: Replicas, places: number, seed: number) {
    this.#replicas = replicas;
    this.#places = places;
    this.#chance = chances(seed);
  }

  draw(): number {
    return this.#chance.next().value;
  }

  /** Lets requests arrive about each 2 ms. Each holds its place for at most 20 ms, and some leave before. */
  run(): void {
    if (!this.#running) return;
    const { clock, all } = this.#replicas;
    clock.at(clock.now() + 4 * this.draw(), () => this.run(), undefined);
    const replica = all[Math.floor(this.draw() * all.length)];
    if (replica !== undefined) this.#arrive(replica);
  }

  #arrive(replica: Replica): void {
    const { clock } = replica;
    const service = 20 * this.draw();
    const leaves = this.draw() < 0.1 ? 30 * this.draw() : Infinity;
    const guest = new Guest(replica, {
      settled: (guest) => {
        if (guest.state !== "served") return;
        this.busy++;
        this.peak = Math.max(this.peak, this.busy);
        if (this.busy > this.#places) {
          this.violations.push(
            `${this.busy} of ${this.#places} (${replica.membership.mode})`,
          );
        }
        clock.at(clock.now() + service, () => {
          this.busy--;
          guest.finish();
        }, undefined);
      },
    });
    this.guests.push(guest);
    if (leaves === Infinity) return;
    clock.at(clock.now() + leaves, () => {
      if (guest.state === "waiting") guest.leave();
    }, undefined);
  }

  /** Ends the arrivals, and waits until nobody is in the pool any more. */
  async end(limit: number): Promise<void> {
    this.#running = false;
    const { clock } = this.#replicas;
    const due = clock.now() + limit;
    while (
      clock.now() < due &&
      this.guests.some(({ state }) => state === "waiting" || state === "served")
    ) await this.#replicas.pause(20);
  }
}

/** Accidents of a Redis, by name. */
const ACCIDENTS: Readonly<
  Record<string, (redis: TestRedis, replicas: Replicas) => Promise<unknown>>
> = {
  "sleeps for a moment": (redis) => redis.command("DEBUG", "SLEEP", "0.1"),
  "sleeps for long": (redis) => redis.command("DEBUG", "SLEEP", "0.8"),
  "cuts all connections": (redis) =>
    redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
  "cuts the connections of messages": (redis) =>
    redis.command("CLIENT", "KILL", "TYPE", "pubsub"),
  "forgets its scripts": (redis) => redis.command("SCRIPT", "FLUSH"),
  "is emptied": (redis) => redis.command("FLUSHALL"),
  "is stopped for long": async (redis, replicas) => {
    redis.pause();
    await replicas.pause(900);
    redis.resume();
  },
  "is killed and starts empty": async (redis) => {
    await redis.kill();
    await redis.restart();
  },
  "is killed and starts empty after long": async (redis, replicas) => {
    await redis.kill();
    await replicas.pause(900);
    await redis.restart();
  },
};

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
