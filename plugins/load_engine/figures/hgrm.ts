/**
 * HdrHistogram's text form of a percentile distribution, which its plotter reads.
 *
 * Source: outputPercentileDistribution() of HdrHistogram 2.1, http://hdrhistogram.org (public domain): five steps per halving of
 * the distance to 100 %.
 *
 * @module
 */
import type { Histogram } from "../../../core/load.ts";

/** Steps for each halving of the distance to 100 %. */
const STEPS = 5;

/** A histogram of ms as `.hgrm`. */
export function hgrm(histogram: Histogram): string {
  const { count, max } = histogram;
  const lines = [
    "       Value     Percentile TotalCount 1/(1-Percentile)",
    "",
  ];
  const buckets = [...histogram.buckets()];
  let below = 0;
  let place = 0;
  for (let p = 0; count > 0 && place < buckets.length;) {
    const rank = Math.max(1, Math.ceil(p * count * (1 - 2 ** -50)));
    while (below < rank) below += buckets[place++].count;
    const last = below === count;
    const value = last ? max : Math.min(max, buckets[place - 1].upper);
    if (last && p < 1) p = Math.max(p, 1 - 1 / count);
    lines.push(row(value, p, below));
    if (last) break;
    const halvings = Math.floor(Math.log2(1 / (1 - p))) + 1;
    p += 1 / (STEPS * 2 ** halvings);
  }
  if (count > 0) lines.push(`${row(max, 1, count).trimEnd()}`);
  const mean = count === 0 ? 0 : histogram.sum / count;
  lines.push(
    `#[Mean    = ${fixed(mean)}, StdDeviation   = ${
      fixed(deviation(buckets, mean, count))
    }]`,
    `#[Max     = ${fixed(count === 0 ? 0 : max)}, Total count    = ${
      `${count}`.padStart(12)
    }]`,
    "#[Buckets = " + `${buckets.length}`.padStart(12) +
      ", SubBuckets     = " + "128".padStart(12) + "]",
    "",
  );
  return lines.join("\n");
}

function row(value: number, p: number, below: number): string {
  const inverse = p < 1 ? (1 / (1 - p)).toFixed(2).padStart(14) : "";
  return `${fixed(value)} ${p.toFixed(12)} ${
    `${below}`.padStart(10)
  } ${inverse}`;
}

function fixed(value: number): string {
  return value.toFixed(3).padStart(12);
}

function deviation(
  buckets: readonly { lower: number; upper: number; count: number }[],
  mean: number,
  count: number,
): number {
  const squares = buckets.reduce(
    (sum, { lower, upper, count }) =>
      sum + count * ((lower + upper) / 2 - mean) ** 2,
    0,
  );
  return count === 0 ? 0 : Math.sqrt(squares / count);
}
