import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Exchange } from "../../../core/plugin.ts";
import {
  PARTITION_BYTES,
  Partitions,
  RateLimit,
  type RateLimitSettings,
} from "../../../plugins/limiter/rate_limit.ts";
import {
  ALGORITHMS,
  FixedWindow,
  type Meter,
  type Quota,
  SlidingWindow,
  TokenBucket,
} from "../../../plugins/limiter/rate_limit_algorithms.ts";

const METERS: Readonly<Record<string, new (quota: Quota) => Meter>> = {
  "token-bucket": TokenBucket,
  "sliding-window": SlidingWindow,
  "fixed-window": FixedWindow,
};

/** Ten requests per second. */
const QUOTA: Quota = { burst: 10, window: 1000 };

function takeAll(meter: Meter, now: number): number {
  let taken = 0;
  while (meter.take(1, now) === 0) taken++;
  return taken;
}

Deno.test("a token bucket lets its burst through, then one request per new token", () => {
  const meter = new TokenBucket(QUOTA);
  deepEqual(meter.standing(0), { remaining: 10, next: 0 });
  equal(takeAll(meter, 0), 10);
  equal(meter.take(1, 0), 100);
  equal(meter.take(3, 0), 300);
  equal(takeAll(meter, 99), 0);
  equal(takeAll(meter, 100), 1);
  equal(takeAll(meter, 450), 3);
  deepEqual(meter.standing(475), { remaining: 0, next: 25 });
  equal(takeAll(meter, 5000), 10, "no more than the burst is saved");
});

Deno.test("a fixed window starts afresh at multiples of its length", () => {
  const meter = new FixedWindow(QUOTA);
  equal(takeAll(meter, 250), 10);
  equal(meter.take(1, 250), 750);
  deepEqual(meter.standing(900), { remaining: 0, next: 100 });
  equal(takeAll(meter, 999), 0);
  deepEqual(meter.standing(1000), { remaining: 10, next: 0 });
  equal(takeAll(meter, 1000), 10, "twice the burst around the boundary");
});

Deno.test("a sliding window lets no more than its burst through in any window", () => {
  const meter = new SlidingWindow(QUOTA);
  for (let n = 0; n < 10; n++) equal(meter.take(1, n * 50), 0);
  equal(meter.take(1, 500), 500);
  equal(meter.take(4, 500), 650, "the fourth oldest has to leave");
  deepEqual(meter.standing(1100), { remaining: 3, next: 50 });
  equal(takeAll(meter, 1100), 3);
  equal(meter.take(1, 1100), 50);
});

