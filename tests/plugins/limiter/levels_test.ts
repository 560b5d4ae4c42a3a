import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  LONGEST_WINDOW,
  TimeWeighted,
} from "../../../plugins/limiter/levels.ts";
import { testPool, Visitor } from "./_pools.ts";
import { pools, serve } from "./_server.ts";

/** Integral of levels between two times, by brute force. */
function areaOf(
  changes: readonly (readonly [at: number, level: number])[],
  from: number,
  to: number,
): number {
  return changes.reduce((sum, [at, level], i) => {
    const end = Math.min(to, changes[i + 1]?.[0] ?? Infinity);
    return sum + level * Math.max(0, end - Math.max(at, from));
  }, 0);
}

Deno.test("TimeWeighted.recent() integrates over the window's whole seconds and the present one, for any levels", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.array(
        fc.record({
          after: fc.oneof(
            fc.integer({ min: 0, max: 3 }).map((n) => n * 1000),
            fc.double({ min: 0, max: 5000, noNaN: true }),
            fc.double({ min: 0, max: 200_000, noNaN: true }),
          ),
          level: fc.integer({ min: 0, max: 9 }),
        }),
        { maxLength: 200 },
      ),
      (start, list) => {
        const level = new TimeWeighted(0, start);
        const changes: [number, number][] = [[start, 0]];
        let now = start;
        for (const { after, level: next } of list) {
          now += after;
          level.set(next, now);
          changes.push([now, next]);
          for (const window of [10_000, 25_500, LONGEST_WINDOW]) {
            const { area, time } = level.recent(now, window);
            ok(time <= window + 1e-6);
            ok(time > Math.min(window - 1000, now - start) - 1e-6);
            const expected = areaOf(changes, now - time, now);
            ok(
              Math.abs(area - expected) <= 1e-6 * (1 + now),
              `${area} is not ${expected} at ${now}`,
            );
          }
        }
      },
    ),
    { seed: 42, numRuns: 200 },
  );
});

Deno.test("TimeWeighted.recent() reads ahead of the last change, and a change may then still lie before the reading", () => {
  const level = new TimeWeighted(1, 0);
  deepEqual(level.recent(2500, 10_000), { area: 2500, time: 2500 });
  level.set(3, 2000);
  deepEqual(level.recent(2500, 10_000), { area: 3500, time: 2500 });
  // Long after the last change the window has nothing but its level.
  deepEqual(level.recent(1e6, 10_000), { area: 30_000, time: 10_000 });
  equal(level.area(1e6), 2000 + 3 * (1e6 - 2000));
});

Deno.test("a pool's recent utilisation forgets what the cumulative one keeps", () => {
  const test = testPool({ concurrency: 2, capacity: 1 });
  const { pool: { figures }, clock } = test;
  const recent = (window: number) => figures.recent(clock.now(), window);
  deepEqual(recent(10_000), { seconds: 0, utilisation: 0, meanQueued: 0 });
  const [first, second, third] = [1, 2, 3].map(() => new Visitor(test));
  clock.advance(20_000);
  deepEqual(recent(10_000), { seconds: 10, utilisation: 1, meanQueued: 1 });
  for (const one of [first, second, third]) one.finish(clock.now());
  clock.advance(5000);
  deepEqual(recent(10_000), { seconds: 10, utilisation: 0.5, meanQueued: 0.5 });
  deepEqual(recent(60_000), { seconds: 25, utilisation: 0.8, meanQueued: 0.8 });
  clock.advance(10_000);
  deepEqual(recent(10_000), { seconds: 10, utilisation: 0, meanQueued: 0 });
  clock.advance(65_000);
  deepEqual(recent(60_000), { seconds: 60, utilisation: 0, meanQueued: 0 });
  ok(figures.counts(clock.now()).utilisation > 0.19);
});

Deno.test("the utilisation of a pool that gets a limit, or another one, is the share of the places there were", () => {
  const test = testPool({ concurrency: Infinity });
  const { pool, clock } = test;
  new Visitor(test);
  clock.advance(5000);
  const shares = () => [
    pool.figures.counts(clock.now()).utilisation,
    pool.figures.recent(clock.now(), 10_000).utilisation,
  ];
  deepEqual(shares(), [0, 0]);
  pool.resize(2, 0);
  clock.advance(2000);
  deepEqual(shares(), [0.5, 0.5]);
  equal(pool.figures.recentUtilisation(clock.now()), 0.5);
  pool.resize(4, 0);
  clock.advance(2000);
  deepEqual(shares(), [1 / 3, 1 / 3]);
  pool.resize(Infinity, 0);
  clock.advance(2000);
  deepEqual(shares(), [0, 0]);
});

Deno.test("GET limiter/pools has the means of the last 10 s and the last minute, which begin afresh at a reset", async () => {
  await using test = await serve(
    { db: { concurrency: 1, queue: 1 } },
    [{ path: "/", limiter: "db", serviceTime: "20s" }],
  );
  const { response } = await test.request("/");
  await response.body?.cancel();
  test.clock.advance(10_000);
  const [{ utilisation, last10s, last1m }] = await pools(test);
  equal(utilisation, 2 / 3);
  deepEqual(last10s, { seconds: 10, utilisation: 0, meanQueued: 0 });
  deepEqual(last1m, { seconds: 30, utilisation: 2 / 3, meanQueued: 0 });
  test.server.reset();
  test.clock.advance(500);
  const [{ last1m: afresh }] = await pools(test);
  deepEqual(afresh, { seconds: 0.5, utilisation: 0, meanQueued: 0 });
});
