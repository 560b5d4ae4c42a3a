/**
 * The control calls of the distributions plugin.
 *
 * @module
 */
import {
  createSampler,
  INDEPENDENT,
  type Sampling,
  samplingFaults,
  samplingSchema,
} from "./sampling.ts";
import { report } from "./_faults.ts";
import type {
  Call,
  Distribution,
  Endpoint,
  Family,
  Host,
  Schema,
} from "../../core/plugin.ts";

/** The probabilities that explain answers where none are asked for. */
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

/** The most draws that one call of sample makes. */
const MOST_SAMPLES = 1_000_000;

/** What sample is asked. */
interface SampleQuestion {
  readonly distribution: Distribution;
  readonly count: number;
  readonly seed: number | string;
  readonly sampling: Sampling;
}

/** What explain is asked. */
interface Question {
  readonly distribution: Distribution;
  readonly probabilities?: readonly number[] | undefined;
}

/** What explain answers; infinite figures are null, as JSON knows no infinity. */
export interface Explanation {
  /** The mean, in milliseconds. */
  readonly mean: number | null;
  /** The standard deviation, in milliseconds. */
  readonly standardDeviation: number | null;
  /** Quantiles in milliseconds, by probability as it was given. */
  readonly quantiles: Readonly<Record<string, number | null>>;
  /** True where the figures come from seeded Monte Carlo, not from formulas. */
  readonly estimated: boolean;
  /** How many independent draws put a reading within ±2 % with 95 % confidence, by probability. */
  readonly requestsNeeded: Readonly<Record<string, number | null>>;
  /** What a user should know of these parameters. */
  readonly warnings: readonly string[];
}

/** The figures of a distribution. */
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
      READINGS.map((p) => [`${p}`, requestsNeeded(distribution, p)]),
    ),
    warnings: distribution.warnings,
  };
}

/** The quantile; of a distribution that can only be sampled, where its estimated distribution function reaches p. */
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

/** The percentiles that people read. */
const READINGS: readonly number[] = [0.5, 0.95, 0.99];

/** Half the width of the interval that a reading should lie in, relative, and the normal quantile of its confidence. */
const TOLERANCE = 0.02;
const CONFIDENCE = 1.959963984540054;

/**
 * How many independent draws put the sample quantile within ±2 % of the quantile q with 95 % confidence:
 * n = p(1−p) · (1.96 / (0.02 · q · f(q)))², from the quantile's asymptotic normality (Mosteller 1946). The density f(q) is
 * taken as the inverse of the quantile function's slope. Within an atom, one. Null where there is no density: where the
 * quantile function jumps, or is 0, or is none.
 */
export function requestsNeeded(
  distribution: Distribution,
  p: number,
): number | null {
  const { quantile } = distribution;
  if (quantile === undefined) return null;
  const slope = (step: number) =>
    (quantile(p + step) - quantile(p - step)) / (2 * step);
  const step = Math.min(p, 1 - p) * 1e-4;
  const coarse = slope(step);
  // Across a jump the slope grows as the step shrinks.
  if (slope(step / 16) > 4 * coarse) return null;
  const n = p * (1 - p) *
    (CONFIDENCE * coarse / (TOLERANCE * quantile(p))) ** 2;
  return Number.isFinite(n) ? Math.max(1, Math.ceil(n)) : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The calls under /_perfmock/distributions. */
export function controlEndpoints(host: Host): Endpoint[] {
  const { z, distribution } = host.kit;
  const question: Schema<Question> = z.strictObject({
    distribution: distribution(),
    probabilities: z.array(z.number().gt(0).lt(1)).min(1).max(1000).optional(),
  });
  const sampleQuestion: Schema<SampleQuestion> = z.strictObject({
    distribution: distribution(),
    count: host.kit.integer({ min: 1, max: MOST_SAMPLES }),
    seed: z.union([host.kit.integer(), z.string().min(1)]).default(42),
    sampling: samplingSchema(host.kit).default(INDEPENDENT),
  }).superRefine(({ distribution, sampling }, context) => {
    for (const fault of samplingFaults(distribution, sampling)) {
      report(context, fault);
    }
  });
  return [{
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
  }, {
    method: "POST",
    path: "/explain",
    summary: "Mean, standard deviation and quantiles of a distribution, in ms",
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
        warnings: { type: "array", items: { type: "string" } },
      },
    },
    handle({ body }: Call) {
      const { distribution, probabilities } = body as Question;
      return explain(distribution, probabilities);
    },
  }, {
    method: "POST",
    path: "/sample",
    summary: "Draws from a distribution, in ms; the same seed, the same draws",
    body: sampleQuestion,
    answer: {
      type: "object",
      required: ["unit", "samples"],
      properties: {
        unit: { const: "ms" },
        samples: { type: "array", items: { type: "number" } },
      },
    },
    async handle({ body }: Call) {
      const { distribution, count, seed, sampling } = body as SampleQuestion;
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
  }];
}

function described(family: Family, host: Host): Record<string, unknown> {
  const { $schema: _, ...parameters } =
    family.parameters(host.kit)["~standard"].jsonSchema?.input({
      target: "draft-2020-12",
    }) ?? {};
  return {
    name: family.name,
    summary: family.summary,
    source: family.source,
    parameters,
  };
}
