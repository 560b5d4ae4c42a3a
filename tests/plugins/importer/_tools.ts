/**
 * The contract's families and compiler for tests of the importer, and samples of known distributions.
 *
 * @module
 */
import { DistributionParser } from "../../../core/distribution/mod.ts";
import { createStream } from "../../../core/lib/random/mod.ts";
import type { Distribution } from "../../../core/plugin.ts";
import { families } from "../../../plugins/distributions/families.ts";
import type { FitTools } from "../../../plugins/importer/statistics/fit.ts";

const parser = new DistributionParser({
  families: new Map(families.map((family) => [family.name, family])),
  profiles: new Map(),
  folder: ".",
});

/** Tools of a server without plugins of its own. */
export const tools: FitTools = {
  families: parser.families,
  distribution: (value) => parser.compile(value),
};

/** Known distributions, as users write them, by the family that describes them. */
export const KNOWN: Readonly<Record<string, unknown>> = {
  exponential: { exponential: { mean: "40ms" } },
  lognormal: { lognormal: { median: "120ms", p99: "800ms" } },
  gamma: { gamma: { shape: 2.5, scale: "20ms" } },
  weibull: { weibull: { shape: 0.7, scale: "60ms" } },
  normal: { normal: { mean: "200ms", sd: "20ms" } },
  pareto: { pareto: { alpha: 2.5, min: "10ms" } },
};

/** Compiles a distribution that has a quantile function. */
export function compile(
  written: unknown,
): Distribution & { readonly quantile: (u: number) => number } {
  const distribution = tools.distribution(written);
  const { quantile } = distribution;
  if (quantile === undefined) throw new Error("no quantile function");
  return { ...distribution, quantile };
}

/** Independent draws of a distribution, always the same for a seed. */
export function draws(
  written: unknown,
  count: number,
  seed = "importer",
): Float64Array {
  const distribution = tools.distribution(written);
  const stream = createStream([1, 2], seed);
  return Float64Array.from(
    { length: count },
    (_, i) => distribution.draw(stream, i),
  );
}

/** The quantiles in the middle of equal shares: a sample without chance. */
export function evenly(written: unknown, count: number): Float64Array {
  const { quantile } = compile(written);
  return Float64Array.from(
    { length: count },
    (_, i) => quantile((i + 0.5) / count),
  );
}
