/** The same requirements on pools in memory, and on those that one or several replicas share through Redis. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { PoolFigures } from "../../../plugins/limiter/figures.ts";
import { Pool } from "../../../plugins/limiter/pool.ts";
import type { SharedPool } from "../../../plugins/limiter/shared/shared_pool.ts";
import { program, TestRedis } from "../../support/redis.ts";
import { rulesFor, SOME_STREAM, type TestPoolOptions } from "./_pools.ts";
import { Guest, Replicas, sharedRules } from "./_replicas.ts";

/** A pool, seen from each of its replicas. */
interface Bench extends AsyncDisposable {
  readonly pools: readonly (Pool | SharedPool)[];
  readonly clock: PreciseClock;
  /** Waits until every decision is known everywhere. */
  settled(): Promise<void>;
}

function inMemory(options: TestPoolOptions): Promise<Bench> {
  const clock = new PreciseClock();
  const rules = rulesFor(options);
  const pool = new Pool({
    name: "db",
    stream: SOME_STREAM,
    figures: new PoolFigures({
      concurrency: rules.concurrency,
      now: clock.now(),
    }),
    clock,
    refused: () => {},
    fellBack: () => {},
  }, rules);
  return Promise.resolve({
    pools: [pool],
    clock,
    settled: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => clock[Symbol.asyncDispose](),
  });
}

function shared(count: number) {
  return async (options: TestPoolOptions): Promise<Bench> => {
    const redis = await TestRedis.start();
    const replicas = await Replicas.start({
      ...options,
      url: redis.url,
      count,
    });
    return {
      pools: replicas.all.map(({ pool }) => pool),
      clock: replicas.clock,
      settled: () => replicas.settled(),
      async [Symbol.asyncDispose]() {
        await replicas[Symbol.asyncDispose]();
        await redis[Symbol.asyncDispose]();
      },
    };
  };
}

const KINDS = {
  "in memory": inMemory,
  ...program !== undefined && {
    "shared by one": shared(1),
    "shared by three": shared(3),
  },
};

/** Lets requests arrive one after another, at each replica in turn, with the given priorities. */
async function arrive(
  { pools, clock, settled }: Bench,
  priorities: readonly number[],
): Promise<Guest[]> {
  const guests: Guest[] = [];
  for (const [i, priority] of priorities.entries()) {
    guests.push(
      new Guest({ pool: pools[i % pools.length], clock }, { priority }),
    );
    await settled();
  }
  return guests;
}

function states(guests: readonly Guest[]): string[] {
  return guests.map(({ state }) => state);
}

function wait(clock: PreciseClock, milliseconds: number): Promise<void> {
  return new Promise((resolve) =>
    clock.at(clock.now() + milliseconds, resolve, undefined)
  );
}

/** Order in which queued requests get the only place, by their index. */
async function order(
  bench: Bench,
  guests: readonly Guest[],
): Promise<number[]> {
  const served: number[] = [];
  let [now] = guests;
  for (;;) {
    now.finish();
    await bench.settled();
    const next = guests.findIndex(({ state }) => state === "served");
    if (next < 0) return served;
    served.push(next);
    now = guests[next];
  }
}

