import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { LiveExchange, Plan } from "../../../core/pipeline/exchange.ts";
import {
  abandon,
  begin,
  handOver,
  inFlightOf,
} from "../../../core/pipeline/pipeline.ts";
import type {
  Exchange,
  Lease,
  Rejection,
  Ticket,
  Waiter,
} from "../../../core/plugin.ts";
import { exchange, type TestPlan, testPlan } from "../../support/plan.ts";

/** A pool of one server with an endless queue, as small as can be. */
class OneServer implements Lease {
  readonly waiting: Waiter[] = [];
  busy = false;
  released = 0;
  left = 0;

  readonly admit = (_x: Exchange, waiter: Waiter): Lease | Ticket => {
    if (!this.busy) {
      this.busy = true;
      return this;
    }
    this.waiting.push(waiter);
    return {
      leave: () => {
        this.left++;
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
      },
    };
  };

  release(_x: Exchange, at: number): void {
    this.released++;
    const next = this.waiting.shift();
    if (next === undefined) this.busy = false;
    else next.settle(this, at);
  }
}

Deno.test("begin() takes an exchange through all stages in order", () => {
  const order: string[] = [];
  const lease = (name: string): Lease => ({
    release: (x) => order.push(`release ${name} ${x.outcome}`),
  });
  const plan = {
    ...testPlan({
      admit: [
        () => (order.push("admit a"), lease("a")),
        () => (order.push("admit b"), lease("b")),
      ],
      serve: () => (order.push("serve"), 20),
      degrade: [() => (order.push("degrade"), 5)],
      observe: [(x) => order.push(`observe ${x.end - x.arrival}`)],
    }),
    answer: () => order.push("respond"),
  };
  const x = exchange(plan);
  begin(x);
  equal(x.outcome, "pending");
  plan.clock.advance(24.999);
  equal(x.outcome, "pending");
  plan.clock.advance(0.001);
  deepEqual(order, [
    "admit a",
    "admit b",
    "serve",
    "degrade",
    "respond",
    "release b answered",
    "release a answered",
    "observe 25",
  ]);
  deepEqual([x.service, x.degradation, x.due, x.end], [20, 5, 1025, 1025]);
  equal(plan.flow.size, 0);
});

Deno.test("begin() answers a 0 ms route at once, without a timer", () => {
  const plan = testPlan({ serve: () => 0 });
  const x = exchange(plan);
  begin(x);
  equal(x.outcome, "answered");
  equal(x.end, x.arrival);
  equal(plan.clock.pending, 0);
});

Deno.test("begin() numbers arrivals in order, including rejected ones", () => {
  const refusal: Rejection = { reason: "queue_full", status: 503 };
  const plan = testPlan({
    admit: [(x) => x.sequence === 1 ? refusal : { release() {} }],
  });
  const xs = [0, 1, 2].map(() => exchange(plan));
  xs.forEach((x) => begin(x));
  deepEqual(xs.map((x) => x.sequence), [0, 1, 2]);
  deepEqual(xs.map((x) => x.outcome), ["answered", "rejected", "answered"]);
  equal(xs[1].status, 503);
  equal(xs[1].rejection, refusal);
});

Deno.test("a waiter's service starts at its predecessor's target end", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 10 });
  const xs = [0, 1, 2].map(() => exchange(plan));
  xs.forEach((x) => begin(x));
  plan.clock.advance(100);
  deepEqual(xs.map((x) => x.start), [1000, 1010, 1020]);
  deepEqual(xs.map((x) => x.end), [1010, 1020, 1030]);
  deepEqual([pool.busy, pool.released], [false, 3]);
});

Deno.test("a wait that outlasts the target end is answered at once", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 1 });
  const [first, second] = [exchange(plan), exchange(plan)];
  pool.busy = true;
  begin(first);
  begin(second);
  plan.clock.advance(10);
  pool.waiting.shift()?.settle(pool, 1002);
  deepEqual([first.start, first.due, first.end], [1002, 1003, 1010]);
  equal(first.outcome, "answered");
  equal(second.outcome, "answered", "the first's release settled it");
});

Deno.test("20 000 waiters on a 0 ms route drain without recursion", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 0 });
  pool.busy = true;
  const xs = Array.from({ length: 20_000 }, () => exchange(plan));
  xs.forEach((x) => begin(x));
  equal(plan.flow.size, 20_000);
  pool.waiting.shift()?.settle(pool);
  ok(xs.every((x) => x.outcome === "answered"));
  equal(pool.busy, false);
  equal(plan.flow.size, 0);
});

Deno.test("a waiter that is settled during admit continues in the same call", () => {
  const lease = { release() {} };
  const plan = testPlan({
    admit: [(_x, waiter) => (waiter.settle(lease), { leave() {} })],
    serve: () => 3,
  });
  const x = exchange(plan);
  begin(x);
  plan.clock.advance(3);
  equal(x.outcome, "answered");

  const refused = testPlan({
    admit: [(_x, waiter) => {
      waiter.settle({ reason: "queue_timeout", status: 504 });
      return { leave() {} };
    }],
  });
  const y = exchange(refused);
  begin(y);
  deepEqual([y.outcome, y.status], ["rejected", 504]);
});

