/**
 * The assertion that responses stay within a budget of times.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { Issue } from "../errors.ts";
import { parseDuration } from "../lib/units.ts";
import { atLeast, lowerCritical, upperCritical } from "./binomial.ts";
import { BUDGET_OPTIONS, checkGiven } from "./options.ts";
import {
  count,
  failed,
  invalid,
  nearestRank,
  percent,
  rankOf,
  sortedTimes,
  time,
} from "./values.ts";

/**
 * Budget: the most that percentiles and the longest time may be, as durations or in ms. Keys are `max`, and `p` with a percentage
 * between 0 and 100, such as `p95` or `p99.9`.
 */
export type Budget = Readonly<Record<string, number | string>>;

/** Conditions of a budget. */
export interface BudgetOptions {
  /** Probability with which an interval contains the true percentile. Default 0.95. */
  readonly confidence?: number;
  /**
   * True to fail also if the percentile that was measured is within the budget, but the true one may not be. Default false.
   */
  readonly certain?: boolean;
  /** Probability with which a share of slow responses, as the report names it, would have been noticed. Default 0.9. */
  readonly power?: number;
}

/** Result for one entry of a budget. Times are in ms. */
export interface BudgetLine {
  /** Key of the budget, such as `p95`. */
  readonly figure: string;
  /** Most that it may be. */
  readonly budget: number;
  /** Value that was measured: by nearest rank for a percentile. */
  readonly measured: number;
  /** Interval that contains the true percentile, its low end null where it may be below all values; null for `max`. */
  readonly interval: readonly [low: number | null, high: number] | null;
  /** `within`: surely within the budget; `over`: surely not; `open`: the interval contains the budget. */
  readonly verdict: "within" | "over" | "open";
  /** Number of values above the budget. */
  readonly above: number;
  /**
   * Share of responses above the budget that would have made the assertion fail with the probability `power`. For a 95th percentile
   * it is more than 0.05, by as much as few values can hide.
   */
  readonly notices: number;
}

/** Result of a comparison of times with a budget. */
export interface BudgetReport {
  /** Number of values. */
  readonly count: number;
  /** Results by entry of the budget, in its order. */
  readonly lines: readonly BudgetLine[];
  /** Result in words. */
  readonly summary: string;
}

const ACTION = "compare times with a budget";

/** Precision of a share that would have been noticed. */
const PRECISION = 1e-5;

/** Entry of a budget, read. */
interface Entry {
  readonly figure: string;
  /** Probability of the percentile; undefined for `max`. */
  readonly p: number | undefined;
  readonly budget: number;
}

/**
 * Asserts that percentiles of recorded times are within a budget. The report has the interval in which the true percentile is, and
 * the share of slow responses that so many values would have shown.
 *
 * ```ts
 * import { assertWithinBudget, createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   routes: [{ path: "/orders", serviceTime: { exponential: { mean: "30ms" } } }],
 * });
 * const times = await server.measure("/orders", 400);
 * const { lines: [p95] } = assertWithinBudget(times, { p95: "150ms", max: "1s" });
 * console.assert(p95.verdict === "within" && p95.notices < 0.1);
 * ```
 *
 * @param times recorded times in ms, from independent requests
 * @throws AssertionError if one is not
 * @throws PerfmockError `ARGUMENT_INVALID` if the values are too few to tell, or the budget has errors
 */
export function assertWithinBudget(
  times: Iterable<number>,
  budget: Budget,
  options: BudgetOptions = {},
): BudgetReport {
  return atCaller(assertWithinBudget, () => {
    checkGiven(ACTION, options, BUDGET_OPTIONS);
    const { confidence = 0.95, power = 0.9, certain = false } = options;
    const sorted = sortedTimes(times, ACTION);
    const entries = entriesOf(budget);
    refuseTooFew(sorted.length, entries, confidence);
    const lines = entries.map((entry) =>
      lineOf(sorted, entry, { confidence, power })
    );
    const wrong = new Set(
      lines.filter(({ measured, budget, verdict }) =>
        measured > budget || certain && verdict !== "within"
      ),
    );
    const n = sorted.length;
    const summary = [
      wrong.size === 0
        ? `${count(n, "value")} within the budget`
        : `${count(n, "value")} over the budget in ${wrong.size} of ${
          count(lines.length, "figure")
        }`,
      ...lines.map((line) =>
        `  ${sentenceOf(line, n, wrong.has(line), power)}`
      ),
    ].join("\n");
    const report = { count: n, lines, summary };
    if (wrong.size === 0) return report;
    throw failed(summary, {
      actual: report,
      expected: budget,
      operator: "assertWithinBudget",
    });
  });
}

