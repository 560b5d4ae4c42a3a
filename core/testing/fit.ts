/**
 * The assertion that recorded times follow a distribution.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { Distribution } from "../plugin.ts";
import { asDistribution, type DistributionOptions } from "./distribution.ts";
import {
  ksCritical,
  type KsFigures,
  ksTest,
  type QuantileFigures,
  type QuantileSource,
  quantileTest,
} from "./goodness.ts";
import { checkGiven, FIT_OPTIONS } from "./options.ts";
import {
  noticeable,
  type PowerConditions,
  type Test,
  valuesFor,
} from "./power.ts";
import { parseDuration } from "../lib/units.ts";
import {
  count,
  failed,
  invalid,
  percent,
  percentile,
  sortedTimes,
  time,
} from "./values.ts";

/** Conditions of a comparison of recorded times with a distribution. */
export interface FitOptions extends DistributionOptions {
  /**
   * Tests: `ks` for the largest distance between the shares (Kolmogorov and Smirnov), which looks at the bulk, and `quantiles` for
   * single percentiles, which look at the tail. Default both.
   */
  readonly by?: readonly ("ks" | "quantiles")[];
  /** Probabilities of the percentiles. Default 0.5, 0.9 and 0.99. */
  readonly quantiles?: readonly number[];
  /**
   * Probability, at most, with which times that do follow the distribution are refused: over all tests together, for any number of
   * values. Default 0.001, one false alarm in a thousand runs.
   */
  readonly alpha?: number;
  /**
   * Relative deviation that the times must be able to show: 0.05 for times that are all 5 % longer, or shorter by the same factor.
   * Fewer values than that needs are refused. Default 0.5.
   */
  readonly notice?: number;
  /** Probability with which that deviation would be noticed. Default 0.9. */
  readonly power?: number;
  /**
   * Time by which each value may be off, such as the lateness of a server on a busy machine. Default 1 µs, for rounding. A
   * deviation within it is never noticed.
   */
  readonly tolerance?: number | string;
}

/** Result of a comparison of recorded times with a distribution. Times are in ms. */
export interface FitReport {
  /** True if no test refuses the times. */
  readonly follows: boolean;
  /** Number of values. */
  readonly count: number;
  /** Test of the whole distribution; undefined if it was not asked for. */
  readonly ks?: KsFigures;
  /** Tests of percentiles; empty if they were not asked for, or the distribution can only be sampled. */
  readonly quantiles: readonly QuantileFigures[];
  /**
   * Smallest relative deviation of all times that so many values would show with the probability `power`: null if even times a
   * thousand times as long, or as short, would pass.
   */
  readonly notices: {
    /** Times that are longer. */
    readonly slower: number | null;
    /** Times that are shorter; 0.25 stands for times divided by 1.25. */
    readonly faster: number | null;
  };
  /** Result in words, with all figures. */
  readonly summary: string;
}

/** Number of draws behind the estimated shares of a distribution that can only be sampled. */
const ESTIMATE = 100_000;

const ACTION = "compare times with a distribution";

/** Conditions of a comparison, complete. */
interface Plan extends PowerConditions {
  readonly notice: number;
}

/**
 * Asserts that recorded times follow a distribution. Two tests look for deviations: one compares the shares of all times, the other
 * single percentiles. The error rates hold for any number of values.
 *
 * ```ts
 * import { assertFollows, createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   routes: [{ path: "/orders", serviceTime: "lognormal(median=120ms, p99=800ms)" }],
 * });
 * const times = await server.measure("/orders", 1000);
 * const { notices } = await assertFollows(times, "lognormal(median=120ms, p99=800ms)");
 * console.assert(notices.slower !== null && notices.slower < 0.2);
 * ```
 *
 * @param times recorded times in ms, from independent requests
 * @param distribution as users write it, or compiled
 * @throws AssertionError if they do not
 * @throws PerfmockError `ARGUMENT_INVALID` if the values are too few to show the deviation `notice`, `CONFIG_INVALID` for a
 * distribution with errors
 */
