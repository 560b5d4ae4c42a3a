/**
 * Native histograms of Prometheus: exponential buckets, of which only those with counts are sent.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 * @module
 */
import type { HistogramSnapshot } from "../../core/plugin.ts";

/** Finest schema: 32 buckets in each doubling, each 2.2 % wide. A timing itself is exact to 0.4 %. */
const FINEST = 5;

/** Coarsest schema that Prometheus knows. */
const COARSEST = -4;

/** Maximum number of buckets; with more, neighbours are joined. Prometheus' own client has the same default. */
const MOST_BUCKETS = 160;

/** Values up to this number of seconds are counted as 0: a timing does not tell them apart. */
export const ZERO_THRESHOLD = 1e-9;

/** A native histogram in seconds. */
export interface NativeHistogram {
  /** Resolution: each doubling has 2^schema buckets. */
  readonly schema: number;
  /** Number of values up to {@linkcode ZERO_THRESHOLD}. */
  readonly zeroCount: number;
  /** Runs of buckets: gap to the run before, or index of the first bucket, then number of buckets. */
  readonly spans: readonly (readonly [offset: number, length: number])[];
  /** Difference of the count of each bucket to that of the bucket before it. */
  readonly deltas: readonly number[];
}

/**
 * Converts a distribution. Each value lies in the bucket of the middle of its own, which is at most 0.4 % away.
 *
 * @param snapshot distribution in milliseconds
 */
export function nativeHistogram(snapshot: HistogramSnapshot): NativeHistogram {
  let zeroCount = 0;
  let counts = new Map<number, number>();
  for (const { lower, upper, count } of snapshot.buckets()) {
    const seconds = (lower + upper) / 2000;
    if (seconds <= ZERO_THRESHOLD) zeroCount += count;
    // Bucket k ends at 2^(k / 2^schema), inclusive.
    else add(counts, Math.ceil(Math.log2(seconds) * 2 ** FINEST), count);
  }
  let schema = FINEST;
  while (counts.size > MOST_BUCKETS && schema > COARSEST) {
    const coarser = new Map<number, number>();
    for (const [index, count] of counts) {
      add(coarser, Math.ceil(index / 2), count);
    }
    counts = coarser;
    schema--;
  }
  return { schema, zeroCount, ...runsOf(counts) };
}

function add(counts: Map<number, number>, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}

/** @param counts in ascending order */
function runsOf(
  counts: ReadonlyMap<number, number>,
): Pick<NativeHistogram, "spans" | "deltas"> {
  const spans: [offset: number, length: number][] = [];
  const deltas: number[] = [];
  let next = 0;
  let before = 0;
  for (const [index, count] of counts) {
    const span = spans.at(-1);
    if (span !== undefined && index === next) span[1]++;
    else spans.push([index - next, 1]);
    deltas.push(count - before);
    next = index + 1;
    before = count;
  }
  return { spans, deltas };
}
