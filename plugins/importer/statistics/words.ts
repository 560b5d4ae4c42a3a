/**
 * A fit in words.
 *
 * @module
 */
import type { ByChance, Candidate } from "../../../core/import.ts";
import { percentileName } from "./durations.ts";
import { inPercent } from "./unknown.ts";
import { errorOf } from "./verdict.ts";

/** Parts of a fit that are told in one line. */
interface Told {
  readonly count: number | undefined;
  readonly best: Candidate;
}

/** Returns one line about the goodness of fit, for a comment in YAML. */
export function fitInWords({ count, best }: Told): string {
  const durations = count === undefined
    ? "durations of unknown number"
    : count === 1
    ? "1 duration"
    : `${count} durations`;
  const method = best.method === "non-parametric" ? "" : ` by ${best.method}`;
  return `${best.family}${method} from ${durations}: ${goodnessInWords(best)}`;
}

/** Returns the distances of a distribution from the measurement, separated by commas. */
export function goodnessInWords({ ks, ad, chance, tail }: Candidate): string {
  return [
    `KS ${Number(ks.toPrecision(2))}`,
    ...ad === undefined ? [] : [`A² ${Number(ad.toPrecision(3))}`],
    ...chance === undefined ? [] : [chanceInWords(chance)],
    ...tail.filter(({ probability }) => probability >= 0.5).map((quantile) =>
      `${percentileName(quantile.probability)} ${signed(errorOf(quantile))}`
    ),
  ].join(", ");
}

/** A difference in percent, with its sign. */
function signed(difference: number): string {
  const text = inPercent(Math.abs(difference));
  return Math.abs(difference) < 0.0005
    ? "±0 %"
    : `${difference < 0 ? "−" : "+"}${text}`;
}

/** Bounds of a probability, in the way in which tables are read. */
export function chanceInWords({ low, high }: ByChance): string {
  const short = (p: number) => `${Number(p.toPrecision(2))}`;
  if (low === high) return low < 0.0001 ? "p < 0.0001" : `p ${short(low)}`;
  if (low === 0) return `p < ${short(high)}`;
  if (high === 1) return `p > ${short(low)}`;
  return `p ${short(low)}…${short(high)}`;
}