export function assertFollows(
  times: Iterable<number>,
  distribution: unknown,
  options: FitOptions = {},
): Promise<FitReport> {
  return atCaller(assertFollows, async () => {
    checkGiven(ACTION, options, FIT_OPTIONS);
    const sorted = sortedTimes(times, ACTION);
    const compiled = await asDistribution(distribution, options);
    const plan = planOf(compiled, options);
    const report = compare(sorted, compiled, plan);
    if (!report.follows) {
      throw failed(report.summary, {
        actual: report,
        expected: distribution,
        operator: "assertFollows",
      });
    }
    refuseTooFew(report, compiled, plan);
    return report;
  });
}

/**
 * Compares recorded times with a distribution, as {@linkcode assertFollows} does, and returns the figures whatever they are.
 *
 * @param times recorded times in ms
 * @param distribution as users write it, or compiled
 * @throws PerfmockError `ARGUMENT_INVALID` if a value is no time
 */
export function compareTimes(
  times: Iterable<number>,
  distribution: unknown,
  options: FitOptions = {},
): Promise<FitReport> {
  return atCaller(compareTimes, async () => {
    checkGiven(ACTION, options, FIT_OPTIONS);
    const sorted = sortedTimes(times, ACTION);
    const compiled = await asDistribution(distribution, options);
    return compare(sorted, compiled, planOf(compiled, options));
  });
}

/**
 * Returns the number of values that show a deviation of all times with the probability `power`, about.
 *
 * ```ts
 * import { valuesNeeded } from "@perfmock/perfmock/testing";
 *
 * const needed = await valuesNeeded({ exponential: { mean: "50ms" } }, { notice: 0.05 });
 * console.assert(needed !== null && needed > 10_000);
 * ```
 *
 * @param distribution as users write it, or compiled
 * @returns null if more than 10 million are needed, or the deviation is within the tolerance
 */
export function valuesNeeded(
  distribution: unknown,
  options: FitOptions = {},
): Promise<number | null> {
  return atCaller(valuesNeeded, async () => {
    checkGiven("say how many values are needed", options, FIT_OPTIONS);
    const compiled = await asDistribution(distribution, options);
    const plan = planOf(compiled, options);
    return valuesFor(plan.notice, compiled, plan);
  });
}

/** Reads the options, which are checked; each test gets its part of `alpha`. */
function planOf(distribution: Distribution, options: FitOptions): Plan {
  const {
    by = ["ks", "quantiles"],
    quantiles = [0.5, 0.9, 0.99],
    tolerance = 0.001,
    alpha = 0.001,
    power = 0.9,
    notice = 0.5,
  } = options;
  const ps = by.includes("quantiles") && distribution.quantile !== undefined
    ? quantiles
    : [];
  const kinds = (by.includes("ks") ? 1 : 0) + (ps.length > 0 ? 1 : 0);
  if (kinds === 0) {
    throw invalid(ACTION, [{
      path: "options.by",
      message: by.length > 0
        ? "No percentile is left to compare: the distribution can only be sampled, or none is named"
        : "No test is named",
      value: by,
      allowed: '"ks", "quantiles" or both',
    }]);
  }
  const level = alpha / kinds;
  const ks: Test = distribution.estimated
    // Half of the error rate is left to the estimated shares, which are those of a sample too.
    ? { p: undefined, level: level / 2, slack: ksCritical(ESTIMATE, level / 2) }
    : { p: undefined, level, slack: 0 };
  return {
    tests: [
      ...by.includes("ks") ? [ks] : [],
      ...ps.map((p) => ({ p, level: level / ps.length, slack: 0 })),
    ],
    // The options have been checked, so it is a duration.
    tolerance: Number(parseDuration(tolerance)),
    power,
    notice,
  };
}

