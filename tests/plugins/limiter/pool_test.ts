import { deepEqual, equal, ok } from "node:assert/strict";
import { createStream } from "../../../core/lib/random/mod.ts";
import { rulesFor, type TestPool, testPool, Visitor } from "./_pools.ts";

Deno.test("Pool.admit() admits, then queues, then refuses", () => {
  const test = testPool({ concurrency: 2, capacity: 1 });
  const visitors = [1, 2, 3, 4].map(() => new Visitor(test));
  deepEqual(
    visitors.map(({ state }) => state),
    ["served", "served", "waiting", "refused"],
  );
  deepEqual(visitors[3].rejection, { reason: "queue_full", status: 503 });
  deepEqual([test.pool.busy, test.pool.queued], [2, 1]);
  deepEqual(test.refused, [visitors[3].rejection]);
});

Deno.test("Pool.release() hands the place over at the predecessor's target end", () => {
  const test = testPool({ capacity: Infinity });
  const [first, second, third] = [1, 2, 3].map(() => new Visitor(test));
  test.clock.advance(10.5);
  first.finish(10);
  deepEqual([second.state, second.at, third.state], ["served", 10, "waiting"]);
  const late = new Visitor(test);
  second.finish(20);
  third.finish(10.2);
  equal(late.at, 10.5, "no request is served before its arrival");
  equal(test.pool.busy, 1);
  late.finish(30);
  equal(test.pool.busy, 0);
});

Deno.test("a queued request that leaves loses its place in the queue and leaves no trace", () => {
  const test = testPool({ capacity: 2, queueTimeout: 100 });
  const [first, second, third] = [1, 2, 3].map(() => new Visitor(test));
  equal(test.clock.pending, 2);
  test.clock.advance(5);
  second.leave();
  equal(test.clock.pending, 1);
  first.finish(5);
  equal(third.state, "served");
  equal(test.clock.pending, 0);
  second.leave();
  deepEqual([test.pool.busy, test.pool.queued], [1, 0]);
  const { rejected, waited } = test.pool.figures.counts(5);
  deepEqual([rejected.client_gone, rejected.shutdown, waited], [1, 0, 10]);
});

Deno.test("requests cut by the end of the server have a reason of their own", () => {
  const test = testPool({ capacity: 1 });
  const [, waiting] = [1, 2].map(() => new Visitor(test));
  waiting.leave("cut");
  equal(test.pool.figures.counts(0).rejected.shutdown, 1);
});

Deno.test("a request that has waited too long is refused at its deadline", () => {
  const test = testPool({
    capacity: 2,
    queueTimeout: 50,
    onTimeout: { status: 504, retryAfter: 2500, body: "busy" },
  });
  const first = new Visitor(test);
  test.clock.advance(1);
  const second = new Visitor(test);
  test.clock.advance(60);
  deepEqual([second.state, second.at], ["refused", 51]);
  deepEqual(second.rejection, {
    reason: "queue_timeout",
    status: 504,
    retryAfter: 2.5,
    body: "busy",
  });
  first.finish(61);
  equal(test.pool.busy, 0);
  equal(test.pool.figures.counts(61).waited, 50);
});

Deno.test("a refusal may hang: it holds no place, and does not count as the client's refusal", () => {
  const test = testPool({
    capacity: 1,
    queueTimeout: 10,
    onFull: { action: "hang" },
    onTimeout: { action: "hang" },
  });
  const [first, second, third] = [1, 2, 3].map(() => new Visitor(test));
  test.clock.advance(20);
  deepEqual(
    [second, third].map(({ rejection }) => rejection),
    [
      { reason: "queue_timeout", status: 503, action: "hang" },
      { reason: "queue_full", status: 503, action: "hang" },
    ],
  );
  deepEqual([test.pool.queued, test.pool.busy, test.refused], [0, 1, []]);
  const { rejected } = test.pool.figures.counts(20);
  deepEqual(
    [rejected.queue_full, rejected.queue_timeout, rejected.client_gone],
    [1, 1, 0],
  );
  first.finish(20);
  equal(new Visitor(test).state, "served");
});

