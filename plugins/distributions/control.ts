/**
 * Control calls of the distributions plugin.
 *
 * @module
 */
import {
  type Distribution,
  type Endpoint,
  endpoint,
  type Family,
  type Host,
  schemaDocument,
} from "../../core/plugin.ts";
import { blockValues } from "./_block.ts";
import { report } from "./_parameters.ts";
import { requestsNeeded } from "./_requests_needed.ts";
import {
  BLOCK,
  createSampler,
  INDEPENDENT,
  samplingIssues,
  samplingSchema,
} from "./sampling.ts";

/** Default probabilities of explain. */
const PROBABILITIES: readonly number[] = [
  0.01,
  0.05,
  0.1,
  0.25,
  0.5,
  0.75,
  0.9,
  0.95,
  0.99,
  0.999,
  0.9999,
];

/** Maximum number of draws in one call of sample. */
const MAX_SAMPLES = 1_000_000;

/** Answer of explain. Infinite figures are null, since JSON has no infinity. */
export interface Explanation {
  /** Mean, in milliseconds. */
  readonly mean: number | null;
  /** Standard deviation, in milliseconds. */
  readonly standardDeviation: number | null;
  /** Quantiles in milliseconds, by probability. */
  readonly quantiles: Readonly<Record<string, number | null>>;
  /** True if the figures are estimated by seeded Monte Carlo simulation; false if they come from formulas. */
  readonly estimated: boolean;
  /**
   * Number of independent draws from which on a measured quantile is within ±2 % with a probability of 95 %, by probability;
   * null if no number suffices, or the family can only be sampled.
   */
  readonly requestsNeeded: Readonly<Record<string, number | null>>;
  /** A block of exact sampling; null if the family can only be sampled. */
  readonly exactBlock: ExactBlock | null;
  /** Warnings about these parameters. */
  readonly warnings: readonly string[];
}

/** A block of exact sampling, of the default size. */
export interface ExactBlock {
  /** Number of requests. */
  readonly requests: number;
  /** Mean of their times, in milliseconds. */
  readonly mean: number;
}

/** Figures of a distribution. */
export function explain(
  distribution: Distribution,
  probabilities: readonly number[] = PROBABILITIES,
): Explanation {
  return {
    mean: finite(distribution.mean),
    standardDeviation: finite(distribution.standardDeviation),
    quantiles: Object.fromEntries(
      probabilities.map((p) => [`${p}`, finite(quantile(distribution, p))]),
    ),
    estimated: distribution.estimated,
    requestsNeeded: Object.fromEntries(
      PERCENTILES.map((p) => [`${p}`, requestsNeeded(distribution, p)]),
    ),
    exactBlock: exactBlock(distribution),
    warnings: distribution.warnings,
  };
}

function exactBlock(distribution: Distribution): ExactBlock | null {
  const { quantile } = distribution;
  if (quantile === undefined) return null;
  const sum = blockValues(quantile, distribution, BLOCK)
    .reduce((sum, x) => sum + x, 0);
  return { requests: BLOCK, mean: sum / BLOCK };
}

/** Quantile. Of a distribution that can only be sampled, the time at which its estimated distribution function reaches p. */
function quantile(distribution: Distribution, p: number): number {
  if (distribution.quantile !== undefined) return distribution.quantile(p);
  let low = 0;
  let high = 1;
  while (distribution.cdf(high) < p) [low, high] = [high, 2 * high];
  while (high - low > high * 1e-9) {
    const middle = (low + high) / 2;
    if (distribution.cdf(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** Percentiles that people usually look at. */
const PERCENTILES: readonly number[] = [0.5, 0.95, 0.99];

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Calls under /_perfmock/distributions. */
export function controlEndpoints(host: Host): Endpoint[] {
  const { z, distribution, worded } = host.kit;
  const question = z.strictObject(worded({
    distribution: distribution(),
    probabilities: z.array(z.number().gt(0).lt(1)).min(1).max(1000).optional(),
  }, {
    distribution: "Distribution to explain",
    probabilities:
      "Probabilities of the quantiles, between 0 and 1. Default 0.01 to 0.9999",
  }));
  const sampleQuestion = z.strictObject(worded({
    distribution: distribution(),
    count: host.kit.integer({ min: 1, max: MAX_SAMPLES }),
    seed: z.union([host.kit.integer(), z.string().min(1)]).default(42),
    sampling: samplingSchema(host.kit).default(INDEPENDENT),
  }, {
    distribution: "Distribution to draw from",
    count: "Number of draws",
    seed: "Seed of the draws",
    sampling: "Sampling of the draws. Default: independent draws",
  })).superRefine(({ distribution, sampling }, context) => {
    for (const issue of samplingIssues(distribution, sampling)) {
      report(context, issue);
    }
  });
  return [
    endpoint({
      method: "GET",
      path: "/families",
      summary: "The distribution families there are",
      answer: {
        type: "object",
        properties: { families: { type: "array", items: { type: "object" } } },
      },
      handle: () => ({
        families: [...host.families.values()].map((family) =>
          described(family, host)
        ),
      }),
    }),
    endpoint({
      method: "POST",
      replicas: "own",
      path: "/explain",
      summary:
        "Mean, standard deviation and quantiles of a distribution, in ms",
      body: question,
      answer: {
        type: "object",
        properties: {
          mean: { type: ["number", "null"] },
          standardDeviation: { type: ["number", "null"] },
          quantiles: {
            type: "object",
            additionalProperties: { type: ["number", "null"] },
          },
          estimated: { type: "boolean" },
          requestsNeeded: {
            type: "object",
            additionalProperties: { type: ["integer", "null"] },
          },
          exactBlock: {
            type: ["object", "null"],
            properties: {
              requests: { type: "integer" },
              mean: { type: "number" },
            },
          },
          warnings: { type: "array", items: { type: "string" } },
        },
      },
      handle: ({ body }) => explain(body.distribution, body.probabilities),
    }),
    endpoint({
      method: "POST",
      replicas: "own",
      path: "/sample",
      summary:
        "Draws from a distribution, in ms; the same seed, the same draws",
      body: sampleQuestion,
      answer: {
        type: "object",
        required: ["unit", "samples"],
        properties: {
          unit: { const: "ms" },
          samples: { type: "array", items: { type: "number" } },
        },
      },
      async handle({ body: { distribution, count, seed, sampling } }) {
        const [service, order] = await Promise.all([
          host.stream(seed, "service"),
          host.stream(seed, "order"),
        ]);
        const { draw } = createSampler(distribution, sampling, {
          stream: (purpose) => purpose === "order" ? order : service,
          arrivals: 0,
        });
        return {
          unit: "ms",
          samples: Array.from(
            { length: count },
            (_, sequence) => draw({ sequence }),
          ),
        };
      },
    }),
  ];
}

function described(family: Family, host: Host): Record<string, unknown> {
  return {
    name: family.name,
    summary: family.summary,
    source: family.source,
    parameters: schemaDocument(family.parameters(host.kit)),
  };
}