for (const [name, Kind] of Object.entries(METERS)) {
  Deno.test(`${name}: a retry at the named time passes, an earlier one does not, and a refusal takes nothing`, () => {
    const quota = fc.record({
      burst: fc.integer({ min: 1, max: 20 }),
      window: fc.double({ min: 1, max: 1e5, noNaN: true }),
    });
    const gaps = fc.array(
      fc.record({
        gap: fc.double({ min: 0, max: 3e4, noNaN: true }),
        cost: fc.nat(19),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(quota, gaps, (quota, gaps) => {
        const meter = new Kind(quota);
        let now = 0;
        for (const { gap, cost: any } of gaps) {
          const cost = 1 + any % quota.burst;
          now += gap;
          const wait = meter.take(cost, now);
          if (wait === 0) continue;
          ok(wait > 0 && wait <= quota.window * (1 + 1e-9), `${wait}`);
          const standing = meter.standing(now);
          ok(standing.remaining < cost && standing.remaining >= 0);
          const { remaining, next } = standing;
          ok(next > 0, "something is missing, so there will be more");
          ok(meter.standing(now + next + 0.001).remaining > remaining);
          if (next > 0.02) {
            // A window may begin early by the tolerance of a microsecond.
            equal(meter.standing(now + next - 0.01).remaining, remaining);
          }
          if (wait > 0.02) {
            ok(meter.take(cost, now + wait - 0.01) > 0, "too early");
          }
          now += wait;
          equal(meter.take(cost, now), 0, "as told");
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
}

Deno.test("token bucket and sliding window keep the average rate over a long time", () => {
  for (const Kind of [TokenBucket, SlidingWindow, FixedWindow]) {
    const meter = new Kind(QUOTA);
    let passed = 0;
    for (let now = 0; now < 100_000; now += 7) {
      if (meter.take(1, now) === 0) passed++;
    }
    ok(passed >= 990 && passed <= 1010, `${Kind.name} ${passed}`);
  }
});

Deno.test("Partitions keep one meter per key and drop the least recently used", () => {
  const partitions = new Partitions(() =>
    new TokenBucket({ burst: 1, window: 1e9 })
  );
  equal(partitions.of("a").take(1, 0), 0);
  ok(partitions.of("a").take(1, 0) > 0);
  equal(partitions.of("b").take(1, 0), 0);
  for (let n = 0, before = 0; partitions.bytes >= before; n++) {
    before = partitions.bytes;
    partitions.of(`${n}`);
    partitions.of("a");
  }
  ok(partitions.bytes <= PARTITION_BYTES);
  ok(partitions.of("a").take(1, 0) > 0, "used all the time");
  equal(partitions.of("b").take(1, 0), 0, "was forgotten");
});

const SETTINGS: RateLimitSettings = {
  rate: 2,
  burst: 3,
  algorithm: "token-bucket",
  per: "pool",
  cost: 1,
  status: 429,
  retryAfterAs: "seconds",
};

function exchange(start: number, header: string | null = null): Exchange {
  return { start, header: () => header } as unknown as Exchange;
}

function limitFor(settings: Partial<RateLimitSettings>): RateLimit {
  return new RateLimit(
    'd"b é',
    { ...SETTINGS, ...settings },
    (exchange) => `client ${exchange.header("x")}`,
  );
}

Deno.test("a refusal names the exact time of a retry, in the headers of the IETF draft", () => {
  const limit = limitFor({}).bind("r");
  for (let n = 0; n < 3; n++) equal(limit.check(exchange(0)), undefined);
  deepEqual(limit.check(exchange(100)), {
    reason: "rate_limited",
    status: 429,
    retryAfter: 0.4,
    headers: {
      "ratelimit-policy": '"d\\"b ?";q=3;w=2',
      "ratelimit": '"d\\"b ?";r=0;t=1',
    },
  });
  equal(limit.headers(exchange(0), 1000).ratelimit, '"d\\"b ?";r=2;t=1');
  equal(
    limit.headers(exchange(0), 9000).ratelimit,
    '"d\\"b ?";r=3',
    "there is nothing to wait for",
  );
});

Deno.test("seconds are rounded up, but a rounding error adds no second", () => {
  const limit = limitFor({ rate: 1, burst: 7 }).bind("r");
  for (let n = 0; n < 7; n++) equal(limit.check(exchange(0.1)), undefined);
  const refusal = limit.check(exchange(0.1));
  deepEqual([refusal?.retryAfter, refusal?.headers?.ratelimit], [
    1,
    '"d\\"b ?";r=0;t=1',
  ]);
});

for (const algorithm of ALGORITHMS) {
  Deno.test(`${algorithm}: a limit counts per pool, route, header value or client`, () => {
    const pass = (
      limit: RateLimit,
      [route, header]: readonly [string, string | null],
    ) => limit.bind(route).check(exchange(0, header)) === undefined;
    const visits = [["a", "1"], ["a", "2"], ["b", "1"], ["a", "1"]] as const;
    const passed = (per: RateLimitSettings["per"]) => {
      const limit = limitFor({ per, burst: 1, algorithm });
      return visits.map((visit) => pass(limit, visit));
    };
    deepEqual(passed("pool"), [true, false, false, false]);
    deepEqual(passed("route"), [true, false, true, false]);
    deepEqual(passed("client"), [true, true, false, false]);
    deepEqual(passed({ header: "x" }), [true, true, false, false]);
    const limit = limitFor({ per: { header: "x" }, burst: 1 });
    ok(pass(limit, ["a", null]));
    ok(!pass(limit, ["a", null]), "who sends no header shares one");
  });
}

Deno.test("a cost takes several units at once", () => {
  const limit = limitFor({ cost: 2 }).bind("r");
  equal(limit.check(exchange(0)), undefined);
  equal(limit.check(exchange(0))?.retryAfter, 0.5);
});
