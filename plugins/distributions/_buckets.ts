/**
 * Counts by bucket: their checks, the file they are read from, and the distribution that they give.
 *
 * @module
 */
import type { Functions } from "./_functions.ts";
import {
  type LineLimits,
  normalCdf,
  normalQuantile,
  TABLE_LIMITS,
  type TableKind,
} from "../../core/plugin.ts";
import { fileIssue, readLines, tableIn, toNumber } from "./_lines.ts";
import { invalidParameters } from "./_parameters.ts";
import { firstIndex } from "./_search.ts";
import { type Curve, monotoneCurve, type Point } from "./_pchip.ts";

/** A bucket as monitoring systems write it. */
export interface BucketCount {
  /** Upper boundary in units, above 0; "+Inf" for none. */
  readonly le: number | "+Inf";
  /** Number of times in it, including those in lower buckets if counts are cumulative; at least 0. */
  readonly count: number;
}

/** An error in a bucket. */
export interface BucketIssue {
  /** The wrong part of the bucket. */
  readonly key: "le" | "count";
  /** A sentence that begins with "Must". */
  readonly message: string;
  /** Values that would be accepted. */
  readonly allowed: string;
}

/** A bucket that is not empty: the times in (from, to]. */
export interface Bucket {
  /** Lower boundary, in milliseconds. */
  readonly from: number;
  /** Upper boundary, in milliseconds; may be Infinity. */
  readonly to: number;
  /** Share of all times below it. */
  readonly below: number;
  /** Share of all times below it and in it. */
  readonly reached: number;
  /** Share of all times above it. */
  readonly above: number;
  /** Share of all times in it and above it. */
  readonly remaining: number;
  /** Share of all times in it. */
  readonly share: number;
}

/** Maximum number of buckets: the mean is integrated from bucket to bucket, which takes about 30 ms for 1000 of them. */
export const MOST_BUCKETS = 2000;

/** Limits of a file, which may have a line for the names of its columns. */
export const BUCKET_LIMITS: LineLimits = {
  ...TABLE_LIMITS,
  lines: MOST_BUCKETS + 1,
};

/** Smaller shares are rounding errors. */
const NEGLIGIBLE = 1e-12;

const ALLOWED_LINE =
  "a boundary above 0 or +Inf, a comma, and a count of at least 0, such as 250,17";

/** Checks a bucket against the one before it. */
export function checkBucket(
  bucket: BucketCount,
  before: BucketCount | undefined,
  cumulative: boolean,
): BucketIssue | undefined {
  const { le, count } = bucket;
  if (before === undefined) {
    return le === "+Inf"
      ? {
        key: "le",
        message: "Must be finite in the first bucket",
        allowed: "a boundary above 0",
      }
      : undefined;
  }
  if (!(boundary(bucket) > boundary(before))) {
    return {
      key: "le",
      message:
        `Must be greater than the boundary before, ${before.le}, received ${le}`,
      allowed: "boundaries in ascending order",
    };
  }
  if (cumulative && count < before.count) {
    return {
      key: "count",
      message:
        `Must be at least the count before, ${before.count}, since counts are cumulative, received ${count}`,
      allowed: "cumulative counts, which do not decrease",
    };
  }
}

/** Sum of all counts; 0 if there are no buckets. */
export function totalCount(
  buckets: readonly BucketCount[],
  cumulative: boolean,
): number {
  return buckets.reduce(
    (sum, { count }) => cumulative ? count : sum + count,
    0,
  );
}

/** Messages about a bucket of a file, without its numbers. */
const IN_FILE: Readonly<Record<BucketIssue["key"], string>> = {
  le:
    "must have a boundary greater than the one before, and a finite one first",
  count:
    "must have a count of at least the one before, since counts are cumulative",
};

/** Files with a boundary and a count in each line. */
const bucketFiles = (
  cumulative: boolean,
): TableKind<readonly BucketCount[]> => ({
  limits: BUCKET_LIMITS,
  *read(lines, path) {
    const buckets: BucketCount[] = [];
    yield* readLines({ lines, path }, (cells, first) => {
      const [le, count] = cells.map((cell) =>
        cell === "+Inf" ? Infinity : toNumber(cell)
      );
      if (first && Number.isNaN(le) && Number.isNaN(count)) return;
      if (cells.length !== 2 || !(le > 0 && count >= 0 && count < Infinity)) {
        return { message: "has no boundary and count", allowed: ALLOWED_LINE };
      }
      const bucket = { le: le === Infinity ? "+Inf" as const : le, count };
      const last = buckets[buckets.length - 1];
      const wrong = checkBucket(bucket, last, cumulative);
      buckets.push(bucket);
      return wrong && { message: IN_FILE[wrong.key], allowed: wrong.allowed };
    });
    if (totalCount(buckets, cumulative) === 0) {
      throw invalidParameters([
        fileIssue(path, {
          message: "The file has no counts",
          allowed: ALLOWED_LINE,
        }),
      ]);
    }
    return buckets;
  },
});

const CUMULATIVE = bucketFiles(true);
const SEPARATE = bucketFiles(false);

/**
 * Reads lines of a boundary and a count.
 *
 * @param path absolute path
 * @throws PerfmockError `CONFIG_INVALID` at `/file`
 */
export function readBuckets(
  path: string,
  cumulative: boolean,
): readonly BucketCount[] {
  return tableIn(cumulative ? CUMULATIVE : SEPARATE, path);
}