for (const [kind, start] of Object.entries(KINDS)) {
  const test = (name: string, body: () => Promise<void>) =>
    Deno.test(`a pool ${kind} ${name}`, body);

  test("admits, then queues, then refuses", async () => {
    await using bench = await start({ concurrency: 2, capacity: 1 });
    const guests = await arrive(bench, [0, 0, 0, 0]);
    deepEqual(states(guests), ["served", "served", "waiting", "refused"]);
    equal(guests[3].reason, "queue_full");
    equal(guests[0].at, guests[0].arrived, "the answer does not count as wait");
    for (const guest of guests.slice(0, 2)) guest.finish();
    await bench.settled();
    equal(guests[2].state, "served");
    guests[2].finish();
    await bench.settled();
    deepEqual(
      bench.pools.map(({ busy, queued }) => [busy, queued]),
      bench.pools.map(() => [0, 0]),
    );
  });

  for (
    const [discipline, priorities, expected] of [
      ["fifo", [0, 0, 0, 0, 0], [1, 2, 3, 4]],
      ["lifo", [0, 0, 0, 0, 0], [4, 3, 2, 1]],
      ["priority", [0, 2, 1, 2, -0.5], [4, 2, 1, 3]],
    ] as const
  ) {
    test(`serves by ${discipline}`, async () => {
      await using bench = await start({ capacity: Infinity, discipline });
      const guests = await arrive(bench, priorities);
      deepEqual(await order(bench, guests), expected);
    });
  }

  test("serves each once at random", async () => {
    await using bench = await start({ capacity: 9, discipline: "random" });
    const guests = await arrive(bench, Array(10).fill(0));
    const served = await order(bench, guests);
    deepEqual(served.toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    ok(served.join() !== "1,2,3,4,5,6,7,8,9");
  });

  test("refuses a request that has waited too long", async () => {
    await using bench = await start({ capacity: 2, queueTimeout: 60 });
    const [first, second] = await arrive(bench, [0, 0]);
    while (second.state === "waiting") await wait(bench.clock, 5);
    deepEqual([second.state, second.reason], ["refused", "queue_timeout"]);
    equal(Math.round(second.at - second.arrived), 60);
    await bench.settled();
    first.finish();
    await bench.settled();
    const [next] = await arrive(bench, [0]);
    equal(next.state, "served");
    next.finish();
  });

  test("forgets a queued request that leaves", async () => {
    await using bench = await start({ capacity: 2 });
    const [first, second, third] = await arrive(bench, [0, 0, 0]);
    second.leave();
    await bench.settled();
    first.finish();
    await bench.settled();
    equal(third.state, "served");
    // The moment at which a place is on its way to a request that leaves.
    const [fourth] = await arrive(bench, [0]);
    third.finish();
    fourth.state === "waiting" ? fourth.leave() : fourth.finish();
    await bench.settled();
    const [fifth] = await arrive(bench, [0]);
    equal(fifth.state, "served");
    fifth.finish();
  });

  test("made larger admits queued requests, made smaller takes nothing away", async () => {
    await using bench = await start({ capacity: 3 });
    const resize = async (concurrency: number, capacity: number) => {
      for (const pool of bench.pools) {
        if (pool instanceof Pool) pool.resize(concurrency, capacity);
        else {
          pool.follow(sharedRules({ concurrency, capacity }));
          pool.admitQueued();
        }
      }
      await bench.settled();
    };
    const guests = await arrive(bench, [0, 0, 0, 0]);
    deepEqual(states(guests), ["served", "waiting", "waiting", "waiting"]);
    await resize(3, 3);
    deepEqual(states(guests), ["served", "served", "served", "waiting"]);
    await resize(1, 0);
    const [refused] = await arrive(bench, [0]);
    deepEqual([guests[3].state, refused.state], ["waiting", "refused"]);
    guests[0].finish();
    guests[1].finish();
    await bench.settled();
    equal(guests[3].state, "waiting");
    guests[2].finish();
    await bench.settled();
    equal(guests[3].state, "served");
    guests[3].finish();
  });

  test("takes all queued requests over into another discipline", async () => {
    await using bench = await start({ capacity: Infinity });
    const guests = await arrive(bench, [0, 0, 0]);
    for (const pool of bench.pools) {
      pool.follow(sharedRules({ capacity: Infinity, discipline: "lifo" }));
    }
    const [last] = await arrive(bench, [0]);
    deepEqual(await order(bench, [...guests, last]), [3, 2, 1]);
  });

  test("estimates Retry-After from queue and throughput", async () => {
    await using bench = await start({ concurrency: 2, capacity: 10 });
    equal(bench.pools[0].estimate(bench.clock.now()).from, "fallback");
    for (const pool of bench.pools) {
      pool.follow(sharedRules({
        concurrency: 2,
        capacity: 10,
        onFull: { status: 503, retryAfter: "estimate" },
      }));
    }
    const guests = await arrive(bench, Array(6).fill(0));
    const from = bench.clock.now();
    for (const guest of guests.slice(0, 3)) {
      await wait(bench.clock, 40);
      guest.finish();
      await bench.settled();
    }
    const each = (bench.clock.now() - from) / 3;
    for (const pool of bench.pools) pool.admitQueued();
    await bench.settled();
    const [{ wait: estimated, from: source }] = bench.pools.map((pool) =>
      pool.estimate(bench.clock.now())
    );
    equal(source, "throughput");
    // One is queued, and one more would be.
    ok(
      estimated > 0.6 * 2 * each && estimated < 1.7 * 2 * each,
      `${estimated} ms, ${each} ms each`,
    );
    for (const guest of guests) if (guest.state === "served") guest.finish();
    await bench.settled();
    for (const guest of guests) if (guest.state === "served") guest.finish();
    await bench.settled();
  });

  test("counts each request once", async () => {
    await using bench = await start({ concurrency: 1, capacity: 2 });
    const guests = await arrive(bench, [0, 0, 0, 0, 0]);
    guests[1].leave();
    await bench.settled();
    await order(bench, guests);
    const sums: Record<string, number> = {};
    for (const { figures } of bench.pools) {
      const { arrivals, admitted, rejected } = figures.counts(
        bench.clock.now(),
      );
      for (
        const [name, count] of Object.entries({
          arrivals,
          admitted,
          ...rejected,
        })
      ) sums[name] = (sums[name] ?? 0) + count;
    }
    deepEqual(
      [sums.arrivals, sums.admitted, sums.queue_full, sums.client_gone],
      [5, 2, 2, 1],
    );
  });
}
