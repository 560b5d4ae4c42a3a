import { deepEqual, equal, ok } from "node:assert/strict";
import { criticalPath, isRanked, isSeparated, OneAtATime } from "./rankings.ts";

const narrow = (value: number) => ({ low: value - 0.1, high: value + 0.1 });

Deno.test("isSeparated() wants intervals apart where the truths are", () => {
  equal(isSeparated([1, 1, 0].map(narrow), [1, 1, 0]), true);
  equal(isSeparated([1, 0.15, 0].map(narrow), [1, 1, 0]), false);
  equal(isSeparated([0, 0].map(narrow), [0, 0]), true);
  equal(isSeparated([{ low: -1, high: 1 }, narrow(0)], [0, 0]), false);
});

Deno.test("isRanked() compares values of routes whose truths differ", () => {
  equal(isRanked([300, 20, 0], [3, 1, 0]), true);
  equal(isRanked([300, 0, 0], [1, 1, 0]), false);
  equal(isRanked([0, 20, 300], [3, 1, 0]), false);
  equal(isRanked([0, 0], [0, 0]), true);
  equal(isRanked([10, 0], [0, 0]), false);
});

Deno.test("OneAtATime gives differences of means, in ms per ms, with intervals", () => {
  const rounds = new OneAtATime(2, 100);
  for (const noise of [-1, 0, 1]) {
    rounds.add(0, 600 + noise);
    rounds.add(1, 500 + noise);
    rounds.add(2, 500 + noise);
  }
  const [first, second] = rounds.slopes();
  // The deviation is 1 ms, and Student's t with 6 degrees of freedom at 95 % is 2.4469.
  const half = 2.4469 * Math.sqrt(2 / 3) / 100;
  ok(Math.abs(first.low - (1 - half)) < 1e-5, `${first.low}`);
  ok(Math.abs(first.high - (1 + half)) < 1e-5, `${first.high}`);
  ok(Math.abs(second.low + half) < 1e-5, `${second.low}`);
  deepEqual(rounds.order(() => 0).sort(), [0, 1, 2]);
});

Deno.test("OneAtATime knows nothing after one round", () => {
  const rounds = new OneAtATime(1, 100);
  rounds.add(0, 600);
  rounds.add(1, 500);
  deepEqual(rounds.slopes(), [{ low: -Infinity, high: Infinity }]);
});

Deno.test("criticalPath() goes back from the figure to the request that ended last before", () => {
  const request = (path: string, startMs: number, endMs: number) => ({
    url: `http://127.0.0.1${path}`,
    startMs,
    endMs,
  });
  const path = criticalPath({
    figure: 420,
    requests: [
      request("/", 0, 100),
      request("/api/slow/1", 101, 300),
      request("/api/fast", 101, 150),
      request("/api/slow/2", 301, 410),
      request("/api/later", 300, 600),
      request("/elsewhere", 100, 101),
    ],
  }, [
    { id: "page", path: "/" },
    { id: "slow", path: "/api/slow/:n" },
    { id: "fast", path: "/api/fast" },
    { id: "later", path: "/api/later" },
  ]);
  deepEqual(Object.fromEntries(path), { page: 100, slow: 308 });
});
