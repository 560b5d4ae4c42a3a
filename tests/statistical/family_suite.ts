/**
 * Properties of every distribution family. Valid parameters give finite, non-negative, monotone quantiles that agree with the
 * probabilities, the moments and the draws. Invalid parameters give an error.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Distribution } from "../../core/plugin.ts";
import { createStream } from "../../core/lib/random/mod.ts";

/** A family and generators of its parameters. */
export interface Suite {
  /** Name of the family. */
  readonly family: string;
  /** Valid parameters, as a user writes them. */
  readonly valid: fc.Arbitrary<unknown>;
  /** Invalid parameters. */
  readonly invalid: fc.Arbitrary<unknown>;
  /** Compiles `{ [family]: parameters }`; throws an error with issues. */
  readonly compile: (value: unknown) => Distribution;
  /** True if the family can only be sampled. */
  readonly sampleOnly?: boolean;
}

/** Fixed seed, so that runs are repeatable. */
const RUN = { seed: 20_240_601, numRuns: 60 };

/** Allowed difference of probabilities by rounding. */
const SLACK = 1e-9;

/** Registers the tests of one family. */
export function familySuite(suite: Suite): void {
  const { family, valid, invalid } = suite;
  const make = (parameters: unknown) => suite.compile({ [family]: parameters });

  Deno.test(`${family}: any valid parameters give finite, non-negative draws`, () => {
    fc.assert(
      fc.property(valid, fc.nat(), (parameters, sequence) => {
        const x = make(parameters).draw(STREAM, sequence);
        assert.ok(x >= 0 && x < Infinity, `${x}`);
      }),
      RUN,
    );
  });

  Deno.test(`${family}: any invalid parameters give issues with a path and a message`, () => {
    fc.assert(
      fc.property(invalid, (parameters) => {
        assert.throws(() => make(parameters), (error: Error) => {
          assert.ok(
            "issues" in error && Array.isArray(error.issues),
            `${error}`,
          );
          assert.ok(error.issues.length > 0);
          for (const { path, message } of error.issues) {
            assert.match(path, /^(\/|$)/);
            assert.match(message, /^[A-Z].*[^.]$/s);
          }
          return true;
        });
      }),
      RUN,
    );
  });

  if (suite.sampleOnly) return;

  Deno.test(`${family}: any valid parameters give quantiles that never decrease and agree with the probabilities`, () => {
    fc.assert(
      fc.property(valid, fc.array(UNIFORM, { maxLength: 40 }), (given, us) => {
        const distribution = make(given);
        let before = 0;
        for (const u of us.sort((a, b) => a - b)) {
          const x = quantile(distribution, u);
          assert.ok(x >= before * (1 - 1e-12) && x < Infinity, `${x} at ${u}`);
          before = x;
          assertInverse(distribution, u, x);
        }
      }),
      RUN,
    );
  });

  Deno.test(`${family}: any valid parameters give a mean within the support and a standard deviation of at least 0`, () => {
    fc.assert(
      fc.property(valid, (parameters) => {
        const { mean, standardDeviation, ...distribution } = make(parameters);
        assert.ok(
          mean >= (distribution.quantile?.(2 ** -53) ?? NaN) * (1 - 1e-9),
          `${mean}`,
        );
        assert.ok(standardDeviation >= 0, `${standardDeviation}`);
      }),
      RUN,
    );
  });
}

const STREAM = createStream([2024, 6], "suite");

const UNIFORM = fc.double({
  min: 1e-12,
  max: 1 - 1e-12,
  noNaN: true,
  noDefaultInfinity: true,
});

function quantile(distribution: Distribution, u: number): number {
  assert.ok(distribution.quantile);
  return distribution.quantile(u);
}

/** quantile(u) is the smallest x with cdf(x) ≥ u, which holds for atoms, gaps and slopes alike. */
function assertInverse(distribution: Distribution, u: number, x: number): void {
  const reached = distribution.cdf(x * (1 + 1e-12));
  const before = distribution.cdf(x * (1 - 1e-9) - 1e-300);
  assert.ok(reached >= u - SLACK, `cdf(${x}) = ${reached} < ${u}`);
  assert.ok(before <= u + 1e-6, `cdf below ${x} = ${before} > ${u}`);
  assert.ok(
    Math.abs(distribution.survival(x) - (1 - distribution.cdf(x))) <= SLACK,
  );
}