Deno.test("a rejection from the queue ends the exchange at once", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 10 });
  pool.busy = true;
  const x = exchange(plan);
  begin(x);
  plan.clock.advance(7);
  pool.waiting.shift()?.settle({ reason: "queue_timeout", status: 503 });
  deepEqual([x.outcome, x.status, x.end], ["rejected", 503, 1007]);
  equal(plan.figures.snapshot(plan.clock.now()).r.rejected, 1);
});

Deno.test("abandon() releases the timer, the place in the queue and every lease", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 30_000 });
  const [served, queued] = [exchange(plan), exchange(plan)];
  begin(served);
  begin(queued);
  abandon(queued, "gone");
  equal(pool.left, 1);
  plan.clock.advance(5);
  abandon(served, "gone");
  deepEqual([served.outcome, served.end], ["gone", 1005]);
  deepEqual([pool.busy, plan.clock.pending, plan.flow.size], [false, 0, 0]);
  abandon(served, "cut");
  equal(served.outcome, "gone", "an exchange ends once");
  const text = [...plan.metrics.all()].find((metric) =>
    metric.definition.name === "perfmock_client_disconnects_total"
  );
  deepEqual(
    [...text?.entries() ?? []].map(([labels, series]) => [
      labels[1],
      "value" in series ? series.value : NaN,
    ]),
    [["queue", 1], ["service", 1]],
  );
});

Deno.test("a lease is released with the time from which it is free, and a ticket with the reason for leaving", () => {
  const seen: (number | string)[] = [];
  const lease: Lease = { release: (x, at) => seen.push(x.outcome, at) };
  const ticket: Ticket = { leave: (why) => seen.push(why) };
  const waiters: Waiter[] = [];
  const refuse = () => ({ reason: "queue_full", status: 503 });
  const run = (hooks: Parameters<typeof testPlan>[0], ms: number) => {
    const plan = testPlan(hooks);
    const x = exchange(plan);
    begin(x);
    plan.clock.advance(ms);
    return { plan, x };
  };
  run({ admit: [() => lease], serve: () => 10 }, 15);
  run({ admit: [() => lease, refuse] }, 0);
  abandon(run({ admit: [() => lease], serve: () => 10 }, 3).x, "gone");
  abandon(run({ admit: [() => ticket] }, 1).x, "gone");
  abandon(run({ admit: [() => ticket] }, 1).x, "cut");
  const late = run({
    admit: [(_x, waiter) => (waiters.push(waiter), { leave() {} })],
    serve: () => 2,
  }, 0);
  abandon(late.x, "gone");
  late.plan.clock.advance(4);
  waiters[0].settle(lease);
  const flowing = {
    ...testPlan({ admit: [() => lease], serve: () => 10 }),
    answer: (x: LiveExchange) => x.flowing = true,
  };
  const x = exchange(flowing);
  begin(x);
  flowing.clock.advance(25);
  handOver(x);
  deepEqual(seen, [
    ...["answered", 1010],
    ...["rejected", 1000],
    ...["gone", 1003],
    "gone",
    "cut",
    ...["gone", 1004],
    ...["answered", 1025],
  ]);
});

Deno.test("handOver() ends an exchange whose body continues after its headers", () => {
  const pool = new OneServer();
  const plan = {
    ...testPlan({ admit: [pool.admit], serve: () => 10 }),
    answer: (x: LiveExchange) => x.flowing = true,
  };
  const [whole, left] = [exchange(plan), exchange(plan)];
  begin(whole);
  plan.clock.advance(10);
  deepEqual([whole.outcome, whole.phase, pool.busy], [
    "answered",
    "body",
    true,
  ]);
  plan.clock.advance(90);
  handOver(whole);
  deepEqual([whole.end, pool.busy, plan.flow.size], [1010, false, 0]);
  handOver(whole);
  equal(pool.released, 1, "the last byte comes once");

  begin(left);
  plan.clock.advance(10);
  abandon(left, "gone");
  deepEqual([left.outcome, left.end, pool.released], ["gone", 1110, 2]);
  const { gone } = plan.figures.snapshot(plan.clock.now()).r;
  equal(gone, 1);
});

Deno.test("a lease that is granted too late is released", () => {
  const pool = new OneServer();
  const plan = testPlan({ admit: [pool.admit], serve: () => 1 });
  pool.busy = true;
  const x = exchange(plan);
  begin(x);
  const waiter = pool.waiting[0];
  abandon(x, "cut");
  waiter.settle(pool);
  deepEqual([pool.released, pool.busy], [1, false]);
  waiter.settle({ reason: "queue_timeout", status: 503 });
  equal(x.outcome, "cut");
});

