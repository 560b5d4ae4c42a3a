/**
 * Properties that every distribution family has, to be tested with many parameters: for families of plugins as for built-in ones.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import { complete } from "../distribution/mod.ts";
import type { PerfmockError } from "../errors.ts";
import { createStream } from "../lib/random/mod.ts";
import type { Distribution, Host, Plugin } from "../plugin.ts";
import { compileDistribution, withHost } from "./distribution.ts";
import { justBelow, ksTest } from "./goodness.ts";
import { checkGiven, FAMILY_SUITE } from "./options.ts";
import { failed, invalid, percent } from "./values.ts";

/** A family, and parameters to try it with. */
export interface FamilySuite {
  /** Name of the family. */
  readonly family: string;
  /** Plugin that contributes the family. Default none, for a built-in one. */
  readonly plugin?: Plugin;
  /** Valid parameters, as users write them: some that are typical, some at the limits, and some drawn at random. */
  readonly valid: Iterable<unknown>;
  /** Invalid parameters: each must be an error with a path and a message. */
  readonly invalid: Iterable<unknown>;
}

/** A property as a test: a name, and a function that throws an AssertionError where the property does not hold. */
export interface PropertyTest {
  /** Name of the test. */
  readonly name: string;
  /** Runs the test. */
  readonly test: () => Promise<void>;
}

/** Probabilities at which quantiles are compared: both tails, and a grid. */
const PROBABILITIES: readonly number[] = [
  ...[2 ** -53, 1e-12, 1e-9, 1e-6, 1e-4, 0.001],
  ...Array.from({ length: 99 }, (_, i) => (i + 1) / 100),
  ...[0.999, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12],
];

/** Difference of probabilities that counts as rounding. */
const ROUNDING = 1e-9;

/** Difference of probabilities just below a quantile that counts as rounding: of the quantile, where the density is high. */
const ROUNDING_BELOW = 1e-6;

/** Relative distance below a quantile at which the probability is compared. */
const BELOW = 1e-9;

/** Relative difference of moments that counts as rounding. */
const MOMENTS = 1e-6;

/** The same where the upper tail has no quantile function of its own. */
const NEAR_MOMENTS = 0.02;

/** Probability of a tail that only a quantile function of its own reaches. */
const FAR = 2 ** -300;

/** Number of draws that are compared with the probabilities. */
const DRAWS = 2000;

/** Probability with which correct draws are refused, at most. The seed is fixed, so that a test that passes once always does. */
const LEVEL = 1e-9;

/**
 * Returns the properties of a family as tests, for any test runner:
 *
 * - valid parameters: draws are finite and at least 0; quantiles never decrease; quantile and cumulative distribution function
 *   agree, and so do survival function, mean and standard deviation; draws follow the probabilities
 * - invalid parameters: an error with a path, a message and the allowed values
 *
 * ```ts
 * import { familySuite } from "@perfmock/perfmock/testing";
 *
 * const tests = familySuite({
 *   family: "exponential",
 *   valid: [{ mean: "50ms" }, { rate: "8/s" }, { mean: 0.001 }],
 *   invalid: [{}, { mean: 0 }, { mean: "soon" }, { mean: 1, rate: 1 }],
 * });
 * for (const { test } of tests) await test(); // in a test file: Deno.test(name, test)
 * ```
 *
 * With fast-check, `fc.sample(arbitrary, { seed: 1, numRuns: 100 })` makes parameters.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all parts that are missing, unknown or wrong
 */
export function familySuite(suite: FamilySuite): PropertyTest[] {
  return atCaller(familySuite, () => {
    checkGiven("test a family", suite, FAMILY_SUITE, {
      name: "suite",
      required: ["family", "valid", "invalid"],
    });
    return testsOf(suite);
  });
}

function testsOf(
  { family, plugin, valid, invalid: wrong }: FamilySuite,
): PropertyTest[] {
  const options = { plugins: plugin === undefined ? [] : [plugin] };
  const over = (
    parameters: Iterable<unknown>,
    kind: string,
    check: (host: Host, written: unknown) => void,
  ) =>
  () =>
    withHost(options, (host) => {
      let checked = 0;
      for (const given of parameters) {
        checked++;
        check(host, { [family]: given });
      }
      if (checked > 0) return;
      throw invalid(`test the family "${family}"`, [{
        path: `/${kind}`,
        message: `There are no ${kind} parameters`,
        allowed: "at least one set of parameters",
      }]);
    });
  const property = (name: string, check: (d: Distribution) => string[]) => ({
    name: `${family}: ${name}`,
    test: over(
      valid,
      "valid",
      (host, written) => report(written, check(host.distribution(written))),
    ),
  });
  return [
    property("draws are finite and at least 0", drawsInRange),
    property("quantiles never decrease", quantilesRise),
    property("quantiles and probabilities agree", probabilitiesAgree),
    property(
      "mean and standard deviation agree with the quantiles",
      momentsAgree,
    ),
    property("draws follow the probabilities", drawsFollow),
    {
      name:
        `${family}: invalid parameters are errors with a path and a message`,
      test: over(wrong, "invalid", refuses),
    },
  ];
}

/**
 * Asserts that a distribution has all properties of a {@linkcode familySuite}.
 *
 * ```ts
 * import { assertDistribution } from "@perfmock/perfmock/testing";
 *
 * await assertDistribution({
 *   bimodal: { fast: "20ms", slow: { exponential: { mean: "400ms" } }, slowShare: 0.25 },
 * });
 * ```
 *
 * @param written distribution as users write it
 * @param plugin plugin that contributes its family. Default none
 * @throws AssertionError with every property that does not hold
 */
