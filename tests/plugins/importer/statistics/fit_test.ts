import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  type Candidate,
  describeDurations,
  type Durations,
  type Fit,
  fitDurations,
  fitInWords,
} from "../../../../plugins/importer/statistics/fit.ts";
import { compile, draws, evenly, KNOWN, tools } from "../_tools.ts";

/** Boundaries of perfmock's own histograms, in ms. */
const BOUNDARIES = [
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000],
];

/** Boundaries that divide each octave in four, as a native histogram of schema 2 does. */
const FINE = Array.from({ length: 80 }, (_, i) => 2 ** (i / 4 - 2));

/** Counts of values by boundaries. */
function bucketed(
  values: Float64Array,
  boundaries: readonly number[],
): Durations {
  const ends = [...boundaries, Infinity];
  const counts = ends.map(() => 0);
  for (const value of values) counts[ends.findIndex((end) => value <= end)]++;
  return {
    kind: "buckets",
    buckets: ends.map((high, i) => ({
      low: ends[i - 1] ?? 0,
      high,
      count: counts[i],
    })),
  };
}

/** Exact percentiles of a distribution. */
function percentilesOf(
  written: unknown,
  probabilities: readonly number[],
): Durations {
  const { quantile } = compile(written);
  return {
    kind: "percentiles",
    points: probabilities.map((probability) => ({
      probability,
      value: quantile(probability),
    })),
  };
}

/** The largest relative difference of two distributions' quantiles between two probabilities. */
function farthest(a: unknown, b: unknown, from = 0.05, to = 0.995): number {
  const [one, other] = [compile(a), compile(b)];
  let most = 0;
  for (let i = 0; i <= 200; i++) {
    const u = from + (to - from) * i / 200;
    most = Math.max(most, Math.abs(one.quantile(u) / other.quantile(u) - 1));
  }
  return most;
}

function candidateOf(fit: Fit, family: string): Candidate {
  const found = fit.parametric.find((one) => one.family === family);
  ok(found, `${family} among ${fit.parametric.map((one) => one.family)}`);
  return found;
}

for (const [family, written] of Object.entries(KNOWN)) {
  Deno.test(`20 000 durations of ${family} give it back: p25 to p99.5 within 3 %, first by AIC, not rejected`, () => {
    const fit = fitDurations(
      { kind: "values", values: draws(written, 20_000) },
      tools,
    );
    // A gamma or Weibull distribution of shape 1 is an exponential one: it may win by a hair.
    const { score = NaN } = candidateOf(fit, family);
    ok(score - (fit.parametric[0].score ?? NaN) < 4, `${score}`);
    for (const { distribution } of [candidateOf(fit, family), fit.best]) {
      const off = farthest(distribution, written, 0.25);
      ok(off < 0.03, `off by ${off}`);
    }
    const { chance } = candidateOf(fit, family);
    ok(chance === undefined || chance.high > 0.01, JSON.stringify(chance));
    equal(fit.count, 20_000);
    match(fit.reason, new RegExp(`^${fit.best.family}: all compared`));
  });

  Deno.test(`The usual buckets of ${family} give it back: its percentiles within 1 %`, () => {
    const boundaries = family === "normal" ? FINE : BOUNDARIES;
    const fit = fitDurations(
      bucketed(evenly(written, 100_000), boundaries),
      tools,
    );
    equal(candidateOf(fit, family), fit.parametric[0]);
    const off = farthest(candidateOf(fit, family).distribution, written);
    ok(off < 0.01, `off by ${off}`);
  });

  Deno.test(`Percentiles of ${family} give it back: within 0.1 %, first of all families`, () => {
    const fit = fitDurations(
      percentilesOf(written, [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]),
      tools,
    );
    ok((candidateOf(fit, family).score ?? NaN) < 1e-3);
    const off = farthest(candidateOf(fit, family).distribution, written);
    ok(off < 1e-3, `off by ${off}`);
    ok((fit.best.score ?? NaN) < 0.01, `${fit.best.family}`);
  });
}

for (const family of ["lognormal", "exponential", "gamma", "weibull"]) {
  Deno.test(`The non-parametric percentiles of ${family} are within 2 % anywhere between them`, () => {
    const candidate = describeDurations(
      percentilesOf(KNOWN[family], [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]),
      tools,
    );
    equal(candidate.family, "percentiles");
    const off = farthest(candidate.distribution, KNOWN[family], 0.5, 0.999);
    ok(off < 0.02, `off by ${off}`);
  });

  Deno.test(`The non-parametric curve of 100 000 durations of ${family} is within 0.5 % of all durations, and its percentiles within 2 %`, () => {
    const candidate = describeDurations(
      { kind: "values", values: evenly(KNOWN[family], 100_000) },
      tools,
    );
    equal(candidate.family, "percentiles");
    ok(candidate.ks < 0.006, `${candidate.ks}`);
    const off = farthest(candidate.distribution, KNOWN[family], 0.01, 0.999);
    ok(off < 0.02, `off by ${off}`);
  });
}

Deno.test("Two peaks are described by the curve, and no family is recommended", () => {
  const fit = fitDurations({
    kind: "values",
    values: evenly({
      bimodal: {
        fast: { lognormal: { median: "4ms", p99: "9ms" } },
        slow: { normal: { mean: "300ms", sd: "20ms" } },
        slowShare: 0.3,
      },
    }, 10_000),
  }, tools);
  equal(fit.best, fit.nonParametric);
  ok(fit.best.ks < 0.02, `${fit.best.ks}`);
  match(fit.reason, /^percentiles: no parametric family describes/);
  match(fit.reason, /too (low|high)/);
});

