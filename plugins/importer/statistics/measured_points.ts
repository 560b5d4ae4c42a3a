/**
 * Percentiles of durations.
 *
 * @module
 */
import {
  innerPoints,
  type MeasuredPercentile,
  type MeasuredPercentiles,
  percentileName,
  positivePoints,
} from "./durations.ts";
import { writtenDuration } from "./families.ts";
import { distanceOfPoints } from "./goodness.ts";
import {
  ENOUGH_BEYOND,
  type FitTools,
  type Measured,
  quantileOf,
  shapeOf,
} from "./measured.ts";

/** Greatest difference of a percentile's probability and its name's that is rounding. */
const ROUNDING = 1e-9;

/** Percentiles above the median that are compared, at most. */
const MOST_COMPARED = 8;

/**
 * Returns percentiles as the fit sees them.
 *
 * @param given percentiles, at least two between p0 and p100 and above 0 ms
 */
export function measuredPoints(
  { points, count }: MeasuredPercentiles,
  tools: FitTools,
): Measured {
  const positive = positivePoints(points);
  const [first] = positive;
  const last = positive[positive.length - 1];
  // A percentile beyond which hardly any duration lies is one of those durations.
  const sure = positive.filter(({ probability }) =>
    count === undefined ||
    (1 - probability) * count >= ENOUGH_BEYOND - ROUNDING
  );
  const upper = sure.filter(({ probability }) => probability >= 0.5);
  const step = Math.ceil(upper.length / MOST_COMPARED);
  const compared = new Map(
    upper.filter((_, i) => i === 0 || (upper.length - 1 - i) % step === 0)
      .map(({ probability, value }) => [probability, value]),
  );
  return {
    count,
    method: "quantile matching",
    constant: first.value === last.value ? first.value : undefined,
    unknown: unknownOf(positive, innerPoints(points).length),
    nonParametric: () => ({
      family: "percentiles",
      distribution: {
        percentiles: Object.fromEntries(
          positive.map((
            { probability, value },
          ) => [percentileName(probability), writtenDuration(value)]),
        ),
      },
    }),
    estimate: (family) => {
      // There are two percentiles at least, and no family has more parameters.
      const vector = family.matched(
        positive,
        (parameters) => shapeOf(family.name, parameters, tools).quantile,
      );
      return vector !== undefined && family.accepts(vector)
        ? { vector, logLikelihood: NaN }
        : undefined;
    },
    score: (_estimate, _size, distribution) =>
      Math.sqrt(
        positive.reduce(
          (sum, { probability, value }) =>
            sum + Math.log(quantileOf(distribution)(probability) / value) ** 2,
          0,
        ) / positive.length,
      ),
    distance: (distribution) => distanceOfPoints(positive, distribution),
    anderson: () => undefined,
    chance: () => undefined,
    probabilities: [...compared.keys()],
    quantile: (probability) => {
      const value = compared.get(probability) as number;
      return { value, low: value, high: value };
    },
  };
}

function unknownOf(
  positive: readonly MeasuredPercentile[],
  inner: number,
): readonly string[] {
  const sentences: string[] = [];
  const zeros = inner - positive.length;
  if (zeros > 0) {
    sentences.push(
      `${zeros} of ${inner} percentiles are 0 ms, which no family reaches; they are left out`,
    );
  }
  if (positive.length === 2) {
    sentences.push(
      "Two percentiles do not tell families apart: each of those with two parameters passes through both",
    );
  }
  const [first, last] = [positive[0], positive[positive.length - 1]];
  sentences.push(
    `Below ${percentileName(first.probability)} and above ${
      percentileName(last.probability)
    } nothing was measured: both tails are the distribution's`,
  );
  return sentences;
}
