import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  type Discipline,
  DISCIPLINES,
} from "../../../plugins/limiter/queue.ts";
import type { RefusalSettings } from "../../../plugins/limiter/refusal.ts";
import {
  rulesFor,
  type TestPool,
  testPool,
  type TestPoolOptions,
  Visitor,
} from "./_pools.ts";

/** An event; numbers choose the request it happens to. */
type Event =
  | { readonly kind: "arrive"; readonly priority: number }
  | { readonly kind: "leave"; readonly which: number }
  | { readonly kind: "finish"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number }
  | {
    readonly kind: "resize";
    readonly concurrency: number;
    readonly capacity: number;
  }
  | { readonly kind: "reload"; readonly rules: Required<Reloaded> };

/** A change of the configuration. */
type Reloaded = Pick<
  TestPoolOptions,
  | "concurrency"
  | "capacity"
  | "discipline"
  | "queueTimeout"
  | "onFull"
  | "onTimeout"
>;

const which = fc.nat(1000);
const refusal: fc.Arbitrary<RefusalSettings> = fc.constantFrom(
  { status: 503 },
  { status: 429, retryAfter: "estimate" },
  { action: "connection-reset" },
  { action: "hang" },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("arrive" as const),
      priority: fc.integer({ min: -2, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("finish" as const), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("leave" as const), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.integer({ min: 0, max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("resize" as const),
      concurrency: fc.integer({ min: 1, max: 6 }),
      capacity: fc.integer({ min: 0, max: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reload" as const),
      rules: fc.record({
        concurrency: fc.integer({ min: 1, max: 6 }),
        capacity: fc.constantFrom(0, 1, 3, 10, Infinity),
        discipline: fc.constantFrom(...DISCIPLINES),
        queueTimeout: fc.constantFrom(10, 25, 60, Infinity),
        onFull: refusal,
        onTimeout: refusal,
      }),
    }),
  },
);

const run = fc.record({
  discipline: fc.constantFrom(...DISCIPLINES),
  concurrency: fc.integer({ min: 1, max: 4 }),
  capacity: fc.constantFrom(0, 1, 3, 10, Infinity),
  queueTimeout: fc.constantFrom(25, Infinity),
  events: fc.array(event, { maxLength: 200 }),
});

function inState(visitors: readonly Visitor[], state: Visitor["state"]) {
  return visitors.filter((visitor) => visitor.state === state);
}

function pick<T>(list: readonly T[], which: number): T | undefined {
  return list.length === 0 ? undefined : list[which % list.length];
}

/** Applies an event. */
function happen(test: TestPool, visitors: Visitor[], event: Event): void {
  const now = test.clock.now();
  switch (event.kind) {
    case "arrive":
      visitors.push(new Visitor(test, event.priority));
      break;
    case "leave":
      pick(inState(visitors, "waiting"), event.which)?.leave();
      break;
    case "finish":
      pick(inState(visitors, "served"), event.which)?.finish(now);
      break;
    case "pass":
      test.clock.advance(event.ms);
      break;
    case "resize":
      test.pool.resize(event.concurrency, event.capacity);
      break;
    case "reload": {
      const { busy, queued } = test.pool;
      test.pool.follow(rulesFor(event.rules));
      deepEqual(
        [test.pool.busy, test.pool.queued],
        [busy, queued],
        "a change by itself settles no request",
      );
      test.pool.admitQueued();
    }
  }
}

/** Checks the invariants. */
function holds(
  { pool, clock }: TestPool,
  visitors: readonly Visitor[],
  limit: number,
): void {
  const served = inState(visitors, "served").length;
  const waiting = inState(visitors, "waiting").length;
  equal(pool.busy, served, "no lease is lost or given twice");
  equal(pool.queued, waiting, "no waiter is forgotten");
  ok(served <= limit, `${served} served, allowed are ${limit}`);
  ok(
    waiting === 0 || served >= pool.concurrency,
    "no request waits while a place is free",
  );
  const { arrivals, admitted, rejected } = pool.figures.counts(clock.now());
  equal(arrivals, visitors.length);
  equal(admitted, served + inState(visitors, "done").length);
  const { queue_full, queue_timeout, client_gone, rate_limited, shutdown } =
    rejected;
  equal(queue_full + queue_timeout, inState(visitors, "refused").length);
  equal(client_gone, inState(visitors, "gone").length);
  equal(rate_limited + shutdown, 0);
  equal(
    arrivals,
    admitted + queue_full + queue_timeout + client_gone + waiting,
    "counts add up",
  );
}

Deno.test("under any events, a pool keeps its limit, forgets no queued request, loses no lease, and its counts add up", () => {
  fc.assert(
    fc.property(run, ({ events, ...options }) => {
      const test = testPool(options);
      const visitors: Visitor[] = [];
      let limit = options.concurrency;
      for (const event of events) {
        happen(test, visitors, event);
        // A pool that was made smaller while busy shrinks as requests end.
        limit = Math.max(
          test.pool.concurrency,
          event.kind === "resize" || event.kind === "reload"
            ? limit
            : Math.min(limit, test.pool.busy),
        );
        holds(test, visitors, limit);
      }
      for (
        let served = inState(visitors, "served");
        served.length > 0;
        served = inState(visitors, "served")
      ) served[0].finish(test.clock.now());
      deepEqual([test.pool.busy, test.pool.queued], [0, 0]);
      equal(test.clock.pending, 0, "no timer is left behind");
    }),
    { seed: 20261122, numRuns: 500 },
  );
});

Deno.test("Little's law: under any events the mean queue is the arrival rate times the mean wait", () => {
  fc.assert(
    fc.property(run, ({ events, ...options }) => {
      const test = testPool(options);
      const visitors: Visitor[] = [];
      for (const event of events) happen(test, visitors, event);
      for (const visitor of inState(visitors, "waiting")) visitor.leave();
      test.clock.advance(1);
      const now = test.clock.now();
      const { meanQueued, waited } = test.pool.figures.counts(now);
      ok(Math.abs(meanQueued * now - waited) < 1e-6);
    }),
    { seed: 7, numRuns: 300 },
  );
});

Deno.test("queued requests keep their turn: after any changes the queue is served as one that always had the last discipline", () => {
  const priorities = fc.array(fc.integer({ min: -2, max: 2 }), {
    minLength: 1,
    maxLength: 30,
  });
  const disciplines = fc.array(fc.constantFrom(...DISCIPLINES), {
    maxLength: 5,
  });
  const last = fc.constantFrom("fifo" as const, "lifo", "priority");
  fc.assert(
    fc.property(priorities, disciplines, last, (all, before, discipline) => {
      const order = (disciplines: readonly Discipline[]) => {
        const [first, ...rest] = disciplines;
        const test = testPool({ capacity: Infinity, discipline: first });
        const holder = new Visitor(test);
        const visitors = all.map((priority) => new Visitor(test, priority));
        for (const discipline of rest) {
          test.pool.follow(rulesFor({ capacity: Infinity, discipline }));
        }
        holder.finish(0);
        return visitors.map(() => {
          const next = visitors.findIndex(({ state }) => state === "served");
          visitors[next].finish(0);
          return next;
        });
      };
      deepEqual(order([...before, discipline]), order([discipline]));
    }),
    { seed: 11, numRuns: 200 },
  );
});