Deno.test("Equal durations are a constant", () => {
  const fit = fitDurations(
    { kind: "values", values: Float64Array.of(12.5, 12.5, 12.5) },
    tools,
  );
  deepEqual(fit.best.distribution, "12.5ms");
  equal(fit.best.family, "constant");
  equal(fit.best.ks, 0);
  equal(fit.reason, "All durations are equal");
  deepEqual(fit.parametric, []);
  const points = [0.5, 0.9].map((probability) => ({ probability, value: 7 }));
  equal(
    fitDurations({ kind: "percentiles", points }, tools).best.distribution,
    "7ms",
  );
});

Deno.test("Few durations are listed one by one, and it is said how little they tell", () => {
  const values = draws(KNOWN.lognormal, 30);
  const fit = fitDurations({ kind: "values", values }, tools);
  equal(fit.nonParametric.family, "empirical");
  match(fit.unknown.join("\n"), /only 30 durations/);
  match(fit.unknown.join("\n"), /Beyond p50, too few/);
  // Nothing contradicts the family that they come from.
  ok(fit.best.method !== "non-parametric", fit.reason);
});

Deno.test("Of fewer than 30 durations no family is recommended, as any explains them", () => {
  for (const count of [2, 3, 8, 29]) {
    const values = draws(KNOWN.lognormal, count);
    const fit = fitDurations({ kind: "values", values }, tools);
    equal(fit.best, fit.nonParametric);
    match(fit.reason, /of fewer than 30 durations no family can be told/);
  }
  const one = fitDurations(
    { kind: "values", values: new Float64Array([7]) },
    tools,
  );
  match(one.unknown.join("\n"), /There is only one duration/);
});

Deno.test("Durations in whole ms are counted in buckets of 1 ms, and give their distribution back", () => {
  const written = { lognormal: { median: "3ms", p99: "20ms" } };
  const values = draws(written, 50_000).map(Math.round);
  const fit = fitDurations({ kind: "values", values }, tools);
  const found = candidateOf(fit, "lognormal");
  equal(fit.parametric[0], found);
  const off = farthest(found.distribution, written);
  ok(off < 0.03, `off by ${off}`);
});

Deno.test("Durations of 0 among exact ones are no reason to fail", () => {
  const values = draws(KNOWN.exponential, 5000);
  values[0] = 0;
  values[1] = 0;
  const fit = fitDurations({ kind: "values", values }, tools);
  equal(fit.count, 5000);
  ok(fit.nonParametric.ks < 0.02);
});

Deno.test("Rates of counters, whose total is unknown, are fitted as shares", () => {
  const { kind, buckets } = bucketed(
    evenly(KNOWN.lognormal, 10_000),
    BOUNDARIES,
  ) as Extract<Durations, { kind: "buckets" }>;
  const fit = fitDurations({
    kind,
    buckets: buckets.map((bucket) => ({
      ...bucket,
      count: bucket.count / 30_011,
    })),
  }, tools);
  equal(fit.count, undefined);
  ok(
    farthest(candidateOf(fit, "lognormal").distribution, KNOWN.lognormal) <
      0.01,
  );
  match(fit.unknown.join("\n"), /number of durations is not known/);
  match(fitInWords(fit), /from durations of unknown number: KS/);
});

Deno.test("All durations in one bucket leave every family open, and it is said", () => {
  const fit = fitDurations({
    kind: "buckets",
    buckets: [
      { low: 100, high: 250, count: 500 },
      { low: 250, high: Infinity, count: 0 },
    ],
  }, tools);
  equal(fit.best.family, "histogram");
  match(fit.reason, /no parametric family could be estimated/);
  match(fit.unknown.join("\n"), /100 % of the durations lie in one bucket/);
});

Deno.test("Durations beyond the last boundary are counted as unknown", () => {
  const fit = fitDurations(
    bucketed(evenly(KNOWN.lognormal, 10_000), [50, 100, 200, 300]),
    tools,
  );
  match(
    fit.unknown.join("\n"),
    /% of the durations lie beyond the last boundary, 300 ms/,
  );
  ok(fit.best.tail.every(({ probability }) => probability <= 0.9));
});

Deno.test("A family that is not installed is not tried", () => {
  const fit = fitDurations(
    { kind: "values", values: draws(KNOWN.gamma, 1000) },
    { ...tools, families: new Map() },
  );
  deepEqual(fit.parametric, []);
  equal(fit.best, fit.nonParametric);
});

Deno.test("Settings of every candidate compile, and have the figures that are told", () => {
  const fit = fitDurations(
    { kind: "values", values: draws(KNOWN.gamma, 2000) },
    tools,
  );
  for (const { distribution, tail } of [...fit.parametric, fit.nonParametric]) {
    const { quantile } = compile(distribution);
    for (const { probability, fitted, low, high, measured } of tail) {
      equal(fitted, quantile(probability));
      ok(low <= measured && measured <= high);
    }
  }
});

Deno.test("fitInWords() names family, method, number and distances in one line", () => {
  const fit = fitDurations(
    { kind: "values", values: draws(KNOWN.lognormal, 20_000) },
    tools,
  );
  match(
    fitInWords(fit),
    /^lognormal by maximum likelihood from 20000 durations: KS 0\.\d+, A² [\d.]+, p [>\d.…]+.*, p50 [±+−][\d.]+ %, p90 .* %, p95 .* %, p99 .* %, p99\.9 .* %$/,
  );
  const one = fitDurations(
    { kind: "values", values: Float64Array.of(3) },
    tools,
  );
  match(fitInWords(one), /^constant from 1 duration: KS 0/);
});