/**
 * The buckets that are not empty, with their shares.
 *
 * @param unit duration of a boundary of 1, in milliseconds
 */
export function sharesOf(
  buckets: readonly BucketCount[],
  unit: number,
  cumulative: boolean,
): readonly Bucket[] {
  const counts = buckets.map(({ count }, i) =>
    cumulative && i > 0 ? count - buckets[i - 1].count : count
  );
  // Sums are divided at the end, so that whole counts lose nothing.
  const total = totalCount(buckets, cumulative);
  let sum = 0;
  const reached = buckets.map(({ count }) =>
    (cumulative ? count : sum += count) / total
  );
  sum = 0;
  const remaining = counts.toReversed()
    .map((count) => (sum += count) / total).reverse();
  return buckets.map((bucket, i) => ({
    from: i === 0 ? 0 : unit * boundary(buckets[i - 1]),
    to: unit * boundary(bucket),
    below: reached[i - 1] ?? 0,
    reached: reached[i],
    above: remaining[i + 1] ?? 0,
    remaining: remaining[i],
    share: counts[i] / total,
  })).filter(({ share }) => share > NEGLIGIBLE);
}

function boundary({ le }: BucketCount): number {
  return le === "+Inf" ? Infinity : le;
}

/**
 * The distribution that buckets give. Within a bucket, times follow a monotone curve of log time over probit, if there are at
 * least two boundaries of adjacent buckets for a slope; otherwise they are spread evenly. Times beyond the last boundary follow
 * the curve, or equal that boundary if there is no curve.
 *
 * @param buckets buckets in ascending order, none of them empty
 */
export function bucketFunctions(buckets: readonly Bucket[]): Functions {
  const pieces = piecesOf(buckets);
  const last = pieces.length - 1;
  const fromBelow = (u: number): number => {
    const i = firstIndex(pieces, ({ reached }) => reached >= u);
    return pieces[Math.min(i, last)].quantile(u, 1 - u);
  };
  const fromAbove = (v: number): number => {
    const i = firstIndex(pieces, ({ remaining }) => remaining <= v) - 1;
    return pieces[Math.max(i, 0)].quantile(1 - v, v);
  };
  /** The last piece that begins at or below x. */
  const pieceAt = (x: number): Piece | undefined =>
    pieces[firstIndex(pieces, ({ from }) => from > x) - 1];
  return {
    quantile: (u) => u <= 0.5 ? fromBelow(u) : fromAbove(1 - u),
    survivalQuantile: (v) => v <= 0.5 ? fromAbove(v) : fromBelow(1 - v),
    cdf: (x) => pieceAt(x)?.cdf(x) ?? 0,
    survival: (x) => pieceAt(x)?.survival(x) ?? 1,
  };
}

/** A bucket with the distribution functions within it. */
interface Piece extends Bucket {
  /** Quantile at u = 1 − v. Both are given, since either may be the precise one. */
  quantile(u: number, v: number): number;
  cdf(x: number): number;
  survival(x: number): number;
}

function piecesOf(buckets: readonly Bucket[]): readonly Piece[] {
  return runsOf(buckets).flatMap((run) => {
    const points = pointsOf(run);
    if (points.length < 2) return run.map(evenPiece);
    const curve = monotoneCurve(points);
    return run.map((bucket) => curvedPiece(bucket, curve));
  });
}

/** Groups adjacent buckets: an empty bucket in between is a gap that a curve must not cross. */
function runsOf(buckets: readonly Bucket[]): readonly (readonly Bucket[])[] {
  const runs: Bucket[][] = [];
  let end = NaN;
  for (const bucket of buckets) {
    if (bucket.from === end) runs[runs.length - 1].push(bucket);
    else runs.push([bucket]);
    end = bucket.to;
  }
  return runs;
}

/** The boundaries of a group that have a finite probit and logarithm. */
function pointsOf(run: readonly Bucket[]): readonly Point[] {
  const first = run[0];
  const start: Point = [
    probit(first.below, first.remaining),
    Math.log(first.from),
  ];
  const ends = run.map(({ reached, above, to }): Point => [
    probit(reached, above),
    Math.log(to),
  ]);
  return [start, ...ends].filter((point) => point.every(Number.isFinite));
}

function probit(below: number, above: number): number {
  return below <= above ? normalQuantile(below) : -normalQuantile(above);
}

function curvedPiece(bucket: Bucket, curve: Curve): Piece {
  const { from, to, below, reached, above, remaining } = bucket;
  return {
    ...bucket,
    quantile: (u, v) => clamp(Math.exp(curve.at(probit(u, v))), from, to),
    cdf: (x) =>
      x >= to ? reached : clamp(
        normalCdf(curve.inverse(Math.log(x))),
        below,
        reached,
      ),
    survival: (x) =>
      x >= to ? above : clamp(
        normalCdf(-curve.inverse(Math.log(x))),
        above,
        remaining,
      ),
  };
}

function evenPiece(bucket: Bucket): Piece {
  const { from, below, reached, above, remaining, share } = bucket;
  const to = bucket.to === Infinity ? from : bucket.to;
  const width = to - from;
  const within = (x: number) => (x - from) / width;
  return {
    ...bucket,
    quantile: (u, v) =>
      u <= v
        ? clamp(from + width * (u - below) / share, from, to)
        : clamp(to - width * (v - above) / share, from, to),
    cdf: (x) => x >= to ? reached : below + share * within(x),
    survival: (x) => x >= to ? above : remaining - share * within(x),
  };
}

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