export function assertDistribution(
  written: unknown,
  plugin?: Plugin,
): Promise<void> {
  return atCaller(assertDistribution, async () => {
    const distribution = await compileDistribution(written, {
      plugins: plugin === undefined ? [] : [plugin],
    });
    report(written, [
      ...drawsInRange(distribution),
      ...quantilesRise(distribution),
      ...probabilitiesAgree(distribution),
      ...momentsAgree(distribution),
      ...drawsFollow(distribution),
    ]);
  });
}

/** Throws if there are failures. */
function report(written: unknown, failures: readonly string[]): void {
  if (failures.length === 0) return;
  throw failed(
    [JSON.stringify(written), ...failures.map((line) => `  ${line}`)]
      .join("\n"),
    { actual: written, operator: "familySuite" },
  );
}

/** Stream of the draws of all properties. */
const STREAM = createStream([2026, 11], "family suite");

function drawsInRange({ draw }: Distribution): string[] {
  for (let i = 0; i < DRAWS; i++) {
    const x = draw(STREAM, i);
    if (!(x >= 0 && x < Infinity)) return [`draw ${i} is ${x}`];
  }
  return [];
}

function quantilesRise({ quantile }: Distribution): string[] {
  if (quantile === undefined) return [];
  let [before, at] = [0, 0];
  for (const u of PROBABILITIES) {
    const x = quantile(u);
    if (!(x >= before * (1 - 1e-12) && x < Infinity)) {
      return [`the quantile at ${u} is ${x}, that at ${at} is ${before}`];
    }
    [before, at] = [x, u];
  }
  return [];
}

/** The quantile at u is the smallest x with P(X ≤ x) ≥ u, which holds for jumps, gaps and slopes alike. */
function probabilitiesAgree(
  { quantile, cdf, survival }: Distribution,
): string[] {
  const found: string[] = [];
  const points = quantile === undefined
    ? []
    : PROBABILITIES.map((u) => [u, quantile(u)]);
  for (const [u, x] of points) {
    const reached = cdf(x * (1 + 1e-12));
    const below = cdf(justBelow(x * (1 - BELOW)));
    if (!(reached >= u - ROUNDING)) {
      found.push(
        `P(X ≤ ${x}) is ${reached}, although ${x} is the quantile at ${u}`,
      );
    } else if (!(below <= u + ROUNDING_BELOW)) {
      found.push(
        `P(X < ${x}) is ${below}, although ${x} is the quantile at ${u}`,
      );
    } else if (!(Math.abs(survival(x) - (1 - cdf(x))) <= ROUNDING)) {
      found.push(`P(X > ${x}) is ${survival(x)}, P(X ≤ ${x}) is ${cdf(x)}`);
    }
    if (found.length > 0) break;
  }
  const ends = [cdf(-1), cdf(Number.MAX_VALUE)];
  if (ends[0] !== 0) found.push(`P(X ≤ -1) is ${ends[0]}, expected 0`);
  if (!(ends[1] >= 1 - ROUNDING)) {
    found.push(`P(X ≤ ${Number.MAX_VALUE}) is ${ends[1]}, expected 1`);
  }
  return found;
}

/** The family's own moments agree with those that follow from its quantiles. */
function momentsAgree(distribution: Distribution): string[] {
  const { family, quantile, survivalQuantile, mean, standardDeviation } =
    distribution;
  if (quantile === undefined || survivalQuantile === undefined) {
    return mean >= 0 && standardDeviation >= 0
      ? []
      : [`the mean is ${mean}, the standard deviation ${standardDeviation}`];
  }
  // A tail that is computed from 1 − v ends where 1 − v rounds to 1: it says less of moments that far values make.
  const far = survivalQuantile(FAR) < Infinity;
  const precision = far ? MOMENTS : NEAR_MOMENTS;
  const derived = complete(
    family,
    far ? { quantile, survivalQuantile } : { quantile },
  );
  const pairs = [
    ["mean", mean, derived.mean, mean],
    // A deviation that is small beside the mean is only as precise as the mean.
    [
      "standard deviation",
      standardDeviation,
      derived.standardDeviation,
      Math.max(standardDeviation, mean),
    ],
  ] as const;
  return pairs.filter(([, given, from, scale]) =>
    given !== from && !(Math.abs(given - from) <= precision * scale) &&
    (far || from < Infinity)
  ).map(([name, given, from]) =>
    `the ${name} is ${given}, ${from} by its quantiles`
  );
}

function drawsFollow(distribution: Distribution): string[] {
  const draws = Float64Array.from(
    { length: DRAWS },
    (_, i) => distribution.draw(STREAM, i),
  ).sort();
  // Draws by quantiles may differ from them in the last bits.
  const tolerance = 1e-9 * draws[DRAWS >> 1];
  const { distance, critical, at } = ksTest(draws, distribution, {
    level: LEVEL,
    tolerance,
  });
  if (distance <= critical) return [];
  return [
    `${DRAWS} draws are ${
      percent(distance)
    } apart from the probabilities, at ${at} ms; ${
      percent(critical)
    } are allowed`,
  ];
}

/** Invalid parameters give issues with a path and a sentence. */
function refuses(host: Host, written: unknown): void {
  let distribution: Distribution;
  try {
    distribution = host.distribution(written);
  } catch (error) {
    const { issues = [] } = error as Partial<PerfmockError>;
    report(written, [
      ...issues.length === 0 ? [`the error has no issues: ${error}`] : [],
      ...issues.filter(({ path, message }) =>
        !/^(\/|$)/.test(path) || !/^[^a-z].*[^.]$/s.test(message)
      ).map(({ path, message }) =>
        `the issue at "${path}" is no sentence without a full stop: ${message}`
      ),
    ]);
    return;
  }
  report(written, [
    `invalid parameters were accepted: the mean is ${distribution.mean}`,
  ]);
}
