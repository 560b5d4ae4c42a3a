// Runs without the profiler: computes much.
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type Distribution,
  type Segment,
  type Signal,
  WHOLE,
} from "../../../core/plugin.ts";
import { createStream } from "../../../core/lib/random/mod.ts";
import { constant } from "../../../core/lib/signals/mod.ts";
import {
  Background,
  type BackgroundSettings,
} from "../../../plugins/limiter/background.ts";
import { type TestPool, testPool, Visitor } from "./_pools.ts";
import { poissonArrivals, simulate } from "../../support/simulation.ts";
import { near, Probe } from "./_queueing.ts";
import { pools, serve } from "./_server.ts";
import { call } from "../../support/http.ts";
import { createKit } from "../../../core/config/mod.ts";

const kit = createKit({
  folder: "/",
  distribution: () => {
    throw new Error("no distribution is needed here");
  },
});

/** Parses a signal of plain numbers. */
function signal(written: unknown): Signal {
  return kit.signal(kit.number()).parse(written) as Signal;
}

/** Makes a background that follows a rate. */
function background(
  test: TestPool,
  rate: Signal,
  ms: number,
  segment: Segment = WHOLE,
): Background {
  const made = new Background({
    pool: test.pool,
    clock: test.clock,
    segment,
    arrivals: createStream([1, 2], "arrivals"),
    service: createStream([1, 2], "service"),
  });
  made.follow(settings(rate, ms));
  return made;
}

function settings(rate: Signal, ms: number): BackgroundSettings {
  return { rate, serviceTime: { draw: () => ms } as unknown as Distribution };
}

Deno.test("phantoms arrive as a Poisson process of the signal's rate", () => {
  const test = testPool({ concurrency: Infinity });
  const phantoms = background(test, constant(50), 1);
  const perSecond: number[] = [];
  for (let second = 0; second < 2000; second++) {
    const before = phantoms.arrived;
    test.clock.advance(1000);
    perSecond.push(phantoms.arrived - before);
  }
  const mean = perSecond.reduce((sum, n) => sum + n, 0) / perSecond.length;
  const variance = perSecond.reduce((sum, n) => sum + (n - mean) ** 2, 0) /
    perSecond.length;
  near(mean, 50, 0.01, "mean");
  near(variance, 50, 0.1, "a Poisson count's variance is its mean");
  phantoms.stop();
  equal(test.clock.pending, 0);
});

Deno.test("phantoms follow a rate that changes, and end with it", () => {
  const test = testPool({ concurrency: Infinity });
  // 100/s for ten seconds, then nothing.
  const burst: Signal = {
    at: (time) => time < 10_000 ? 100 : 0,
    integral: (time) => 100 * Math.min(time, 10_000),
    inverse: (area) => area <= 1_000_000 ? area / 100 : Infinity,
    end: 10_000,
    constant: false,
  };
  test.clock.advance(3000);
  const phantoms = background(test, burst, 5);
  test.clock.run();
  near(phantoms.arrived, 1000, 0.1);
  ok(test.clock.now() < 13_010);
  equal(test.pool.busy, 0);
});

Deno.test("phantoms take places, wait and are refused as requests are", () => {
  const test = testPool({ concurrency: 1, capacity: 1 });
  const phantoms = background(test, constant(1000), 1_000_000);
  test.clock.advance(100);
  deepEqual([test.pool.busy, test.pool.queued], [1, 1]);
  equal(phantoms.refused, phantoms.arrived - 2);
  equal(new Visitor(test).state, "refused");
  deepEqual(test.refused.length, 1, "phantoms do not count as clients");
  phantoms.stop();
  deepEqual([test.pool.queued, test.clock.pending], [0, 0]);
});

Deno.test("requests and phantoms together see the loss and utilisation of M/M/4/8", async () => {
  const probe = new Probe();
  const { scenarios: { load } } = await simulate({
    config: {
      plugins: {
        limiter: {
          pools: {
            db: {
              concurrency: 4,
              queue: 4,
              background: {
                rate: "40/s",
                serviceTime: { exponential: { mean: 100 } },
              },
            },
          },
        },
        probe: {},
      },
      routes: [{
        path: "/",
        limiter: "db",
        serviceTime: { exponential: { mean: 100 } },
      }],
    },
    scenarios: { load: poissonArrivals({ rate: 10, requests: 100_000 }) },
    plugins: [probe.plugin],
  });
  const { arrivals, rejected, utilisation } = probe.counts();
  const refused = load.failures["503"];
  // Poisson arrivals see time averages: the loss of M/M/4/8 at λ = 50 holds for the requests alone.
  near(refused / load.started, 0.25124, 0.02, "requests");
  near(
    (rejected.queue_full - refused) / (arrivals - load.started),
    0.25124,
    0.02,
    "phantoms",
  );
  near(utilisation, 0.93595, 0.02, "utilisation");
});