function compare(
  sorted: Float64Array,
  distribution: Distribution,
  plan: Plan,
): FitReport {
  const { tests, tolerance } = plan;
  let ks: KsFigures | undefined;
  const quantiles: QuantileFigures[] = [];
  for (const { p, level, slack } of tests) {
    if (p === undefined) {
      const found = ksTest(sorted, distribution, { level, tolerance });
      ks = { ...found, critical: found.critical + slack };
      continue;
    }
    // Only a distribution with a quantile function has tests of percentiles.
    const source = distribution as QuantileSource;
    quantiles.push(quantileTest(sorted, source, { p, level, tolerance }));
  }
  const follows = (ks === undefined || ks.distance <= ks.critical) &&
    quantiles.every(({ chance, level }) => chance > level);
  const notices = {
    slower: noticeable(sorted.length, distribution, "slower", plan),
    faster: noticeable(sorted.length, distribution, "faster", plan),
  };
  const figures = {
    follows,
    count: sorted.length,
    ...ks !== undefined && { ks },
    quantiles,
    notices,
  };
  return { ...figures, summary: summaryOf(figures, distribution, plan) };
}

function summaryOf(
  { follows, count: n, ks, quantiles, notices }: Omit<FitReport, "summary">,
  { family }: Distribution,
  { power }: Plan,
): string {
  const lines = [
    `${count(n, "value")} ${
      follows
        ? (n === 1 ? "follows" : "follow")
        : `do${n === 1 ? "es" : ""} not follow`
    } the distribution (${family})`,
  ];
  if (ks !== undefined) {
    const { distance, critical, at, measured, expected, chance } = ks;
    lines.push(
      distance <= critical
        ? `  shares: at most ${percent(distance)} apart, ${
          percent(critical)
        } are allowed`
        : `  shares: ${percent(measured)} of the values are at most ${
          time(at)
        }, expected ${percent(expected)}; ${percent(distance)} apart, ${
          percent(critical)
        } are allowed (by chance: ${probability(chance)})`,
    );
  }
  for (const { p, expected, measured, above, chance, level } of quantiles) {
    lines.push(
      `  ${percentile(p)}: ${time(measured)}, expected ${time(expected)}${
        chance > level
          ? ""
          : `; ${percent(above)} of the values are above that, expected ${
            percent(1 - p)
          } (by chance: ${probability(chance)})`
      }`,
    );
  }
  lines.push(`  ${noticed(notices, n, power)}`);
  return lines.join("\n");
}

/** Says which deviations the values would show. */
function noticed(
  { slower, faster }: FitReport["notices"],
  n: number,
  power: number,
): string {
  const longer = slower === null
    ? "no longer times"
    : `all times longer by ${percent(slower)}`;
  const shorter = faster === null
    ? "no shorter ones"
    : `shorter by ${percent(1 - 1 / (1 + faster))}`;
  return `${
    count(n, "value")
  } would show ${longer}, or ${shorter}, with a probability of ${
    percent(power)
  }`;
}

function probability(chance: number): string {
  return chance < 1e-4 ? "less than 0.01 %" : percent(chance);
}

/** Refuses values that are too few for the deviation which they must show. */
function refuseTooFew(
  { notices: { slower, faster }, count: n }: FitReport,
  distribution: Distribution,
  plan: Plan,
): void {
  const { notice, power } = plan;
  const shown = Math.max(slower ?? Infinity, faster ?? Infinity);
  if (shown <= notice) return;
  const needed = valuesFor(notice, distribution, plan);
  throw invalid(ACTION, [{
    path: "",
    message: `${count(n, "value")} would not show times ${
      percent(notice)
    } longer, or shorter by that factor, with a probability of ${
      percent(power)
    }; ${
      needed === null
        ? "no number of values up to 10 million would"
        : `${needed} would`
    }`,
    value: n,
    allowed: needed === null
      ? "a greater deviation as `notice`, or a smaller `tolerance`"
      : `at least ${needed} values, or a greater deviation as \`notice\``,
  }]);
}
