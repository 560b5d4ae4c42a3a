import { deepEqual, equal, ok } from "node:assert/strict";
import { bootstrapMultiples } from "../../../../plugins/bottleneck_finder/statistics/bootstrap.ts";
import { huber } from "../../../../plugins/bottleneck_finder/statistics/huber.ts";
import { resampler } from "../../../../plugins/bottleneck_finder/statistics/random.ts";
import { studentQuantile } from "../../../../plugins/bottleneck_finder/statistics/student.ts";
import { fitOf, matrix, order, ROWS, strata } from "./_blocks.ts";

Deno.test("bootstrapMultiples(): for normal noise the interval is as wide as Student's, on average", () => {
  const student = studentQuantile(0.95, ROWS - 7);
  let sum = 0;
  for (let seed = 0; seed < 8; seed++) {
    sum += bootstrapMultiples(matrix, fitOf(seed), order)[0];
  }
  ok(Math.abs(sum / 8 / student - 1) < 0.05, `${sum / 8} of ${student}`);
});

Deno.test("bootstrapMultiples(): the same seed gives the same interval", () => {
  const fit = fitOf(1);
  const first = bootstrapMultiples(matrix, fit, order);
  deepEqual(bootstrapMultiples(matrix, fit, order), first);
  const other = bootstrapMultiples(matrix, fit, { ...order, seed: 0.4 });
  ok(other[0] !== first[0]);
});

Deno.test("bootstrapMultiples(): without noise the interval has no width", () => {
  const fit = huber(
    matrix,
    Float64Array.from(strata, (_, at) => at % 2 === 0 ? 0 : 64),
  );
  const [multiple] = bootstrapMultiples(matrix, fit, order);
  ok(multiple * fit.errors[6] < 1e-6);
});

Deno.test("resampler() draws all numbers below its bound equally often", () => {
  const below = resampler(0.7);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 50_000; i++) counts[below(5)]++;
  const squares = counts.reduce((sum, n) => sum + (n - 10_000) ** 2, 0);
  ok(squares / 10_000 < 18.5, counts.join());
  equal(resampler(0.2)(1), 0);
});
