import { deepEqual, equal, ok } from "node:assert/strict";
import { cellsOf } from "../../../../plugins/importer/statistics/durations.ts";
import {
  gammaShape,
  sumsOf,
  weibullEstimate,
} from "../../../../plugins/importer/statistics/estimates.ts";
import { PARAMETRIC } from "../../../../plugins/importer/statistics/families.ts";
import {
  andersonDarling,
  distanceOfValues,
} from "../../../../plugins/importer/statistics/goodness.ts";
import { measuredCells } from "../../../../plugins/importer/statistics/measured_cells.ts";
import reference from "../../../reference/fitting.json" with { type: "json" };
import { compile, tools } from "../_tools.ts";

/** Asserts that numbers are equal but for a relative difference. */
function close(actual: number, expected: number, tolerance: number, what = "") {
  const off = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  ok(off <= tolerance, `${what}: ${actual} is not ${expected}`);
}

for (const { name, values, families } of reference.samples) {
  const sorted = Float64Array.from(values);
  const sums = sumsOf(sorted);
  for (const family of PARAMETRIC) {
    const expected = families[family.name as keyof typeof families];
    Deno.test(`Maximum likelihood, its logarithm, KS and A² of ${family.name} are the golden numbers: sample "${name}"`, () => {
      const vector = family.likeliest(sums);
      vector.forEach((value, i) =>
        close(value, expected.vector[i], 1e-11, `parameter ${i}`)
      );
      close(
        family.logLikelihood(vector, sums),
        expected.logLikelihood,
        1e-11,
        "ln L",
      );
      // The normal family of settings is truncated at 0, which changes it where it is near.
      if (family.name === "normal" && name !== "narrow") return;
      const distribution = compile({
        [family.name]: family.parameters(vector),
      });
      close(distanceOfValues(sorted, distribution), expected.ks, 1e-10, "KS");
      if ("ad" in expected) {
        close(andersonDarling(sorted, distribution), expected.ad, 1e-9, "A²");
      }
    });
  }
}

for (const [name, expected] of Object.entries(reference.grouped.families)) {
  Deno.test(`Maximum likelihood of ${name} from buckets is the golden number`, () => {
    const family = PARAMETRIC.find((one) => one.name === name);
    ok(family);
    const buckets = reference.grouped.cells.map(([low, high, count]) => ({
      low,
      high,
      count,
    }));
    const { vector, logLikelihood } =
      measuredCells(buckets, tools).estimate(family, tools) ??
        { vector: [], logLikelihood: NaN };
    equal(vector.length, family.size);
    close(logLikelihood, expected.logLikelihood, 1e-10, "ln L");
    vector.forEach((value, i) =>
      close(value, expected.vector[i], 2e-6, `parameter ${i}`)
    );
  });
}

Deno.test("gammaShape() solves its equation from tiny to huge shapes", () => {
  // ln k − ψ(k) is about 1/(2k) for large k, and 1/k for small ones.
  close(gammaShape(5e-5) * 1e-4, 1, 2e-4);
  ok(gammaShape(50) > 0.015 && gammaShape(50) < 0.025);
});

Deno.test("weibullEstimate() survives durations that differ by a factor of 1e12", () => {
  const sorted = Float64Array.from([1e-6, 1, 1e3, 1e6]);
  const { shape, scale } = weibullEstimate(sumsOf(sorted));
  ok(shape > 0.05 && shape < 0.3, `${shape}`);
  ok(scale > 1 && scale < 1e6, `${scale}`);
});

Deno.test("cellsOf() leaves empty buckets out and counts on either side", () => {
  deepEqual(
    cellsOf([
      { low: 0, high: 1, count: 0 },
      { low: 1, high: 2, count: 3 },
      { low: 2, high: 4, count: 0 },
      { low: 4, high: Infinity, count: 1 },
    ]),
    [
      { low: 1, high: 2, count: 3, below: 0, above: 1 },
      { low: 4, high: Infinity, count: 1, below: 3, above: 0 },
    ],
  );
});
