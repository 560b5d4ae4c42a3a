import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { AssertionError } from "node:assert";
import type { Family, Plugin, Shape } from "../../../core/plugin.ts";
import {
  assertDistribution,
  compileDistribution,
  familySuite,
} from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";

/** A plugin with one family, whose parameter `mean` is a duration. */
function contributing(
  create: (mean: number) => Shape,
  more: Partial<Family> = {},
): Plugin {
  return {
    name: "mine",
    version: "1.0.0",
    contributes: {
      families: [{
        name: "mine",
        parameters: ({ z, duration }) =>
          z.strictObject({ mean: duration({ above: 0 }) }),
        create: (parameters) =>
          create((parameters as { readonly mean: number }).mean),
        ...more,
      }],
    },
  };
}

const quantile = (mean: number) => (u: number) => -mean * Math.log1p(-u);
const cdf = (mean: number) => (x: number) => x < 0 ? 0 : -Math.expm1(-x / mean);

/** Runs all tests of a suite; returns the failures by name. */
async function failures(
  suite: Parameters<typeof familySuite>[0],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, test } of familySuite(suite)) {
    try {
      await test();
    } catch (error) {
      ok(error instanceof AssertionError, `${name}: ${error}`);
      found[name.replace(/^\w+: /, "")] = error.message;
    }
  }
  return found;
}

const GOOD = {
  family: "mine",
  valid: [{ mean: "50ms" }, { mean: 0.001 }, { mean: "1h" }],
  invalid: [{}, { mean: 0 }, { mean: "soon" }, { mean: 1, more: 2 }],
};

Deno.test("familySuite() of a correct family passes: with formulas, with a quantile alone, with a sample alone", async () => {
  const shapes: readonly ((mean: number) => Shape)[] = [
    (mean) => ({
      quantile: quantile(mean),
      survivalQuantile: (v) => -mean * Math.log(v),
      cdf: cdf(mean),
      survival: (x) => x < 0 ? 1 : Math.exp(-x / mean),
      mean,
      standardDeviation: mean,
    }),
    (mean) => ({ quantile: quantile(mean) }),
    (mean) => ({ sample: (next) => -mean * Math.log(next()) }),
    (mean) => ({ quantile: (u) => u <= 0.9 ? mean : 100 * mean }),
  ];
  for (const shape of shapes) {
    deepEqual(await failures({ ...GOOD, plugin: contributing(shape) }), {});
  }
});

Deno.test("familySuite() of a built-in family needs no plugin", async () => {
  deepEqual(
    await failures({
      family: "exponential",
      valid: [{ mean: 50 }, { rate: "8/s" }],
      invalid: [{ mean: 50, rate: 1 }],
    }),
    {},
  );
});

/** Shapes with one error each, and the failures that they must cause. */
const BROKEN: readonly (readonly [
  string,
  (mean: number) => Shape,
  Readonly<Record<string, RegExp>>,
])[] = [
  ["a draw is infinite", (mean) => ({
    sample: (next) => {
      const u = next();
      return u > 0.998 ? Infinity : u * mean;
    },
  }), { "draws are finite and at least 0": /^ {2}draw \d+ is Infinity$/m }],
  ["a quantile falls", (mean) => ({
    quantile: (u) => mean * (u > 0.145 && u < 0.155 ? 2 : u),
    cdf: (x) => Math.min(1, Math.max(0, x / mean)),
  }), {
    "quantiles never decrease":
      /^ {2}the quantile at 0\.16 is 8, that at 0\.15 is 100$/m,
  }],
  ["the probability is too small", (mean) => ({
    quantile: quantile(mean),
    cdf: (x) => 0.99 * cdf(mean)(x),
  }), {
    "quantiles and probabilities agree":
      /^ {2}P\(X ≤ [\d.e-]+\) is [\d.e-]+, although [\d.e-]+ is the quantile at [\d.e-]+\n {2}P\(X ≤ 1\.79\S+\) is 0\.99, expected 1$/m,
  }],
  ["the probability is too great", (mean) => ({
    quantile: (u) => mean * u,
    cdf: (x) => x < 0 ? 0 : Math.min(1, x / mean + 0.001),
  }), {
    "quantiles and probabilities agree":
      /^ {2}P\(X < [\d.e-]+\) is 0\.0\d+, although/m,
  }],
  ["times below 0 have a probability", (mean) => ({
    sample: (next) => mean * next(),
    cdf: (x) => Math.min(1, Math.max(0.001, x / mean)),
  }), {
    "quantiles and probabilities agree":
      /^ {2}P\(X ≤ -1\) is 0\.001, expected 0$/m,
  }],
  ["the survival function differs", (mean) => ({
    quantile: quantile(mean),
    cdf: cdf(mean),
    survival: (x) => x < 0 ? 1 : Math.exp(-x / mean) ** 2,
  }), {
    "quantiles and probabilities agree":
      /^ {2}P\(X > [\d.e-]+\) is [\d.e-]+, P\(X ≤ [\d.e-]+\) is/m,
  }],
  ["the moments differ", (mean) => ({
    quantile: quantile(mean),
    mean: 1.1 * mean,
    standardDeviation: 2 * mean,
  }), {
    "mean and standard deviation agree with the quantiles":
      /^ {2}the mean is 55(?:\.0+\d*)?, 50(\.0+\d*)? by its quantiles\n {2}the standard deviation is 100, /m,
  }],
  ["a moment is negative", (mean) => ({
    sample: (next) => mean * next(),
    mean: -1,
  }), {
    "mean and standard deviation agree with the quantiles":
      /^ {2}the mean is -1, the standard deviation/m,
  }],
  ["draws follow another distribution", (mean) => ({
    quantile: quantile(mean),
    sample: (next) => mean * next(),
  }), {
    "draws follow the probabilities":
      /^ {2}2000 draws are [\d.]+ % apart from the probabilities, at [\d.]+ ms; [\d.]+ % are allowed$/m,
  }],
];