/** Reads a budget; all errors at once. */
function entriesOf(budget: Budget): Entry[] {
  const entries: Entry[] = [];
  const issues: Issue[] = [];
  for (const [figure, value] of Object.entries(budget)) {
    const limit = parseDuration(value);
    const p = figure === "max"
      ? undefined
      : Number(/^p(\d+(?:\.\d+)?)$/.exec(figure)?.[1]) / 100;
    if (p !== undefined && !(p > 0 && p < 1)) {
      issues.push({
        path: `/${figure}`,
        message: `Unknown figure "${figure}"`,
        value: figure,
        allowed: "max, or p and a percentage between 0 and 100, such as p95",
      });
    } else if (limit === undefined || limit < 0) {
      issues.push({
        path: `/${figure}`,
        message: `The budget of ${figure} is no duration, received ${
          String(value)
        }`,
        value,
        allowed: 'a duration such as "120ms", or a number of milliseconds',
      });
    } else entries.push({ figure, p, budget: limit });
  }
  if (issues.length === 0 && entries.length === 0) {
    issues.push({
      path: "",
      message: "The budget names no figure",
      allowed: 'at least one, such as { p95: "200ms" }',
    });
  }
  if (issues.length > 0) throw invalid(ACTION, issues);
  return entries;
}

/** Refuses values none of which can be surely above the percentile: then nothing could show that it is within the budget. */
function refuseTooFew(
  n: number,
  entries: readonly Entry[],
  confidence: number,
): void {
  const issues = entries.flatMap(({ figure, p }): Issue[] => {
    if (p === undefined) return [];
    const needed = Math.ceil(Math.log((1 - confidence) / 2) / Math.log(p));
    if (n >= needed) return [];
    return [{
      path: `/${figure}`,
      message: `${
        count(n, "value")
      } cannot show ${figure}: even the longest is below the true one with a probability of ${
        percent(p ** n)
      }; ${needed} values are needed`,
      value: n,
      allowed: `at least ${needed} values, for a confidence of ${
        percent(confidence)
      }`,
    }];
  });
  if (issues.length > 0) throw invalid(ACTION, issues);
}

function lineOf(
  sorted: Float64Array,
  { figure, p, budget }: Entry,
  { confidence, power }: {
    readonly confidence: number;
    readonly power: number;
  },
): BudgetLine {
  const n = sorted.length;
  const above = sorted.length -
    sorted.findLastIndex((value) => value <= budget) - 1;
  const measured = p === undefined ? sorted[n - 1] : nearestRank(sorted, p);
  const interval = p === undefined ? null : intervalOf(sorted, p, confidence);
  const verdict = interval === null
    ? measured <= budget ? "within" : "over"
    : interval[1] <= budget
    ? "within"
    : interval[0] !== null && interval[0] > budget
    ? "over"
    : "open";
  return {
    figure,
    budget,
    measured,
    interval,
    verdict,
    above,
    notices: shareNoticed(n, p === undefined ? n : rankOf(n, p), power),
  };
}

/**
 * Interval of the true percentile between two of the values, each end with half of the error rate. Exact: the number of values below
 * the percentile is binomial. Source: David, Nagaraja, Order Statistics, 7.1.
 */
function intervalOf(
  sorted: Float64Array,
  p: number,
  confidence: number,
): readonly [low: number | null, high: number] {
  const n = sorted.length;
  const error = (1 - confidence) / 2;
  // X₍j₎ exceeds the percentile if fewer than j values are below it.
  const low = lowerCritical(n, p, error);
  const high = upperCritical(n, p, error);
  return [low < 0 ? null : sorted[low], sorted[high - 1]];
}

/**
 * Share of responses above the budget with which fewer than `rank` values are within it with the given probability: then the
 * percentile that is measured exceeds the budget.
 */
function shareNoticed(n: number, rank: number, power: number): number {
  let low = 0;
  let high = 1;
  while (high - low > PRECISION * Math.max(high, PRECISION)) {
    const middle = (low + high) / 2;
    if (atLeast(rank, n, 1 - middle) <= 1 - power) high = middle;
    else low = middle;
  }
  return high;
}

function sentenceOf(
  { figure, budget, measured, interval, above, notices }: BudgetLine,
  n: number,
  wrong: boolean,
  power: number,
): string {
  const parts = [
    `${figure} is ${time(measured)}, ${
      measured > budget
        ? `${time(measured - budget)} over the budget of`
        : wrong
        ? "perhaps over the budget of"
        : "within"
    } ${time(budget)}`,
  ];
  if (interval !== null) {
    const [low, high] = interval;
    parts.push(
      `the true one is ${
        low === null
          ? `at most ${time(high)}`
          : `between ${time(low)} and ${time(high)}`
      }`,
    );
  }
  parts.push(`${above} of ${count(n, "value")} are above the budget`);
  if (measured <= budget) {
    parts.push(
      `${percent(notices)} would have been noticed with a probability of ${
        percent(power)
      }`,
    );
  }
  return parts.join("; ");
}