Deno.test("a pool's report counts the phantoms among its arrivals", async () => {
  await using test = await serve({
    db: {
      concurrency: 1,
      queue: 2,
      background: { rate: "100/s", serviceTime: "1h" },
    },
  }, [{ path: "/", limiter: "db" }]);
  test.clock.advance(10_000);
  const before = await test.request("/");
  equal(before.response.status, 503);
  await before.response.body?.cancel();
  const [{ arrivals, background, rejected }] = await pools(test);
  ok(background !== undefined);
  ok(background.arrivals > 900);
  deepEqual(
    [background.arrivals, background.refused],
    [arrivals - 1, rejected.queue_full - 1],
  );
});

/** Rate of one phantom a second from a time on. */
function from(time: number, end = Infinity): Signal {
  return {
    at: (now) => now < time ? 0 : 1,
    integral: (now) => Math.max(0, now - time),
    inverse: (area) => time + area,
    end,
    constant: false,
  };
}

Deno.test("an unchanged rate goes on, whatever else changes; a new rate begins at its time 0", () => {
  const test = testPool({ concurrency: Infinity });
  const phantoms = background(test, from(10_000), 1);
  test.clock.advance(9000);
  phantoms.follow(settings(from(10_000), 500));
  equal(test.clock.pending, 1, "one timer is set, not two");
  test.clock.advance(101_000);
  const { arrived } = phantoms;
  near(arrived, 100, 0.3);
  phantoms.follow(settings(from(20_000), 500));
  test.clock.advance(20_000);
  equal(phantoms.arrived, arrived);
  for (const other of [from(20_000, 30_000), from(20_001)]) {
    phantoms.follow(settings(other, 500));
    test.clock.advance(20_000);
    equal(phantoms.arrived, arrived, "each begins anew");
  }
  phantoms.stop();
});

Deno.test("without settings no phantom arrives, and those in the pool stay", () => {
  const test = testPool({ concurrency: 100 });
  const phantoms = background(test, constant(100), 2000);
  test.clock.advance(1000);
  const { busy } = test.pool;
  ok(busy > 50);
  phantoms.follow(undefined);
  ok(!phantoms.running);
  test.clock.advance(900);
  equal(test.pool.busy, busy);
  test.clock.advance(2000);
  equal(test.pool.busy, 0);
  phantoms.override(50);
  test.clock.advance(1000);
  equal(test.pool.busy, 0, "a rate alone brings no phantom");
  phantoms.follow(settings(constant(1), 1));
  const { arrived } = phantoms;
  test.clock.advance(10_000);
  near(
    phantoms.arrived - arrived,
    500,
    0.2,
    "the override holds for later settings",
  );
  phantoms.override(0);
  phantoms.override(0);
  equal(test.clock.pending, 0);
  phantoms.reset();
  deepEqual([phantoms.arrived, phantoms.refused], [0, 0]);
});

Deno.test("overriding the signal and giving it back at once changes no arrival", () => {
  const arrivals = (turn: (phantoms: Background) => void) => {
    const test = testPool({ concurrency: Infinity });
    const phantoms = background(test, constant(50), 0);
    const times: number[] = [];
    for (let at = 0; at < 2000; at++) {
      const before = phantoms.arrived;
      test.clock.advance(1);
      if (phantoms.arrived > before) times.push(at);
      if (at % 7 === 0) turn(phantoms);
    }
    phantoms.stop();
    return times;
  };
  deepEqual(
    arrivals((phantoms) => {
      phantoms.override(3);
      phantoms.override(undefined);
    }),
    arrivals(() => {}),
  );
});

/** Rates of 5 to 15/s in all forms, each of which lasts for 20 ms. */
function changes(count: number): Signal[] {
  const forms = [
    (mean: number) => mean,
    (mean: number) => ({ ramp: { from: mean, to: mean / 2, over: 15 } }),
    (mean: number) => ({ sine: { mean, amplitude: mean, period: 13 } }),
    (mean: number) => ({
      steps: [{ at: 0, value: 0 }, { at: 7, value: mean }],
    }),
  ];
  return Array.from(
    { length: count },
    (_, n) => signal(forms[n % forms.length](5 + n * Math.SQRT2 % 10)),
  );
}