for (const [what, shape, expected] of BROKEN) {
  Deno.test(`familySuite() finds that ${what}, and says for which parameters`, async () => {
    const suite = {
      ...GOOD,
      valid: [{ mean: "50ms" }],
      plugin: contributing(shape),
    };
    const found = await failures(suite);
    for (const [name, message] of Object.entries(expected)) {
      match(found[name] ?? "", message, JSON.stringify(found));
      match(found[name], /^\{"mine":\{"mean":"50ms"\}\}\n/);
    }
    await rejects(
      assertDistribution({ mine: { mean: "50ms" } }, suite.plugin),
      AssertionError,
    );
  });
}

Deno.test("familySuite() finds invalid parameters that are accepted, and errors that say too little", async () => {
  const property = "invalid parameters are errors with a path and a message";
  const of = async (plugin: Plugin, wrong: unknown) => {
    const { test } = familySuite({ ...GOOD, plugin, invalid: [wrong] })
      .find(({ name }) => name === `mine: ${property}`) ?? {};
    try {
      await test?.();
    } catch (error) {
      ok(error instanceof AssertionError, `${error}`);
      return error.message;
    }
    return "";
  };
  const good = (mean: number) => ({ quantile: quantile(mean) });
  match(
    await of(contributing(good), { mean: 1 }),
    /^ {2}invalid parameters were accepted: the mean is 1(\.0+\d*)?$/m,
  );
  const shouting = contributing(() => {
    throw Object.assign(new Error("x"), {
      issues: [{ path: "mean", message: "too much." }],
    });
  });
  match(
    await of(shouting, { mean: 1 }),
    /^ {2}the issue at "\S*" is no sentence without a full stop: too much\.$/m,
  );
  const asynchronous = contributing(good, {
    parameters: () => ({
      "~standard": {
        version: 1,
        vendor: "mine",
        validate: () => Promise.resolve({ value: 1 }),
      },
    }),
  });
  match(await of(asynchronous, { mean: 1 }), /^ {2}the error has no issues: /m);
});

Deno.test("familySuite() without parameters is an error: a test of nothing passes always", async () => {
  const tests = familySuite({ family: "exponential", valid: [], invalid: [] });
  equal(tests.length, 6);
  for (const { test } of tests) {
    const error = await errorOf(test);
    equal(error.code, "ARGUMENT_INVALID");
    match(error.message, /There are no (in)?valid parameters$/);
  }
});

Deno.test("assertDistribution() accepts what is correct, and lists every property that does not hold", async () => {
  await assertDistribution("normal(mean=20ms, sd=5ms)");
  await assertDistribution({ empirical: { values: [0, 0, 3] } });
  const plugin = contributing((mean) => ({
    quantile: quantile(mean),
    sample: (next) => mean * next(),
    mean: 9,
  }));
  await rejects(
    assertDistribution({ mine: { mean: 50 } }, plugin),
    (error: Error) => {
      match(error.message, /^ {2}the mean is 9/m);
      match(error.message, /^ {2}2000 draws are/m);
      return true;
    },
  );
});

Deno.test("compileDistribution() drops the lines of the log", async () => {
  const talking: Plugin = {
    name: "talking",
    version: "1.0.0",
    setup(host) {
      host.log("error", "something");
      return {};
    },
  };
  equal((await compileDistribution("5ms", { plugins: [talking] })).mean, 5);
});

Deno.test("compileDistribution() reads every written form, and lists the errors of a wrong one", async () => {
  const { mean, family } = await compileDistribution("exponential(mean=50ms)");
  deepEqual([mean, family], [50, "exponential"]);
  equal((await compileDistribution(7)).mean, 7);
  const error = await errorOf(() =>
    compileDistribution({ normal: { mean: -1, sd: -2 } })
  );
  deepEqual(error.issues.map(({ path }) => path), [
    "/normal/mean",
    "/normal/sd",
  ]);
});
