import { deepEqual, equal, ok } from "node:assert/strict";
import { bootstrapMultiples } from "../../../../plugins/bottleneck_finder/statistics/bootstrap.ts";
import { huber } from "../../../../plugins/bottleneck_finder/statistics/huber.ts";
import { SparseMatrix } from "../../../../plugins/bottleneck_finder/statistics/linear.ts";
import { resampler } from "../../../../plugins/bottleneck_finder/statistics/random.ts";
import { studentQuantile } from "../../../../plugins/bottleneck_finder/statistics/student.ts";
import { NOISES, uniforms } from "../../../support/synthetic_pages.ts";

const ROWS = 48;
const strata = Array.from({ length: ROWS }, (_, at) => Math.floor(at / 8));
const matrix = new SparseMatrix(
  strata.map((stratum, at) => ({
    columns: at % 2 === 0 ? [stratum] : [stratum, 6],
  })),
  7,
);

function fitOf(seed: number, noise = NOISES.gaussian) {
  const next = uniforms(seed);
  const values = strata.map((_, at) => noise(1000 + 50 * (at % 2), at, next));
  return huber(matrix, Float64Array.from(values));
}

const order = { columns: [6], confidence: 0.95, seed: 0.3 };

Deno.test("bootstrapMultiples(): for normal noise the interval is as wide as Student's, on average", () => {
  const student = studentQuantile(0.95, ROWS - 7);
  let sum = 0;
  for (let seed = 0; seed < 40; seed++) {
    sum += bootstrapMultiples(matrix, fitOf(seed), order)[0];
  }
  ok(Math.abs(sum / 40 / student - 1) < 0.03, `${sum / 40} of ${student}`);
});

Deno.test("bootstrapMultiples(): the same seed gives the same interval", () => {
  const fit = fitOf(1);
  const first = bootstrapMultiples(matrix, fit, order);
  deepEqual(bootstrapMultiples(matrix, fit, order), first);
  const other = bootstrapMultiples(matrix, fit, { ...order, seed: 0.4 });
  ok(other[0] !== first[0]);
});

Deno.test("bootstrapMultiples(): 95 % of the intervals contain the truth, also with outliers and heavy tails", () => {
  for (const name of ["gaussian", "outliers", "heavy-tailed", "frames"]) {
    let covered = 0;
    const samples = 400;
    for (let seed = 0; seed < samples; seed++) {
      const fit = fitOf(1000 + seed, NOISES[name]);
      const [multiple] = bootstrapMultiples(matrix, fit, {
        ...order,
        resamples: 199,
      });
      const away = Math.abs(fit.coefficients[6] - 50);
      if (away <= multiple * fit.errors[6]) covered++;
    }
    const share = covered / samples;
    ok(share > 0.925 && share < 0.98, `${name}: ${share}`);
  }
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