Deno.test("however often the rate is changed, arrivals are unit-exponential steps on the integral of all rates", () => {
  const test = testPool({ concurrency: Infinity });
  const rates = changes(12_000);
  const phantoms = background(test, rates[0], 0);
  const steps = [0];
  let before = 0;
  for (const [n, rate] of rates.entries()) {
    phantoms.follow(settings(rate, 0));
    // Some changes are made by the dial.
    if (n % 10 === 9) phantoms.override(n % 20);
    for (let time = 1; time <= 20; time++) {
      const arrived = phantoms.arrived;
      test.clock.advance(1);
      const now = n % 10 === 9 ? n % 20 * time : rate.integral(time);
      for (let k = arrived; k < phantoms.arrived; k++) {
        steps.push((before + now) / 1000);
      }
    }
    before += n % 10 === 9 ? n % 20 * 20 : rate.integral(20);
    phantoms.override(undefined);
  }
  const stream = createStream([1, 2], "arrivals");
  let expected = 0;
  for (let k = 0; k + 1 < steps.length; k++) {
    expected -= Math.log(stream.uniform(k));
    // An arrival is known to the ms, in which at most 0.02 arrivals are expected.
    ok(
      Math.abs(steps[k + 1] - expected) < 0.03,
      `${k}: ${steps[k + 1]}, ${expected}`,
    );
  }
  near(steps.length, before / 1000, 0.05);
  phantoms.stop();
});

Deno.test("a background that PATCH changes every 20 ms has as many arrivals as its rates say", async () => {
  await using test = await serve({
    db: {
      concurrency: 1000,
      background: { rate: "10/s", serviceTime: "1ms" },
    },
  }, [{ path: "/", limiter: "db" }]);
  const changes = 1000;
  for (let n = 0; n < changes; n++) {
    const { status } = await call(test.server, "/_perfmock/limiter/pools/db", {
      method: "PATCH",
      body: JSON.stringify({ background: { rate: n % 2 === 0 ? 11 : 9 } }),
    });
    equal(status, 200);
    test.clock.advance(20);
  }
  const [{ background }] = await pools(test);
  // 200 on average; the deviation of a Poisson count is its root.
  ok(Math.abs((background?.arrivals ?? 0) - 200) < 4 * Math.sqrt(200));
});

Deno.test("a background that rests every 20 ms has as many arrivals as in the time between", () => {
  const test = testPool({ concurrency: Infinity });
  const phantoms = background(test, constant(10), 0);
  for (let n = 0; n < 20_000; n++) {
    test.clock.advance(20);
    phantoms.follow(undefined);
    test.clock.advance(20);
    phantoms.follow(settings(constant(10), 0));
  }
  near(phantoms.arrived, 4000, 0.06);
  phantoms.stop();
});

Deno.test("an arrival whose time has come is not lost to a rate of 0", () => {
  const test = testPool({ concurrency: Infinity });
  const phantoms = background(test, constant(1), 0);
  const first = -1000 * Math.log(createStream([1, 2], "arrivals").uniform(0));
  let arrivedAt = NaN;
  test.clock.at(first, () => {
    // The phantom's own timer is set later than this one, and has not fired.
    phantoms.override(undefined);
    phantoms.follow(settings(constant(0), 0));
    arrivedAt = test.clock.now();
  }, undefined);
  phantoms.override(2);
  phantoms.override(undefined);
  test.clock.advance(first + 1);
  equal(arrivedAt, first);
  equal(phantoms.arrived, 1);
  phantoms.stop();
});

Deno.test("the phantoms of n replicas together are those of one server, at the same times, also where the rate changes", () => {
  const arrivals = (segment: Segment): string[] => {
    const test = testPool({ concurrency: Infinity });
    const seen: string[] = [];
    const made = new Background({
      pool: {
        ...test.pool,
        admit: (entrant, at, priority) => {
          seen.push(`${at}`);
          return test.pool.admit(entrant, at, priority);
        },
        release: (exchange, at) => test.pool.release(exchange, at),
      },
      clock: test.clock,
      segment,
      arrivals: createStream([1, 2], "arrivals"),
      service: createStream([1, 2], "service"),
    });
    made.follow(settings(constant(50), 3));
    test.clock.advance(2003);
    made.override(170);
    test.clock.advance(1001);
    made.override(undefined);
    test.clock.advance(2000);
    equal(made.arrived, seen.length);
    made.stop();
    return seen;
  };
  const whole = arrivals(WHOLE);
  ok(whole.length > 300);
  for (const count of [2, 3, 7]) {
    const parts = Array.from(
      { length: count },
      (_, index) => arrivals({ index, count }),
    );
    const sizes = parts.map(({ length }) => length);
    ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    deepEqual(
      parts.flat().toSorted((a, b) => Number(a) - Number(b)),
      whole,
    );
  }
});
