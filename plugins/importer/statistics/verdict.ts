/**
 * Decides whether a parametric distribution describes the durations well enough, and says why.
 *
 * @module
 */
import type { Candidate, ComparedQuantile } from "../../../core/import.ts";
import { percentileName } from "./durations.ts";
import { inPercent } from "./unknown.ts";

/** Relative error of a percentile that is small enough. */
const CLOSE = 0.05;

/** Difference of the distribution functions that is small enough, whatever the number of durations. */
const NEAR = 0.03;

/** Probability of a difference by chance below which it is none. */
const UNLIKELY = 0.01;

/** Largest difference by chance, times the root of the number of durations, where no better figure is known. */
const BY_CHANCE = 0.9;

/** Number of durations below which no family is recommended: almost any of them explains so few. */
const LEAST = 30;

/**
 * Returns the ways in which a distribution does not describe the durations, each as words that follow a name; empty if it is good
 * enough. It is if each percentile is within 5 % of the measured one, or in the range in which that is known, and the distribution
 * functions differ by at most 3 %, or by what chance explains.
 */
export function shortfalls(
  { ks, chance, tail }: Candidate,
  count: number | undefined,
): readonly string[] {
  const byChance = chance === undefined
    ? count !== undefined && ks * Math.sqrt(count) <= BY_CHANCE
    : chance.high > UNLIKELY;
  return [
    ...tail.filter((quantile) => !isClose(quantile)).map(offInWords),
    ...ks <= NEAR || byChance
      ? []
      : [`the distribution functions differ by up to ${inPercent(ks)}`],
  ];
}

/** Returns true if a distribution describes the durations well enough. */
export function isGoodEnough(
  candidate: Candidate,
  count: number | undefined,
): boolean {
  return !isTooFew(count) && shortfalls(candidate, count).length === 0;
}

function isTooFew(count: number | undefined): boolean {
  return count !== undefined && count < LEAST;
}

function isClose(quantile: ComparedQuantile): boolean {
  const { fitted, low, high } = quantile;
  return Math.abs(errorOf(quantile)) <= CLOSE ||
    fitted >= low && fitted <= high;
}

/** Relative error of a quantile. */
export function errorOf({ fitted, measured }: ComparedQuantile): number {
  return fitted === measured ? 0 : fitted / measured - 1;
}

function offInWords(quantile: ComparedQuantile): string {
  const error = errorOf(quantile);
  const name = percentileName(quantile.probability);
  return error < 0
    ? `${name} is ${inPercent(-error)} too low`
    : `${name} is ${inPercent(error)} too high`;
}

/** Choice between fitted distributions. */
export interface Choice {
  /** Chosen one. */
  readonly best: Candidate;
  /** Parametric ones, best first. */
  readonly parametric: readonly Candidate[];
  /** Number of durations; undefined if it is not known. */
  readonly count: number | undefined;
  /** The one duration, if all are equal. */
  readonly constant: number | undefined;
}

/** Returns a sentence that says why a distribution was chosen. */
export function reasonFor(
  { best, parametric, count, constant }: Choice,
): string {
  if (constant !== undefined) return "All durations are equal";
  const [first] = parametric;
  if (first === undefined) {
    return `${best.family}: no parametric family could be estimated from so little`;
  }
  if (count !== undefined && isTooFew(count)) {
    return `${best.family}: of fewer than ${LEAST} durations no family can be told from the others`;
  }
  const rank = parametric.indexOf(best);
  if (rank < 0) {
    return `${best.family}: no parametric family describes the durations. Of ${first.family}, the nearest one, ${
      shortfalls(first, count).join(", and ")
    }`;
  }
  const better = rank === 0
    ? ""
    : `. ${first.family} is nearer on the whole, but of it ${
      shortfalls(first, count).join(", and ")
    }`;
  return `${best.family}: ${closeness(best)}${better}`;
}

function closeness({ tail }: Candidate): string {
  const [worst] = tail.toSorted((a, b) =>
    Math.abs(errorOf(b)) - Math.abs(errorOf(a))
  );
  if (worst === undefined) return "no percentile could be compared";
  const error = Math.abs(errorOf(worst));
  return error <= CLOSE
    ? `all compared percentiles are within ${
      inPercent(Math.max(error, 0.001))
    } of the measured ones`
    : `all compared percentiles are within 5 % of the measured ones, or where the measurement cannot tell; the farthest one off, ${
      percentileName(worst.probability)
    }, by ${inPercent(error)}`;
}