Deno.test("a refusal may reset the connection, which counts as the client's refusal", () => {
  const test = testPool({ onFull: { action: "connection-reset" } });
  const [, second] = [1, 2].map(() => new Visitor(test));
  equal(second.rejection?.action, "connection-reset");
  deepEqual(test.refused, [second.rejection]);
});

Deno.test("Pool.resize() admits queued requests at once, and takes no place away", () => {
  const test = testPool({ capacity: 3 });
  const visitors = [1, 2, 3, 4].map(() => new Visitor(test));
  test.clock.advance(7);
  test.pool.resize(3, 3);
  deepEqual(
    visitors.map(({ state }) => state),
    ["served", "served", "served", "waiting"],
  );
  equal(visitors[2].at, 7);
  test.pool.resize(1, 0);
  deepEqual([test.pool.busy, test.pool.queued], [3, 1]);
  equal(new Visitor(test).state, "refused");
  visitors[0].finish(8);
  visitors[1].finish(9);
  deepEqual([test.pool.busy, visitors[3].state], [1, "waiting"]);
  visitors[2].finish(10);
  deepEqual([test.pool.busy, visitors[3].state], [1, "served"]);
  deepEqual([test.pool.concurrency, test.pool.capacity], [1, 0]);
  test.pool.resize(5, 0);
  equal(test.pool.busy, 1);
});

Deno.test("Retry-After is estimated from the queue and the throughput under saturation", () => {
  const test = testPool({
    concurrency: 2,
    capacity: 4,
    onFull: { status: 503, retryAfter: "estimate" },
  });
  const { pool, clock } = test;
  const busy: Visitor[] = [];
  const all: Visitor[] = [];
  const arrive = () => {
    const visitor = new Visitor(test);
    all.push(visitor);
    return visitor;
  };
  while (pool.queued < 4) arrive();
  deepEqual(pool.estimate(0), { wait: 1000, from: "fallback" });
  equal(arrive().rejection?.retryAfter, 1);
  equal(arrive().rejection?.retryAfter, 1);
  deepEqual(test.fellBack, ["db"], "said once");
  // Two places, 100 ms each: 20 a second.
  for (let n = 1; n <= 300; n++) {
    clock.advance(50);
    busy.splice(
      0,
      busy.length,
      ...all.filter(({ state }) => state === "served"),
    );
    busy[0].finish(clock.now());
    arrive();
  }
  deepEqual(pool.estimate(clock.now()), { wait: 250, from: "throughput" });
  equal(arrive().rejection?.retryAfter, 0.25);
  // An idle hour does not make the pool look slow; a second in which no service ends does.
  while (pool.busy > 0) {
    clock.advance(50);
    all.find(({ state }) => state === "served")?.finish(clock.now());
  }
  clock.advance(3_600_000);
  const before = pool.estimate(clock.now()).wait;
  ok(before > 49 && before < 52, `${before}`);
  arrive();
  arrive();
  clock.advance(6400);
  const after = pool.estimate(clock.now()).wait;
  ok(after > 2 * before - 2 && after < 2 * before + 2, `${after}`);
});

Deno.test("the estimate is right on average for exponential service: queue and one more, by places and mean", () => {
  const test = testPool({
    concurrency: 4,
    capacity: 9,
    onFull: { status: 503, retryAfter: "estimate" },
  });
  const { pool, clock } = test;
  const uniforms = createStream([3, 4], "service");
  let draws = 0;
  const serve = (visitor: Visitor) => {
    const due = visitor.at - 100 * Math.log(uniforms.uniform(draws++));
    clock.at(due, () => {
      visitor.finish(due);
      const next = waiting.shift();
      if (next !== undefined) serve(next);
      waiting.push(new Visitor(test));
    }, undefined);
  };
  const waiting = Array.from({ length: 13 }, () => new Visitor(test));
  for (const visitor of waiting.splice(0, 4)) serve(visitor);
  let sum = 0;
  for (let n = 0; n < 2000; n++) {
    clock.advance(400);
    sum += pool.estimate(clock.now()).wait;
  }
  // Ten services at 40 a second.
  ok(Math.abs(sum / 2000 - 250) < 0.03 * 250, `${sum / 2000}`);
});

