/**
 * Cost of an admission to a pool that replicas share through Redis, beside one in memory, in one run.
 *
 * @module
 */
import { PreciseClock } from "../../core/lib/time/mod.ts";
import type { Exchange, Lease } from "../../core/plugin.ts";
import { RedisStore } from "../../core/shared/redis.ts";
import { PoolFigures } from "../../plugins/limiter/figures.ts";
import { Pool } from "../../plugins/limiter/pool.ts";
import type { Entrant } from "../../plugins/limiter/queue.ts";
import { Refusal } from "../../plugins/limiter/refusal.ts";
import { Membership } from "../../plugins/limiter/shared/membership.ts";
import { SharedPool } from "../../plugins/limiter/shared/shared_pool.ts";
import { program, TestRedis } from "../support/redis.ts";
import type { Benchmark, Row } from "./benchmark.ts";

/** Target for the median of an admission with nothing else under way, in ms. */
const TARGET = 0.2;

/** Number of requests that hold places at once, in the rows with many. */
const MANY = 64;

const RULES = {
  concurrency: 1000,
  capacity: 0,
  discipline: "fifo",
  queueTimeout: Infinity,
  onFull: new Refusal("queue_full", { status: 503 }),
  onTimeout: new Refusal("queue_timeout", { status: 503 }),
  onLost: new Refusal("shared_lost", { status: 503 }),
} as const;

const OPTIONS = {
  name: "db",
  stream: { uniform: () => 0.5 },
  refused() {},
  fellBack() {},
};

/** The benchmark. */
export const shared: Benchmark = {
  name: "shared",
  measures:
    "time from an admission to its place in ms, and admissions with releases per second, in memory and through a Redis on loopback",
  async run({ quick, note }) {
    if (program === undefined) {
      note("Neither redis-server nor valkey-server is installed");
      return [];
    }
    const count = quick ? 200 : 20_000;
    await using redis = await TestRedis.start();
    await using clock = new PreciseClock();
    const figures = () =>
      new PoolFigures({ concurrency: 1000, now: clock.now() });
    const local = new Pool({ ...OPTIONS, clock, figures: figures() }, RULES);
    const rows = [
      row("in memory", await measure(local, clock, count, 1), NaN),
    ];
    await using store = await RedisStore.connect({
      settings: {
        redis: redis.url,
        prefix: "bench",
        onLost: "divide",
        leaseTime: 10_000,
      },
      clock,
      log: (_, message) => note(message),
    });
    await using membership = new Membership({
      store,
      clock,
      session: undefined,
      segment: undefined,
    });
    await membership.ready;
    const pool = new SharedPool(
      { ...OPTIONS, clock, figures: figures(), membership },
      RULES,
    );
    await measure(pool, clock, 500, 1);
    rows.push(
      row("shared", await measure(pool, clock, count, 1), TARGET),
      row(
        `shared, ${MANY} at once`,
        await measure(pool, clock, count, MANY),
        NaN,
      ),
    );
    return rows;
  },
};

/** Times of admissions, ascending, in ms, and their rate per second. */
interface Measured {
  readonly times: Float64Array;
  readonly rate: number;
}

/** Lets requests take places, of which each gives its place back at once and is followed by another. */
async function measure(
  pool: Pool | SharedPool,
  clock: PreciseClock,
  count: number,
  atOnce: number,
): Promise<Measured> {
  const times = new Float64Array(count);
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  let ended = 0;
  const start = performance.now();
  const next = (): void => {
    if (begun >= count) return;
    const number = begun++;
    const before = performance.now();
    const placed = (lease: Lease) => {
      times[number] = performance.now() - before;
      lease.release({} as Exchange, clock.now());
      if (++ended === count) resolve();
    };
    let waits = false;
    const entrant: Entrant = {
      settle(outcome) {
        if ("reason" in outcome) throw new Error(outcome.reason);
        placed(outcome);
        if (waits) next();
      },
    };
    const answer = pool.admit(entrant, clock.now(), 0);
    if ("leave" in answer) waits = true;
    else if (!("reason" in answer)) placed(answer);
  };
  if (pool instanceof Pool) { while (begun < count) next(); }
  else for (let i = 0; i < atOnce; i++) next();
  await promise;
  const rate = count / (performance.now() - start) * 1000;
  return { times: times.sort(), rate };
}

function row(what: string, { times, rate }: Measured, target: number): Row {
  const at = (p: number) => times[Math.floor(p * (times.length - 1))];
  return {
    what,
    values: { "p50 ms": at(0.5), "p99 ms": at(0.99), "per s": rate },
    ...target > 0 && { targets: [{ column: "p50 ms", atMost: target }] },
  };
}
