/**
 * Largest response time of each route that keeps a budget, the other routes as configured: from a search along the route's delay
 * where there was one, else from the slope.
 *
 * The quotient of headroom and slope has Fieller's interval ("Some problems in interval estimation", Journal of the Royal
 * Statistical Society B 16, 1954).
 *
 * @module
 */
import type { Estimate } from "../../../core/find.ts";
import { inMilliseconds } from "../report/mod.ts";

/** Knowledge of a route. */
export interface BudgetRoute {
  /** Id of the route. */
  readonly route: string;
  /** Median response time as configured, in ms; null where it was not seen. */
  readonly responseTime: number | null;
  /** Slope where time is added. */
  readonly slope: Estimate;
  /** Time that was added, in ms. */
  readonly added: number;
  /** Slope where time is taken away; null where that was not possible. */
  readonly saved: Estimate | null;
  /** Time that was taken away, in ms; 0 where nothing could be. */
  readonly taken: number;
  /** Search along the route's delay; null where there was none. */
  readonly cliff: {
    /** Added time at which the budget breaks, in ms; null if it does not. */
    readonly breaksAt: Estimate | null;
    /** Largest added time that was tried, in ms. */
    readonly to: number;
  } | null;
}

/** Largest response times that keep a budget. */
export interface BudgetAnswer {
  /** Largest response time of each route, in ms, in their order; null where no limit was found. */
  readonly largest: readonly (Estimate | null)[];
  /** Sentences on what the numbers rest on. */
  readonly notes: readonly string[];
}

/** Change of a response time, as a multiple of the change that was measured, from which on it is called extrapolated. */
const FAR = 1.5;

/**
 * Computes the largest response times.
 *
 * @param limit largest allowed figure, in ms
 * @param baseline median of the figure as configured, in ms
 */
export function solveBudget(
  limit: number,
  baseline: Estimate,
  routes: readonly BudgetRoute[],
): BudgetAnswer {
  const headroom: Estimate = {
    value: limit - baseline.value,
    low: limit - baseline.high,
    high: limit - baseline.low,
  };
  const solved = routes.map((route) => solve(headroom, route));
  const named = (kind: Kind) =>
    solved.flatMap((found, i) =>
      found.kind === kind ? [`${routes[i].route} (${found.detail})`] : []
    ).join(", ");
  const notes = [
    [
      named("far"),
      "Largest response times that are extrapolated along a straight line beyond what was measured",
      "; a cliff search along a route's delay measures its limit",
    ],
    [named("none"), "The budget held at the largest delay of the search", ""],
    [
      named("never"),
      "The budget stays broken even if these routes answer at once",
      "",
    ],
  ];
  return {
    largest: solved.map(({ largest }) => largest),
    notes: notes.filter(([routes]) => routes !== "").map((
      [routes, what, more],
    ) => `${what}: ${routes}${more}`),
  };
}

/** Ground that a limit rests on: measured, extrapolated, not reached in a search, out of reach, or nothing is known. */
type Kind = "measured" | "far" | "none" | "never" | "unknown";

interface Solved {
  readonly largest: Estimate | null;
  readonly kind: Kind;
  /** Explanation for a note. */
  readonly detail?: string;
}

const UNKNOWN: Solved = { largest: null, kind: "unknown" };

function solve(headroom: Estimate, route: BudgetRoute): Solved {
  const { responseTime, cliff, slope, saved, added, taken } = route;
  if (responseTime === null) return UNKNOWN;
  const moved = ({ value, low, high }: Estimate): Estimate => ({
    value: Math.max(0, responseTime + value),
    low: Math.max(0, responseTime + low),
    high: Math.max(0, responseTime + high),
  });
  const isKept = headroom.value >= 0;
  if (isKept && cliff !== null) {
    return cliff.breaksAt !== null
      ? { largest: moved(cliff.breaksAt), kind: "measured" }
      : {
        largest: null,
        kind: "none",
        detail: inMilliseconds(responseTime + cliff.to),
      };
  }
  const used = isKept ? slope : saved;
  // An interval that holds 0 has no bounded quotient: the route does not limit the budget.
  if (used === null || used.low <= 0) return UNKNOWN;
  const change = quotient(headroom, used);
  if (responseTime + change.value < 0) {
    return {
      largest: null,
      kind: "never",
      detail: `${inMilliseconds(responseTime)} now`,
    };
  }
  const largest = moved(change);
  const measured = isKept ? added : taken;
  return Math.abs(change.value) <= FAR * measured
    ? { largest, kind: "measured" }
    : {
      largest,
      kind: "far",
      detail: `${inMilliseconds(largest.value)}, measured ${
        isKept ? "up" : "down"
      } to ${inMilliseconds(responseTime + (isKept ? added : -taken))}`,
    };
}

/** Quotient with Fieller's interval. The divisor's interval is above 0. */
function quotient(dividend: Estimate, divisor: Estimate): Estimate {
  const half = (dividend.high - dividend.low) / 2;
  // The lower side is the one that could reach 0.
  const square = divisor.value ** 2 - (divisor.value - divisor.low) ** 2;
  const product = dividend.value * divisor.value;
  const root = Math.sqrt(
    Math.max(0, product ** 2 - square * (dividend.value ** 2 - half ** 2)),
  );
  const value = dividend.value / divisor.value;
  return {
    value,
    low: Math.min(value, (product - root) / square),
    high: Math.max(value, (product + root) / square),
  };
}
