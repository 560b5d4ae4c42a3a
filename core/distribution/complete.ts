/**
 * Completes the {@linkcode Shape} that a family creates to a {@linkcode Distribution}.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Distribution, Shape, Stream } from "../plugin.ts";
import { createStream } from "../lib/random/mod.ts";
import {
  cdfOf,
  type Estimate,
  estimate,
  survivalOf,
  type Tails,
} from "./_derived.ts";
import { deviationOf, meanOf } from "./_moments.ts";
import { withTies } from "./_ties.ts";

/** Maximum number of uniforms for one draw. */
const MAX_UNIFORMS = 4096;

/** Smallest uniform that a stream yields. */
const FIRST_UNIFORM = 2 ** -53;

/**
 * Completes the shape that a family created. Each missing figure is derived at its first use. If the family gives a
 * probability too, the quantile is the smallest time that reaches a probability, even if rounding puts it just beyond a gap.
 *
 * From a quantile function: the cumulative distribution function by bisection, mean and standard deviation by quadrature
 * (infinite for heavy tails). A distribution that extends below 0 is clamped at 0, and its mean and standard deviation are
 * derived anew. From a sample function alone: estimates from 100 000 draws with a fixed seed. If a shape has both functions,
 * draws come from `sample` and all other figures from `quantile`.
 *
 * The functions are tried once, so that an error in them is an error of the configuration rather than of a request.
 *
 * @param family name of the family, for errors and `Distribution.family`
 * @param shape result of the family's `create`
 * @throws PerfmockError `CONFIG_INVALID` if a function yields NaN or Infinity or the quantile decreases; `PLUGIN_INVALID` if
 * the shape has neither function
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
  const cdf = pick(shape.cdf, shape.survival);
  const survival = pick(shape.survival, shape.cdf);
  return {
    family,
    // A cdf that is derived from the quantile function agrees with it to the last bit.
    ...cdf && survival ? withTies({ ...tails, cdf, survival }) : tails,
    draw: shape.sample === undefined
      ? (stream, sequence) => {
        const x = inverse(stream.uniform(sequence));
        return x > 0 ? x : 0; // NaN too
      }
      : sampler(family, shape.sample),
    cdf: cdf ?? ((x) => cdfOf(tails, x)),
    survival: survival ?? ((x) => survivalOf(tails, x)),
    get mean() {
      return mean();
    },
    get standardDeviation() {
      return deviation();
    },
    estimated: false,
    warnings: shape.warnings ?? [],
    measured: shape.measured ?? false,
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
    cdf: pick(shape.cdf, shape.survival) ?? ((x) => drawn().cdf(x)),
    survival: pick(shape.survival, shape.cdf) ?? ((x) => 1 - drawn().cdf(x)),
    get mean() {
      return shape.mean ?? drawn().mean;
    },
    get standardDeviation() {
      return shape.standardDeviation ?? drawn().standardDeviation;
    },
    estimated: (shape.cdf ?? shape.survival) === undefined ||
      shape.mean === undefined || shape.standardDeviation === undefined,
    warnings: shape.warnings ?? [],
    measured: shape.measured ?? false,
  };
}

/** Moves all probability below 0 to 0, because times are never negative. The given moments no longer hold. */
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
    measured: shape.measured,
  };
}

/** Returns the given function, else one from its complement, else undefined. */
function pick(
  own: ((x: number) => number) | undefined,
  complement: ((x: number) => number) | undefined,
): ((x: number) => number) | undefined {
  return own ?? (complement && ((x) => 1 - complement(x)));
}

/** Makes draws from a sample function, never negative and never NaN. */
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

/** Feeds a sample function with the successive uniforms of a sequence number. Nothing is allocated per draw. */
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

/** Probabilities at which quantile functions are tried, from the smallest to the greatest uniform. */
const PROBES: readonly number[] = [
  ...[2 ** -53, 1e-12, 1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.05],
  ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  ...[0.95, 0.99, 0.999, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2 ** -53],
];

/** Number of draws by which a sample function is tried. */
const SAMPLES = 64;

/** Relative decrease of a quantile that counts as rounding. */
const SLACK = 1e-12;

/**
 * Tries a quantile function.
 *
 * @throws PerfmockError `CONFIG_INVALID` if it yields NaN or Infinity, or decreases
 */
function probeQuantile(
  family: string,
  quantile: (u: number) => number,
): void {
  let before = -Infinity;
  let previous = 0;
  for (const u of PROBES) {
    const x = quantile(u);
    if (!Number.isFinite(x)) {
      throw invalid(family, `its quantile at ${u} is ${x}`, x);
    }
    if (x < before - SLACK * Math.abs(before)) {
      throw invalid(
        family,
        `its quantile decreases from ${before} at ${previous} to ${x} at ${u}`,
        x,
      );
    }
    before = x;
    previous = u;
  }
}

/**
 * Tries a sample function.
 *
 * @throws PerfmockError `CONFIG_INVALID` if it yields NaN or Infinity
 */
function probeSample(
  family: string,
  sample: (stream: Stream, sequence: number) => number,
): void {
  const stream = createStream([0, 0], "probe");
  for (let i = 0; i < SAMPLES; i++) {
    const x = sample(stream, i);
    if (!Number.isFinite(x)) throw invalid(family, `it draws ${x}`, x);
  }
}

function invalid(
  family: string,
  reason: string,
  value: number,
): PerfmockError {
  const message =
    `Cannot use the distribution "${family}" with these parameters: ${reason}`;
  return new PerfmockError("CONFIG_INVALID", message, [{
    path: "",
    message,
    value: String(value),
    allowed:
      "parameters that give finite times in milliseconds, never decreasing",
  }]);
}
