import assert from "node:assert/strict";
import { families } from "../../../plugins/distributions/families.ts";
import { assertIssue, compile, issuesIn, kit } from "./_compile.ts";

Deno.test("Families have distinct lower-case names, a summary and a schema that can be printed", () => {
  const names = families.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, summary, parameters } of families) {
    assert.match(name, /^[a-z]+$/);
    assert.match(summary ?? "", /^[A-Z].*[^.]$/);
    const { jsonSchema } = parameters(kit)["~standard"];
    assert.ok(jsonSchema?.input({ target: "draft-2020-12" }).type, name);
  }
});

Deno.test("constant always returns the same time, also 0 and 60 s", () => {
  for (const value of [0, 0.25, 60_000]) {
    const distribution = compile({ constant: { value } });
    assert.equal(distribution.quantile?.(0.3), value);
    assert.equal(distribution.mean, value);
    assert.equal(distribution.standardDeviation, 0);
    assert.equal(distribution.cdf(value), 1);
    assert.equal(distribution.survival(value), 0);
  }
});

Deno.test("constant refuses a negative time", () => {
  assertIssue({ constant: { value: -1 } }, "/value", /at least 0/);
});

Deno.test("uniform reaches from min to max", () => {
  const { quantile, mean, standardDeviation } = compile({
    uniform: { min: "10ms", max: "22ms" },
  });
  assert.deepEqual([0, 0.5, 1].map((u) => quantile?.(u)), [10, 16, 22]);
  assert.equal(mean, 16);
  assert.equal(standardDeviation, 12 / Math.sqrt(12));
});

Deno.test("uniform refuses a max that is not above min, and NaN", () => {
  assertIssue(
    { uniform: { min: 5, max: 4 } },
    "/max",
    /greater than min, 5 ms/,
  );
  assertIssue({ uniform: { min: 5, max: 5 } }, "/max", /greater than min/);
  assertIssue({ uniform: { min: NaN, max: 5 } }, "/min", /NaN/);
});

Deno.test("exponential accepts either a mean or a rate", () => {
  assert.equal(compile({ exponential: { mean: 125 } }).mean, 125);
  assert.equal(compile({ exponential: { rate: "8/s" } }).mean, 125);
  assertIssue({ exponential: {} }, "", /exactly mean, or rate, received none/);
  assertIssue(
    { exponential: { mean: 1, rate: 2 } },
    "",
    /exactly mean, or rate, received mean, rate/,
  );
  assertIssue({ exponential: { mean: 0 } }, "/mean", /greater than 0/);
});

Deno.test("lognormal is the same in all four forms", () => {
  const mu = Math.log(120);
  const sigma = 0.6;
  const reference = compile({ lognormal: { mu, sigma } });
  const { mean, standardDeviation: sd, quantile } = reference;
  for (
    const lognormal of [
      { median: "120ms", sigma },
      { median: 120, p99: quantile?.(0.99) },
      { mean, sd },
    ]
  ) {
    const other = compile({ lognormal });
    for (const u of [0.001, 0.5, 0.99, 0.9999]) {
      const ratio = (other.quantile?.(u) ?? NaN) / (quantile?.(u) ?? NaN);
      assert.ok(Math.abs(ratio - 1) < 1e-12, `${ratio}`);
    }
  }
});

Deno.test("lognormal refuses a p99 at or below the median, and any other pair of parameters", () => {
  for (const p99 of [80, 100]) {
    assertIssue(
      { lognormal: { median: 100, p99 } },
      "/p99",
      /greater than the median, 100 ms/,
    );
  }
  assertIssue({ lognormal: { median: 100 } }, "", /received median/);
  assertIssue({ lognormal: { mu: 1, p99: 5 } }, "", /received mu, p99/);
  assertIssue({ lognormal: { mu: 1, sigma: -1 } }, "/sigma", /greater than 0/);
});

Deno.test("lognormal passes through any two percentiles", () => {
  const reference = compile({ lognormal: { mu: 5, sigma: 0.8 } });
  const at = (u: number) => reference.quantile?.(u) ?? NaN;
  for (
    const lognormal of [
      { median: at(0.5), p95: at(0.95) },
      { p50: at(0.5), p99: at(0.99) },
      { "p99.9": at(0.999), p10: at(0.1) },
      { p90: `${at(0.9)}ms`, p95: at(0.95) },
      { p1: at(0.01), median: at(0.5), p99: undefined },
    ]
  ) {
    const other = compile({ lognormal });
    for (const u of [0.001, 0.5, 0.99, 0.9999]) {
      const ratio = (other.quantile?.(u) ?? NaN) / at(u);
      assert.ok(Math.abs(ratio - 1) < 1e-12, `${JSON.stringify(lognormal)}`);
    }
  }
});

Deno.test("lognormal refuses percentiles that no distribution passes through", () => {
  const table: [lognormal: object, path: string, message: RegExp][] = [
    [{ p90: 10, p99: 10 }, "/p99", /greater than p90, 10 ms, received 10 ms/],
    [{ p99: 10, p90: 20 }, "/p99", /greater than p90, 20 ms/],
    [{ p50: 10, median: 20 }, "/p50", /another percentile than median/],
    [{ p0: 10, p99: 20 }, "/p0", /between p0 and p100/],
    [{ p99: 10, p100: 20 }, "/p100", /between p0 and p100/],
    [{ p99: 10 }, "", /two percentiles such as median and p99, .*received p99/],
    [{ p50: 1, p90: 2, p99: 3 }, "", /received p99, p50, p90/],
    [{ p90: 1, sigma: 2 }, "", /received/],
    [{ p90: "soon", p99: 3 }, "/p90", /Cannot read "soon" as a duration/],
    [{ p90: [], p99: 3 }, "/p90", /Expected a duration, received a list/],
    [{ median: 1, p_99: 3 }, "/p_99", /Unknown key "p_99"/],
  ];
  for (const [lognormal, path, message] of table) {
    assertIssue({ lognormal }, path, message);
  }
  const [typo] = issuesIn({ lognormal: { medain: 10, p95: 3 } });
  assert.equal(typo.suggestion, "median");
});