Deno.test("an exchange abandoned between settlement and continuation releases its lease", () => {
  const waiters: Waiter[] = [];
  let held = 0;
  const lease = { release: () => held-- };
  const grant = (waiter: Waiter) => (held++, waiter.settle(lease));
  const plan = testPlan({
    admit: [(_x, waiter) => (waiters.push(waiter), { leave() {} })],
    observe: [(x) => {
      // While the first goes on, the other two are settled and stand ready; the second of them ends the third.
      if (x === xs[0]) waiters.slice(1).forEach(grant);
      if (x === xs[1]) abandon(xs[2], "gone");
    }],
  });
  const xs = [0, 1, 2].map(() => exchange(plan));
  xs.forEach((x) => begin(x));
  grant(waiters[0]);
  deepEqual(xs.map((x) => x.outcome), ["answered", "answered", "gone"]);
  equal(held, 0);
  equal(plan.flow.size, 0);
});

for (const stage of ["admit", "serve", "degrade"] as const) {
  Deno.test(`an exchange whose ${stage} hook throws fails and releases its leases`, () => {
    const broken = () => {
      throw new Error("boom");
    };
    let released = 0;
    const lease = { release: () => released++ };
    const plan = testPlan({
      admit: stage === "admit" ? [() => lease, broken] : [() => lease],
      serve: stage === "serve" ? broken : () => 1,
      degrade: stage === "degrade" ? [broken] : [],
    });
    const x = exchange(plan);
    begin(x);
    deepEqual([x.outcome, x.status, released], ["failed", 500, 1]);
    equal(plan.reported.length, 1);
    equal(plan.flow.size, 0);
    equal(plan.figures.snapshot(plan.clock.now()).r.failed, 1);
  });
}

for (const time of [NaN, -1, undefined as unknown as number]) {
  for (
    const hooks of [{ serve: () => time }, { degrade: [() => 0, () => time] }]
  ) {
    const [stage] = Object.keys(hooks);
    Deno.test(`a ${stage} hook that returns ${time} fails the exchange, and is reported by its name`, () => {
      const plan = testPlan(hooks);
      const x = exchange(plan);
      begin(x);
      deepEqual([x.outcome, x.status], ["failed", 500]);
      match(
        String(plan.reported[0]),
        /^RangeError: Cannot use the result: it must be a time in ms, received \S+$/,
      );
      deepEqual(plan.reportedHooks, [
        [stage, stage === "serve" ? 0 : 1],
      ]);
      const big = 1n as unknown as number;
      const other = testPlan(
        stage === "serve" ? { serve: () => big } : { degrade: [() => big] },
      );
      begin(exchange(other));
      deepEqual([other.reportedHooks, other.flow.size], [[[stage, 0]], 0]);
      const settled = testPlan({
        admit: [(_x, waiter) => {
          waiter.settle({ release() {} }, NaN);
          return { leave() {} };
        }],
        serve: () => 5,
      });
      begin(exchange(settled));
      deepEqual([settled.reported.length, settled.flow.size], [1, 0]);
    });
  }
}

Deno.test("errors of release and observe hooks are reported and do not prevent other hooks", () => {
  const seen: string[] = [];
  const broken = () => {
    throw new Error("boom");
  };
  const plan = testPlan({
    admit: [
      () => ({ release: () => seen.push("outer") }),
      () => ({ release: broken }),
    ],
    observe: [broken, () => seen.push("observed")],
  });
  const x = exchange(plan);
  begin(x);
  deepEqual(seen, ["outer", "observed"]);
  equal(plan.reported.length, 2);
  equal(x.outcome, "answered");
});

Deno.test("an exchange that leaves a queue or is reset there waited until then, and was not served", () => {
  const endings: ((x: LiveExchange, plan: TestPlan) => void)[] = [
    (x) => abandon(x, "gone"),
    (x) => abandon(x, "cut"),
    (x, { flow }) => inFlightOf(flow).reset((other) => other === x),
  ];
  for (const end of endings) {
    const pool = new OneServer();
    const plan = {
      ...testPlan({ admit: [pool.admit], serve: () => 1e6 }),
      resets: true,
    };
    begin(exchange(plan));
    const x = exchange(plan);
    begin(x);
    plan.clock.advanceTo(1250);
    end(x, plan);
    deepEqual([x.arrival, x.start, x.end, x.status], [1000, 1250, 1250, 0]);
  }
});

Deno.test("an exchange that ends without headers is identified, and no other", () => {
  const identified: string[] = [];
  const base = testPlan({ serve: () => 20 });
  const plan: Plan = {
    ...base,
    resets: true,
    identify: (x) => identified.push(x.outcome),
  };
  const reset: Plan = {
    ...plan,
    faults: {
      decide: () => ({
        action: "connection-reset",
        status: undefined,
        answer: undefined,
        counter: { add: () => {} },
      }),
    },
  };
  begin(exchange(reset));
  begin(exchange(plan));
  base.clock.advance(20);
  equal(identified.length, 1);
  const gone = exchange(plan);
  begin(gone);
  abandon(gone, "gone");
  begin(exchange(plan));
  inFlightOf(base.flow).reset();
  equal(identified.length, 3);
});
