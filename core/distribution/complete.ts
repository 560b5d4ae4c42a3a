/**
 * Makes a whole {@linkcode Distribution} of the little that a family must give.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Distribution, Shape, Stream } from "../plugin.ts";
import { type Estimate, estimate } from "./_estimate.ts";
import { deviationOf, meanOf } from "./_moments.ts";
import { probeQuantile, probeSample } from "./_probe.ts";
import { cdfOf, survivalOf, type Tails } from "./_tails.ts";

/** How many uniforms one draw may take. */
const MAX_UNIFORMS = 4096;

/** The smallest uniform there is. */
const FIRST_UNIFORM = 2 ** -53;

/**
 * Completes what a family made. All that is derived is derived at its first use.
 *
 * From a quantile function: the cumulative distribution function by bisection, mean and standard deviation by quadrature
 * (infinite where the tail is; see `_moments.ts`). A distribution that reaches below 0 is clamped there, its mean and
 * standard deviation then derived. From a sample function alone: estimates of 100 000 draws with a fixed seed. Given both,
 * draws come from `sample` and all else from `quantile`.
 *
 * @param family the family's name, for errors and `Distribution.family`
 * @param shape what the family's `create` returned
 * @throws PerfmockError `CONFIG_INVALID` where the functions yield NaN, Infinity or decrease; `PLUGIN_INVALID` where there
 * is neither
 */
export function complete(family: string, shape: Shape): Distribution {
  if (shape.quantile !== undefined) {
    return fromQuantile(family, shape, shape.quantile);
  }
  if (shape.sample !== undefined) {
    return fromSample(family, shape, shape.sample);
  }
  throw new PerfmockError(
    "PLUGIN_INVALID",
    `Cannot use the distribution family "${family}": it gives neither a quantile nor a sample function`,
  );
}

function fromQuantile(
  family: string,
  given: Shape,
  quantile: (u: number) => number,
): Distribution {
  probeQuantile(family, quantile);
  const shape = quantile(FIRST_UNIFORM) < 0
    ? clampAtZero(given, quantile)
    : { ...given, quantile };
  const inverse = shape.quantile;
  const survivalQuantile = shape.survivalQuantile ??
    ((v: number) => inverse(1 - v));
  const far = shape.survivalQuantile !== undefined;
  const tails: Tails = { quantile: inverse, survivalQuantile };
  if (shape.sample !== undefined) {
    probeSample(family, raw(family, shape.sample));
  }
  const mean = lazy(() => shape.mean ?? meanOf(tails, far));
  const deviation = lazy(() =>
    shape.standardDeviation ?? deviationOf(tails, mean(), far)
  );
  return {
    family,
    quantile: inverse,
    survivalQuantile,
    draw: shape.sample === undefined
      ? (stream, sequence) => {
        const x = inverse(stream.uniform(sequence));
        return x > 0 ? x : 0; // NaN too
      }
      : sampler(family, shape.sample),
    cdf: pick(shape.cdf, shape.survival, (x) => cdfOf(tails, x)),
    survival: pick(shape.survival, shape.cdf, (x) => survivalOf(tails, x)),
    get mean() {
      return mean();
    },
    get standardDeviation() {
      return deviation();
    },
    estimated: false,
    warnings: shape.warnings ?? [],
  };
}

function fromSample(
  family: string,
  shape: Shape,
  sample: (next: () => number) => number,
): Distribution {
  const draw = sampler(family, sample);
  probeSample(family, raw(family, sample));
  const drawn: () => Estimate = lazy(() => estimate(draw));
  return {
    family,
    quantile: undefined,
    survivalQuantile: undefined,
    draw,
    cdf: pick(shape.cdf, shape.survival, (x) => drawn().cdf(x)),
    survival: pick(shape.survival, shape.cdf, (x) => 1 - drawn().cdf(x)),
    get mean() {
      return shape.mean ?? drawn().mean;
    },
    get standardDeviation() {
      return shape.standardDeviation ?? drawn().standardDeviation;
    },
    estimated: (shape.cdf ?? shape.survival) === undefined ||
      shape.mean === undefined || shape.standardDeviation === undefined,
    warnings: shape.warnings ?? [],
  };
}

/** Times are never negative: what lies below 0 becomes an atom there, and given moments no longer hold. */
function clampAtZero(
  shape: Shape,
  quantile: (u: number) => number,
): Shape & { readonly quantile: (u: number) => number } {
  const { survivalQuantile, cdf, survival } = shape;
  return {
    quantile: (u) => Math.max(0, quantile(u)),
    survivalQuantile: survivalQuantile &&
      ((v) => Math.max(0, survivalQuantile(v))),
    cdf: cdf && ((x) => x < 0 ? 0 : cdf(x)),
    survival: survival && ((x) => x < 0 ? 1 : survival(x)),
    sample: shape.sample,
    warnings: shape.warnings,
  };
}

/** The function given, or its complement, or the derived one. */
function pick(
  own: ((x: number) => number) | undefined,
  complement: ((x: number) => number) | undefined,
  derived: (x: number) => number,
): (x: number) => number {
  if (own !== undefined) return own;
  return complement === undefined ? derived : (x) => 1 - complement(x);
}

/** Draws by a sample function: never negative, never NaN. */
function sampler(
  family: string,
  sample: (next: () => number) => number,
): Distribution["draw"] {
  const draw = raw(family, sample);
  return (stream, sequence) => {
    const x = draw(stream, sequence);
    return x > 0 ? x : 0;
  };
}

/** Feeds a sample function with the successive indexes of a sequence; nothing is allocated per draw. */
function raw(
  family: string,
  sample: (next: () => number) => number,
): Distribution["draw"] {
  let source: Stream | undefined;
  let place = 0;
  let index = 0;
  const next = (): number => {
    if (source === undefined || index === MAX_UNIFORMS) {
      throw new PerfmockError(
        "PLUGIN_INVALID",
        `Cannot draw from the distribution "${family}": its sample function asked for more than ${MAX_UNIFORMS} numbers in one draw`,
      );
    }
    return source.uniform(place, index++);
  };
  return (stream, sequence) => {
    source = stream;
    place = sequence;
    index = 0;
    return sample(next);
  };
}

function lazy<T>(compute: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => (known ??= { value: compute() }).value;
}
