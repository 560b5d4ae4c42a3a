/**
 * Cumulative distribution functions that are independent of the code under test: a density, known up to a factor, is
 * integrated by Simpson's rule over a fine grid.
 *
 * @module
 */
import type { Probability } from "./_goodness.ts";

/** A density and its interval. */
export interface Density {
  /** Density, up to a factor. */
  readonly density: (x: number) => number;
  /** Start of the interval; above 0 if `logarithmic`. */
  readonly from: number;
  /** End of the interval; the rest is negligible. */
  readonly to: number;
  /** True for a grid that is even in the logarithm of x. */
  readonly logarithmic?: boolean;
}

const CELLS = 50_000;

/** Tabulates a density. Between grid points it interpolates by the trapezoid of the density. */
export function tabulate(
  { density, from, to, logarithmic }: Density,
): Probability {
  const enter = logarithmic ? Math.log : (x: number) => x;
  const weight = logarithmic
    ? (t: number) => density(Math.exp(t)) * Math.exp(t)
    : density;
  const start = enter(from);
  const width = (enter(to) - start) / CELLS;
  const densities = Float64Array.from(
    { length: CELLS + 1 },
    (_, i) => weight(start + i * width),
  );
  const cells = Float64Array.from(
    { length: CELLS },
    (_, i) =>
      (densities[i] + 4 * weight(start + (i + 0.5) * width) +
        densities[i + 1]) *
      width / 6,
  );
  const below = new Float64Array(CELLS + 1);
  const above = new Float64Array(CELLS + 1);
  for (let i = 0; i < CELLS; i++) below[i + 1] = below[i] + cells[i];
  for (let i = CELLS; i > 0; i--) above[i - 1] = above[i] + cells[i - 1];
  const total = below[CELLS];
  return (x) => {
    const place = Math.min(
      CELLS - 1e-9,
      Math.max(0, (enter(x) - start) / width),
    );
    const i = Math.floor(place);
    const t = place - i;
    const mean = (densities[i] + densities[i + 1]) / 2;
    const part = mean === 0 ? 0 : cells[i] *
      (densities[i] * t + (densities[i + 1] - densities[i]) * t * t / 2) / mean;
    return [
      (below[i] + part) / total,
      (above[i + 1] + cells[i] - part) / total,
    ];
  };
}
