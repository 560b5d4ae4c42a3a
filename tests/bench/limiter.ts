/**
 * Cost of the limiter: of an admission with free places, and of one behind a long queue.
 *
 * @module
 */
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import {
  type Admit,
  type Exchange,
  type Lease,
  type Waiter,
  WHOLE,
} from "../../core/plugin.ts";
import { createStream } from "../../core/lib/random/mod.ts";
import { VirtualClock } from "../../core/testing.ts";
import { PoolSeries } from "../../plugins/limiter/figures.ts";
import { DISCIPLINES } from "../../plugins/limiter/queue.ts";
import { routeHooks } from "../../plugins/limiter/route_hooks.ts";
import type { PoolSettings } from "../../plugins/limiter/settings.ts";
import {
  LimiterState,
  PersistentPool,
  type PoolPlan,
} from "../../plugins/limiter/state.ts";
import type { Benchmark, Row } from "./benchmark.ts";

/** Number of requests in the long queue. */
const WAITERS = 100_000;

/** Target cost of an admission with free places, in nanoseconds. */
const TARGET = 300;

/** Multiple of that target for an admission behind a long queue. */
const FACTOR = 3;

/** Runs in process, in alternating rounds. */
export const limiter: Benchmark = {
  name: "limiter",
  measures:
    `Nanoseconds per admission and release, metrics included, with free places and with ${WAITERS} requests queued: the fastest of alternating rounds`,
  run({ quick }) {
    const calls = quick ? 10_000 : 200_000;
    const subjects = [
      { what: "places free", target: TARGET, run: uncontended() },
      ...DISCIPLINES.map((discipline) => ({
        what: `${WAITERS} wait, ${discipline}`,
        target: TARGET * FACTOR,
        run: queued({ discipline }),
      })),
      {
        what: `${WAITERS} wait, fifo with a queue time-out`,
        target: TARGET * FACTOR,
        run: queued({ queueTimeout: 3_600_000 }),
      },
    ];
    const best = subjects.map(() => Infinity);
    for (let round = 0; round < 15; round++) {
      for (const [index, { run }] of subjects.entries()) {
        const start = performance.now();
        run(calls);
        const cost = (performance.now() - start) / calls * 1e6;
        best[index] = Math.min(best[index], cost);
      }
    }
    return Promise.resolve(subjects.map(({ what, target }, index): Row => ({
      what,
      values: { "ns each": best[index], "× free": best[index] / best[0] },
      targets: [{ column: "ns each", atMost: target }],
    })));
  },
};

/** Creates the admission hook of a route with one pool. */
function admission(settings: Partial<PoolSettings>): Admit {
  const clock = new VirtualClock();
  const { clientOf, clients } = new LimiterState(undefined);
  const stream = createStream([1, 2], "queue");
  const plan: PoolPlan = {
    settings: {
      concurrency: 1,
      queue: Infinity,
      discipline: "fifo",
      priorityHeader: undefined,
      queueTimeout: Infinity,
      onFull: { status: 503 },
      onTimeout: { status: 503 },
      rateLimit: undefined,
      background: undefined,
      ...settings,
    },
    streams: { queue: stream, arrivals: stream, service: stream },
  };
  const persistent = new PersistentPool("db", plan, {
    clock,
    segment: WHOLE,
    refused: (exchange, rejection, at) =>
      clients.refused(exchange, rejection, at),
    clientOf,
    has: () => true,
    log() {},
  });
  persistent.adopt(plan, {
    owner: undefined,
    series: new PoolSeries(new MetricRegistry()),
    used: true,
  });
  const { admit } = routeHooks("r", [{ ...plan, persistent }], {
    priority: undefined,
    clients,
    clock,
  });
  const [first] = [admit].flat();
  if (typeof first !== "function") {
    throw new Error("The route has no admission");
  }
  return first;
}

const EXCHANGE = { arrival: 0, start: 0 } as Exchange;

/** Admits requests one at a time, so that a place is always free. */
function uncontended(): (n: number) => void {
  const admit = admission({});
  const waiter: Waiter = { exchange: EXCHANGE, settle() {} };
  return (n) => {
    for (let i = 0; i < n; i++) {
      (admit(EXCHANGE, waiter) as Lease).release(EXCHANGE, 0);
    }
  };
}

/** Keeps the queue at its length: one request is queued, another ends, and the next in the queue is admitted. */
function queued(settings: Partial<PoolSettings>): (n: number) => void {
  const admit = admission(settings);
  let holder: Lease | undefined;
  const waiter: Waiter = {
    exchange: EXCHANGE,
    settle(outcome) {
      holder = outcome as Lease;
    },
  };
  holder = admit(EXCHANGE, waiter) as Lease;
  for (let i = 0; i < WAITERS; i++) admit(EXCHANGE, waiter);
  return (n) => {
    for (let i = 0; i < n; i++) {
      admit(EXCHANGE, waiter);
      holder?.release(EXCHANGE, 0);
    }
  };
}
