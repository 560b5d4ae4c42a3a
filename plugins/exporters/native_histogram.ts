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
  let runs: Runs = { indices: [], counts: [] };
  for (const { lower, upper, count } of snapshot.buckets()) {
    const seconds = (lower + upper) / 2000;
    if (seconds <= ZERO_THRESHOLD) zeroCount += count;
    // Bucket k ends at 2^(k / 2^schema), inclusive.
    else add(runs, Math.ceil(Math.log2(seconds) * 2 ** FINEST), count);
  }
  let schema = FINEST;
  while (runs.indices.length > MOST_BUCKETS && schema > COARSEST) {
    const coarser: Runs = { indices: [], counts: [] };
    for (let i = 0; i < runs.indices.length; i++) {
      add(coarser, Math.ceil(runs.indices[i] / 2), runs.counts[i]);
    }
    runs = coarser;
    schema--;
  }
  return { schema, zeroCount, ...encoded(runs) };
}

/** Buckets with counts, in ascending order. */
interface Runs {
  readonly indices: number[];
  readonly counts: number[];
}

/** Adds to the last bucket, or to one after it. */
function add({ indices, counts }: Runs, index: number, count: number): void {
  const last = indices.length - 1;
  if (last >= 0 && indices[last] === index) counts[last] += count;
  else {
    indices.push(index);
    counts.push(count);
  }
}

function encoded(
  { indices, counts }: Runs,
): Pick<NativeHistogram, "spans" | "deltas"> {
  const spans: [offset: number, length: number][] = [];
  const deltas: number[] = [];
  let next = 0;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (spans.length > 0 && index === next) spans[spans.length - 1][1]++;
    else spans.push([index - next, 1]);
    deltas.push(counts[i] - (counts[i - 1] ?? 0));
    next = index + 1;
  }
  return { spans, deltas };
}