Deno.test("the figures of a pool agree with its events", () => {
  const test = testPool({ concurrency: 2, capacity: 1 });
  const { pool, clock } = test;
  const [first, second, third] = [1, 2, 3, 4].map(() => new Visitor(test));
  clock.advance(10);
  first.finish(10);
  clock.advance(10);
  second.finish(20);
  third.finish(20);
  clock.advance(20);
  const counts = pool.figures.counts(40);
  deepEqual(counts, {
    arrivals: 4,
    admitted: 3,
    rejected: {
      queue_full: 1,
      queue_timeout: 0,
      rate_limited: 0,
      client_gone: 0,
      shutdown: 0,
    },
    utilisation: 0.5,
    meanQueued: 0.25,
    meanWait: 10 / 3,
    waited: 10,
    peakBusy: 2,
  });
  equal(pool.figures.recentUtilisation(40), 0, "a reading covers a second");
  equal(pool.figures.recentUtilisation(2000), 40 / 4000);
  equal(pool.figures.recentUtilisation(2500), 40 / 4000);
  equal(pool.figures.recentUtilisation(3000), 0);
});

Deno.test("a pool without a limit of places has no utilisation", () => {
  const test = testPool({ concurrency: Infinity });
  for (let n = 0; n < 100; n++) equal(new Visitor(test).state, "served");
  const { utilisation, peakBusy } = test.pool.figures.counts(10);
  deepEqual([utilisation, peakBusy], [0, 100]);
  equal(test.pool.figures.recentUtilisation(5000), 0);
});

Deno.test("Pool.follow() settles no request; Pool.admitQueued() fills new places", () => {
  const test = testPool({ capacity: 3 });
  const visitors = [1, 2, 3, 4].map(() => new Visitor(test));
  test.clock.advance(7);
  test.pool.follow(rulesFor({ concurrency: 3, capacity: 3 }));
  const states = () => visitors.map(({ state }) => state);
  deepEqual(states(), ["served", "waiting", "waiting", "waiting"]);
  test.pool.admitQueued();
  deepEqual(states(), ["served", "served", "served", "waiting"]);
  deepEqual(visitors.map(({ at }) => at), [0, 7, 7, NaN]);
});

Deno.test("Pool.follow() lets a new discipline take the queue over, in order of arrival", () => {
  const test = testPool({ capacity: 9 });
  const first = new Visitor(test);
  const said = (importance: number, header?: string) =>
    new Visitor(
      test,
      importance,
      "",
      header === undefined ? {} : { "x-priority": header },
    );
  const waiting = [said(5), said(1), said(1), said(5, "0"), said(9, "")];
  const order = (...disciplines: Parameters<typeof rulesFor>[0][]) => {
    for (const rules of disciplines) {
      test.pool.follow(rulesFor({ capacity: 9, ...rules }));
    }
  };
  order({ discipline: "lifo" }, { discipline: "random" });
  order({ discipline: "priority" });
  first.finish(0);
  equal(waiting[1].state, "served");
  order({ discipline: "priority", priorityHeader: "x-priority" });
  waiting[1].finish(0);
  equal(waiting[3].state, "served", "its header says 0");
  order({ discipline: "lifo" });
  waiting[3].finish(0);
  equal(waiting[4].state, "served", "the last arrival");
  order({ discipline: "fifo" });
  waiting[4].finish(0);
  equal(waiting[0].state, "served", "the first arrival");
});