Deno.test("All errors of one object are reported at once", () => {
  const paths = issuesIn({ normal: { mean: NaN, sd: -2, sdd: 3 } })
    .map(({ path }) => path);
  assert.deepEqual(paths.sort(), ["/mean", "/sd", "/sdd"]);
});

Deno.test("gamma is the same for shape and scale as for mean and sd", () => {
  const one = compile({ gamma: { shape: 4, scale: 12.5 } });
  const other = compile({ gamma: { mean: 50, sd: 25 } });
  assert.equal(one.mean, 50);
  assert.equal(one.standardDeviation, 25);
  assert.equal(other.quantile?.(0.9), one.quantile?.(0.9));
});

Deno.test("gamma refuses shapes for which it is not accurate", () => {
  assertIssue({ gamma: { shape: 0.001, scale: 1 } }, "/shape", /from 0.01/);
  assertIssue({ gamma: { mean: 1, sd: 1000 } }, "/sd", /received 0.000001/);
  assertIssue({ gamma: { mean: 1000, sd: 1 } }, "/sd", /received 1000000/);
  assertIssue({ gamma: { mean: 1, scale: 1 } }, "", /received scale, mean/);
});

Deno.test("erlang(1) is exponential, and k must be a whole number", () => {
  const erlang = compile({ erlang: { k: 1, mean: 50 } });
  assert.ok(Math.abs((erlang.quantile?.(0.5) ?? 0) - 50 * Math.LN2) < 1e-12);
  assertIssue({ erlang: { k: 1.5, mean: 50 } }, "/k", /whole/);
  assertIssue({ erlang: { k: 0, mean: 50 } }, "/k", /from 1/);
});

Deno.test("weibull(1) is exponential, and its shape is limited", () => {
  const weibull = compile({ weibull: { shape: 1, scale: 50 } });
  assert.ok(Math.abs(weibull.mean - 50) < 1e-12);
  assert.ok(Math.abs(weibull.standardDeviation - 50) < 1e-12);
  assertIssue({ weibull: { shape: -1, scale: 50 } }, "/shape", /from 0.01/);
});

Deno.test("pareto warns if its moments are infinite", () => {
  const heavy = compile({ pareto: { alpha: 1, min: 10 } });
  assert.equal(heavy.mean, Infinity);
  assert.equal(heavy.standardDeviation, Infinity);
  assert.match(heavy.warnings[0], /mean is infinite/);
  const middling = compile({ pareto: { alpha: 1.5, min: 10 } });
  assert.equal(middling.mean, 30);
  assert.equal(middling.standardDeviation, Infinity);
  assert.deepEqual(middling.warnings, []);
  const light = compile({ pareto: { alpha: 3, min: 10 } });
  assert.equal(light.mean, 15);
  assert.ok(Math.abs(light.standardDeviation - Math.sqrt(75)) < 1e-12);
});

Deno.test("triangular accepts a mode at min or at max", () => {
  const rising = compile({ triangular: { min: 0, mode: 10, max: 10 } });
  assert.equal(rising.quantile?.(0.25), 5);
  const falling = compile({ triangular: { min: 0, mode: 0, max: 10 } });
  assert.equal(falling.quantile?.(0.75), 5);
  assert.equal(falling.survivalQuantile?.(0.25), 5);
  assert.equal(rising.survivalQuantile?.(0.75), 5);
});

Deno.test("triangular refuses a mode outside the range and a max that is not above min", () => {
  assertIssue(
    { triangular: { min: 1, mode: 9, max: 5 } },
    "/mode",
    /1 ms to 5 ms/,
  );
  assertIssue({ triangular: { min: 5, mode: 5, max: 5 } }, "/max", /greater/);
});

Deno.test("poisson counts units, and its mean is limited", () => {
  const poisson = compile({ poisson: { mean: 2, unit: "0.1ms" } });
  assert.equal(poisson.mean, 0.2);
  assert.ok(Math.abs(poisson.cdf(3 * 0.1) - 0.857123460498547) < 1e-12);
  assert.equal(poisson.cdf(-1), 0);
  assert.equal(poisson.survival(-1), 1);
  const rare = compile({ poisson: { mean: 0.01 } });
  assert.ok(Math.abs(rare.cdf(0) - Math.exp(-0.01)) < 1e-15);
  assertIssue({ poisson: { mean: 2e6 } }, "/mean", /at most 1000000/);
});

Deno.test("poisson stays at multiples of its unit even if division rounds down or up", () => {
  for (const unit of [0.07, 0.1, 1.1, 3.3]) {
    const poisson = compile({ poisson: { mean: 50, unit } });
    for (let k = 10; k < 100; k++) {
      const half = poisson.cdf((k - 0.5) * unit);
      assert.ok(poisson.cdf(k * unit) > half, `${k}`);
      assert.equal(poisson.cdf(k * unit * (1 - 2 ** -53)), half, `${k}`);
    }
  }
});
