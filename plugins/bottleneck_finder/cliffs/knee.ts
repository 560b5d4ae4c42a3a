/**
 * Figures of a sweep: the figure at multiples of a route's response time, and the knee from which on it grows faster.
 *
 * @module
 */
import type { RouteErrors, SweptRoute } from "../../../core/find.ts";
import { findChange } from "./piecewise.ts";
import { medians } from "./summaries.ts";

/** Measurements of one route. */
export interface SweepMeasurement {
  /** Id of the route. */
  readonly route: string;
  /** Median response time as configured, in ms; null for the processor, which has none. */
  readonly responseTime: number | null;
  /** Figures of the loads at each factor, in ms; empty where none was measured. */
  readonly figures: readonly (readonly number[])[];
  /** Errors among its answers; null where none was seen. Default null. */
  readonly errors?: RouteErrors | null;
}

/** Options of {@linkcode sweptRoutes}. */
export interface SweepOptions {
  /** Factors on the response time, ascending. */
  readonly factors: readonly number[];
  /** Largest allowed figure, in ms; null for none. */
  readonly budget: number | null;
  /** Confidence of the intervals and of the test for a knee, such as 0.95. */
  readonly confidence: number;
  /** Uniform random numbers between 0 and 1. */
  readonly next: () => number;
}

/** Summarises a sweep: the route whose figure grows most comes first. */
export function sweptRoutes(
  measurements: readonly SweepMeasurement[],
  options: SweepOptions,
): SweptRoute[] {
  return measurements.map((measurement) => sweptRoute(measurement, options))
    .sort((a, b) => growth(b) - growth(a));
}

function sweptRoute(
  { route, responseTime, figures, errors = null }: SweepMeasurement,
  { factors, budget, confidence, next }: SweepOptions,
): SweptRoute {
  const times = factors.map((factor) => factor * (responseTime ?? 1));
  const found = medians(figures, times, confidence, next);
  const { bend } = findChange(
    figures.flatMap((group, i) =>
      group.map((figure) => ({ level: times[i], figure }))
    ),
    { confidence, next },
  );
  return {
    route,
    responseTime,
    figures: found,
    knee: bend !== undefined && bend.after.value > bend.before.value
      ? bend.at
      : null,
    breaks: budget === null
      ? null
      : factors.find((_, i) => (found[i]?.value ?? 0) > budget) ?? null,
    errors,
  };
}

/** Growth of the figure between the first and the last factor that were measured, in ms. */
function growth({ figures }: SweptRoute): number {
  const measured = figures.flatMap((figure) => figure?.value ?? []);
  return measured.length === 0
    ? -Infinity
    : measured[measured.length - 1] - measured[0];
}