Deno.test("Pool.follow() counts a new queue time-out from the start of the wait, but never expires in the past", () => {
  const test = testPool({ capacity: 3, queueTimeout: 100 });
  new Visitor(test);
  const early = new Visitor(test);
  test.clock.advance(50);
  const late = new Visitor(test);
  test.pool.follow(rulesFor({ capacity: 3, queueTimeout: 30 }));
  equal(early.state, "waiting", "no request is settled while the rules change");
  test.clock.advance(0);
  deepEqual([early.state, early.at], ["refused", 50]);
  test.pool.follow(rulesFor({ capacity: 3 }));
  test.clock.advance(1000);
  equal(late.state, "waiting");
  test.pool.follow(rulesFor({ capacity: 3, queueTimeout: 2000 }));
  test.clock.run();
  deepEqual([late.state, late.at], ["refused", 2050]);
  const { waited } = test.pool.figures.counts(test.clock.now());
  equal(waited, 50 + 2000);
});

Deno.test("Pool.follow() starts and stops the estimate of Retry-After", () => {
  const test = testPool({ capacity: 1 });
  const visitors = [1, 2].map(() => new Visitor(test));
  equal(test.pool.estimates, false);
  test.pool.follow(
    rulesFor({ capacity: 1, onFull: { status: 503, retryAfter: "estimate" } }),
  );
  equal(test.pool.estimates, true);
  test.clock.advance(2000);
  visitors[0].finish(2000);
  deepEqual(test.pool.estimate(2000), { wait: 2000, from: "throughput" });
  test.pool.follow(rulesFor({ capacity: 1 }));
  equal(test.pool.estimates, false);
});

Deno.test("Pool.reset() counts afresh: a queued request is an arrival, one in service is no admission", () => {
  const test = testPool({ concurrency: 2, capacity: 2 });
  const [first, , third] = [1, 2, 3, 4, 5].map(() => new Visitor(test));
  test.clock.advance(100);
  test.pool.reset();
  const counts = () => test.pool.figures.counts(test.clock.now());
  deepEqual([counts().arrivals, counts().admitted, counts().peakBusy], [
    2,
    0,
    2,
  ]);
  deepEqual(Object.values(counts().rejected), [0, 0, 0, 0, 0]);
  test.clock.advance(50);
  first.finish(150);
  equal(third.state, "served");
  const { arrivals, admitted, utilisation, meanQueued, meanWait } = counts();
  deepEqual(
    [arrivals, admitted, utilisation, meanQueued, meanWait],
    [2, 1, 1, 2, 150],
  );
});

Deno.test("Pool.reset() starts the random numbers of the discipline afresh", () => {
  const order = (test: TestPool) => {
    const all = Array.from({ length: 9 }, () => new Visitor(test));
    const served: number[] = [];
    for (const _ of all) {
      const next = all.findIndex(({ state }) => state === "served");
      served.push(next);
      all[next].finish(test.clock.now());
    }
    return served;
  };
  const test = testPool({ capacity: 9, discipline: "random" });
  const once = order(test);
  test.pool.reset();
  deepEqual(order(test), once);
});

Deno.test("Pool.utilisation() is the share of taken places over about the last second", () => {
  const test = testPool({ concurrency: 2 });
  equal(test.pool.utilisation(), 0);
  const [first, second] = [1, 2].map(() => new Visitor(test));
  test.clock.advance(1000);
  const risen = 1 - Math.exp(-1);
  ok(Math.abs(test.pool.utilisation() - risen) < 1e-12);
  test.clock.advance(1e6);
  equal(test.pool.utilisation(), 1);
  test.pool.resize(1, 0);
  equal(test.pool.utilisation(), 1, "two of one place are no more than all");
  test.pool.resize(4, 0);
  equal(test.pool.utilisation(), 0.5);
  first.finish(test.clock.now());
  second.finish(test.clock.now());
  test.clock.advance(1e6);
  equal(test.pool.utilisation(), 0);
  const unlimited = testPool({ concurrency: Infinity });
  new Visitor(unlimited);
  equal(unlimited.pool.utilisation(), 0);
});
