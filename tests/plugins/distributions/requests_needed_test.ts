/** The number of requests that a measured percentile needs, against sums over all outcomes. */
import { equal, ok } from "node:assert/strict";
import {
  atLeast,
  numberNeeded,
  type Reading,
  requestsNeeded,
} from "../../../plugins/distributions/_requests_needed.ts";
import { complete } from "../../../core/distribution/complete.ts";
import { compile } from "./_compile.ts";

/** P(Bin(n, p) ≥ k), by the convolution of one draw after the other: no formula in common with the code. */
function convolved(n: number, p: number): Float64Array {
  const exactly = new Float64Array(n + 1);
  exactly[0] = 1;
  for (let draws = 1; draws <= n; draws++) {
    for (let k = draws; k > 0; k--) {
      exactly[k] = exactly[k] * (1 - p) + exactly[k - 1] * p;
    }
    exactly[0] *= 1 - p;
  }
  for (let k = n; k > 0; k--) exactly[k - 1] += exactly[k];
  return exactly;
}

Deno.test("atLeast() equals the convolution of single draws", () => {
  for (const p of [0.001, 0.3, 0.5, 0.93, 0.9999]) {
    for (const n of [1, 2, 17, 300]) {
      const wanted = convolved(n, p);
      for (let k = 1; k <= n; k++) {
        const error = Math.abs(atLeast(k, n, p) - wanted[k]);
        ok(error < 1e-12, `${k} of ${n} at ${p}: ${error}`);
      }
    }
  }
  equal(atLeast(1, 5, 0), 0);
  equal(atLeast(5, 5, 1), 1);
});

/** The last number of draws up to a limit for which the percentile is not certain enough, plus 1. */
function bruteForce({ p, below, reached }: Reading, limit: number): number {
  const whole = Math.round(p * 1000);
  /** P(Bin ≥ k) for one n after the other. */
  const tails = (share: number) => {
    let exactly = new Float64Array([1]);
    return (n: number, k: number): number => {
      const next = new Float64Array(n + 1);
      for (let i = 0; i < n; i++) {
        next[i] += exactly[i] * (1 - share);
        next[i + 1] += exactly[i] * share;
      }
      exactly = next;
      return exactly.subarray(k).reduce((sum, x) => sum + x, 0);
    };
  };
  const [low, high] = [tails(below), tails(reached)];
  let needed = 1;
  for (let n = 1; n <= limit; n++) {
    const k = Math.ceil(whole * n / 1000);
    if (high(n, k) - low(n, k) < 0.95) needed = n + 1;
  }
  return needed;
}

for (
  const reading of [
    { p: 0.99, below: 0.9502, reached: 1 },
    { p: 0.99, below: 0.5, reached: 1 },
    { p: 0.99, below: 0.96, reached: 0.9999 },
    { p: 0.99, below: 0.9, reached: 0.9999 },
    { p: 0.95, below: 0, reached: 0.99 },
    { p: 0.95, below: 0.9, reached: 1 },
    { p: 0.95, below: 0.9, reached: 0.98 },
    { p: 0.5, below: 0.4, reached: 0.6 },
    { p: 0.5, below: 0.45, reached: 0.9 },
    { p: 0.5, below: 0, reached: 0.6 },
    { p: 0.5, below: 0, reached: 0.96 },
    { p: 0.5, below: 0, reached: 0.9 },
    { p: 0.5, below: 0, reached: 1 },
  ]
) {
  Deno.test(`numberNeeded() of ${JSON.stringify(reading)} is the last number that does not suffice, plus 1`, () => {
    equal(numberNeeded(reading), bruteForce(reading, 1200));
  });
}

Deno.test("requestsNeeded() is exact at the end of a distribution and within an atom", () => {
  // The greatest of n is at least 19.502: 1 − 0.9502^n ≥ 0.95
  equal(requestsNeeded(compile({ uniform: { min: 10, max: 20 } }), 0.99), 59);
  const poisson = compile({ poisson: { mean: 10 } });
  const needed = requestsNeeded(poisson, 0.99) ?? NaN;
  const reading = {
    p: 0.99,
    below: poisson.cdf(17),
    reached: poisson.cdf(18),
  };
  equal(needed, numberNeeded(reading));
  ok(needed > 3000 && needed < 3600, `${needed}`);
  equal(requestsNeeded(compile("120ms"), 0.99), 1);
  equal(requestsNeeded(compile("0ms"), 0.5), 1);
});

Deno.test("requestsNeeded() of a smooth distribution agrees with the asymptotic formula and the literature", () => {
  const exponential = compile({ exponential: { mean: 30 } });
  for (const p of [0.5, 0.95, 0.99]) {
    // n = p(1−p)·(1.96/(0.02·q·f))², for the exponential q·f = −ln(1−p)·(1−p)
    const wanted = p / (1 - p) *
      (1.959963984540054 / (0.02 * -Math.log1p(-p))) ** 2;
    const needed = requestsNeeded(exponential, p) ?? NaN;
    ok(Math.abs(needed / wanted - 1) < 0.004, `${p}: ${needed}, ${wanted}`);
  }
  const lognormal = compile({ lognormal: { median: 120, sigma: 1 } });
  const needed = requestsNeeded(lognormal, 0.99) ?? NaN;
  ok(Math.abs(needed / 133_852 - 1) < 0.004, `${needed}`);
});

Deno.test("requestsNeeded() is null in a gap, beyond a billion requests, and without a quantile function", () => {
  const gap = compile({ bimodal: { fast: 1, slow: 9, slowShare: 0.5 } });
  equal(requestsNeeded(gap, 0.5), null);
  const steep = compile({ pareto: { alpha: 0.1, min: 1 } });
  equal(requestsNeeded(steep, 0.9999), null);
  const sampled = complete("sampled", { sample: (next) => next() });
  equal(requestsNeeded(sampled, 0.5), null);
});

Deno.test("numberNeeded() accepts a percentile without a short period", () => {
  const reading = { p: 0.98765, below: 0.9, reached: 1 };
  const needed = numberNeeded(reading) ?? NaN;
  ok(needed > 20 && needed < 1000, `${needed}`);
});
