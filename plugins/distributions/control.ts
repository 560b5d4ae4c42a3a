/**
 * The control calls of the distributions plugin.
 *
 * @module
 */
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
        warnings: { type: "array", items: { type: "string" } },
      },
    },
    handle({ body }: Call) {
      const { distribution, probabilities } = body as Question;
      return explain(distribution, probabilities);
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
