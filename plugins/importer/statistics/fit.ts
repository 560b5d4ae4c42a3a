/**
 * Fits distributions to measured durations: the best parametric family beside a distribution without a formula, how far each lies
 * from the measurement, and what the measurement does not tell.
 *
 * Parameters are estimated by maximum likelihood from single durations and from counts in buckets, and by quantile matching from
 * percentiles. Families are ordered by Akaike's information criterion, −2·ln L + 2·(number of parameters), or by the root of the
 * mean square of the relative errors of the percentiles.
 *
 * Sources: Akaike, "A new look at the statistical model identification", IEEE Transactions on Automatic Control 19, 1974; D'Agostino,
 * Stephens, Goodness-of-Fit Techniques, 1986.
 *
 * @module
 */
import type { Candidate, Distribution, Fit } from "../../../core/import.ts";
import {
  checkDurations,
  type Durations,
  type MeasuredBucket,
} from "./durations.ts";
import {
  PARAMETRIC,
  type ParametricFamily,
  writtenDuration,
} from "./families.ts";
import { type FitTools, type Measured, quantileOf } from "./measured.ts";
import { measuredCells } from "./measured_cells.ts";
import { measuredPoints } from "./measured_points.ts";
import { measuredValues } from "./measured_values.ts";
import { grouped } from "./rounding.ts";
import { limitsOfCount } from "./unknown.ts";
import { isGoodEnough, reasonFor } from "./verdict.ts";

export type {
  ByChance,
  Candidate,
  ComparedQuantile,
  Fit,
} from "../../../core/import.ts";
export type {
  Durations,
  MeasuredBucket,
  MeasuredBuckets,
  MeasuredPercentile,
  MeasuredPercentiles,
  MeasuredValues,
} from "./durations.ts";
export type { FitTools } from "./measured.ts";
export { fitInWords } from "./words.ts";

/**
 * Fits distributions to durations.
 *
 * @param tools the host of a plugin
 * @throws PerfmockError `IMPORT_INVALID` with all errors of the durations
 */
export function fitDurations(durations: Durations, tools: FitTools): Fit {
  const measured = measure(durations, tools);
  const { constant, count, method } = measured;
  const nonParametric = describe(measured, tools);
  const parametric = constant === undefined
    ? PARAMETRIC.flatMap((family) => candidate(family, measured, tools))
      .sort((a, b) => a.score - b.score)
    : [];
  const best = parametric.find((one) => isGoodEnough(one, count)) ??
    nonParametric;
  return {
    count,
    best,
    reason: reasonFor({ best, parametric, count, constant }),
    criterion: method === "maximum likelihood"
      ? "AIC"
      : "relative error of percentiles",
    parametric,
    nonParametric,
    unknown: [
      ...measured.unknown,
      ...limitsOfCount(count, measured.probabilities.at(-1)),
    ],
  };
}

/**
 * Describes durations by a distribution without a formula: percentiles, a histogram, or the durations themselves. It takes much less
 * time than a fit.
 *
 * @throws as {@linkcode fitDurations}
 */
export function describeDurations(
  durations: Durations,
  tools: FitTools,
): Candidate {
  return describe(measure(durations, tools), tools);
}

function measure(durations: Durations, tools: FitTools): Measured {
  checkDurations(durations);
  switch (durations.kind) {
    case "buckets":
      return measuredCells(durations.buckets.filter(isFilled), tools);
    case "percentiles":
      return measuredPoints(durations, tools);
    case "values": {
      const sorted = durations.values.toSorted();
      const buckets = grouped(sorted);
      return buckets === undefined
        ? measuredValues(sorted, tools)
        : measuredCells(buckets, tools);
    }
  }
}

function isFilled({ count }: MeasuredBucket): boolean {
  return count > 0;
}

function describe(measured: Measured, tools: FitTools): Candidate {
  const { constant } = measured;
  const { family, distribution } = constant === undefined
    ? measured.nonParametric()
    : { family: "constant", distribution: writtenDuration(constant) };
  return {
    family,
    distribution,
    method: "non-parametric",
    ...distances(tools.distribution(distribution), measured),
  };
}

/** A family with its estimated parameters; an empty list if there are none. */
function candidate(
  family: ParametricFamily,
  measured: Measured,
  tools: FitTools,
): (Candidate & { readonly score: number })[] {
  if (!tools.families.has(family.name)) return [];
  const estimate = measured.estimate(family, tools);
  if (estimate === undefined) return [];
  const { vector } = estimate;
  const written = { [family.name]: family.written(vector) };
  const distribution = tools.distribution(written);
  const { name, size } = family;
  return [{
    family: name,
    distribution: written,
    method: measured.method,
    parameters: size,
    ...distances(distribution, measured),
    chance: measured.chance(
      { family: name, size, shape: family.parameters(vector).shape },
      distribution,
    ),
    score: measured.score(estimate, size, distribution),
  }];
}

function distances(
  distribution: Distribution,
  measured: Measured,
): Pick<Candidate, "ad" | "ks" | "tail"> {
  const quantile = quantileOf(distribution);
  return {
    ks: measured.distance(distribution),
    ad: measured.anderson(distribution),
    tail: measured.probabilities.map((probability) => {
      const { value, low, high } = measured.quantile(probability);
      return {
        probability,
        measured: value,
        low,
        high,
        fitted: quantile(probability),
      };
    }),
  };
}
