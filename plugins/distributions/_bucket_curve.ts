/**
 * A distribution known by how much lies in each of some buckets.
 *
 * @module
 */
import { normalCdf, normalQuantile } from "./_normal.ts";
import { type Curve, monotoneCurve, type Point } from "./_pchip.ts";
import type { Functions } from "./_truncate.ts";

/** One bucket that is not empty: what lies in (from, to]. */
export interface Bucket {
  /** In milliseconds. */
  readonly from: number;
  /** In milliseconds; may be Infinity. */
  readonly to: number;
  /** The share that lies below it. */
  readonly below: number;
  /** The share that lies above it. */
  readonly above: number;
  /** The share that lies in it. */
  readonly share: number;
}

/**
 * Shares out what lies in each bucket: along a monotone curve of log time over probit, clamped to the bucket, where at
 * least two boundaries of adjacent buckets tell its slope; evenly elsewhere. What lies beyond the last boundary follows
 * the curve, or sits at that boundary where there is none.
 *
 * @param buckets in ascending order, none of them empty
 */
export function bucketFunctions(buckets: readonly Bucket[]): Functions {
  const pieces = piecesOf(buckets);
  const last = pieces.length - 1;
  const fromBelow = (u: number): number => {
    let i = 0;
    while (i < last && pieces[i].below + pieces[i].share < u) i++;
    return pieces[i].quantile(u, 1 - u);
  };
  const fromAbove = (v: number): number => {
    let i = last;
    while (i > 0 && pieces[i].above + pieces[i].share <= v) i--;
    return pieces[i].quantile(1 - v, v);
  };
  /** The last piece that begins at or below x. */
  const pieceAt = (x: number): Piece | undefined => {
    let i = last;
    while (i >= 0 && pieces[i].from > x) i--;
    return pieces[i];
  };
  return {
    quantile: (u) => u <= 0.5 ? fromBelow(u) : fromAbove(1 - u),
    survivalQuantile: (v) => v <= 0.5 ? fromAbove(v) : fromBelow(1 - v),
    cdf: (x) => pieceAt(x)?.cdf(x) ?? 0,
    survival: (x) => pieceAt(x)?.survival(x) ?? 1,
  };
}

/** A bucket with the functions of what lies in it. */
interface Piece extends Bucket {
  /** The quantile at u = 1 − v, both given, since either may be the precise one. */
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

/** Adjacent buckets together: an empty one between is a gap that no curve should cross. */
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

/** The boundaries of a run whose probit and logarithm are finite. */
function pointsOf(run: readonly Bucket[]): readonly Point[] {
  const first = run[0];
  const start: Point = [
    probit(first.below, first.above + first.share),
    Math.log(first.from),
  ];
  const ends = run.map(({ below, share, above, to }): Point => [
    probit(below + share, above),
    Math.log(to),
  ]);
  return [start, ...ends].filter((point) => point.every(Number.isFinite));
}

function probit(below: number, above: number): number {
  return below <= above ? normalQuantile(below) : -normalQuantile(above);
}

function curvedPiece(bucket: Bucket, curve: Curve): Piece {
  const { from, to, below, above, share } = bucket;
  return {
    ...bucket,
    quantile: (u, v) => clamp(Math.exp(curve.at(probit(u, v))), from, to),
    cdf: (x) =>
      x >= to ? below + share : clamp(
        normalCdf(curve.inverse(Math.log(x))),
        below,
        below + share,
      ),
    survival: (x) =>
      x >= to ? above : clamp(
        normalCdf(-curve.inverse(Math.log(x))),
        above,
        above + share,
      ),
  };
}

function evenPiece(bucket: Bucket): Piece {
  const { from, below, above, share } = bucket;
  const to = bucket.to === Infinity ? from : bucket.to;
  const width = to - from;
  const within = (x: number) => x >= to ? 1 : (x - from) / width;
  return {
    ...bucket,
    quantile: (u, v) =>
      u <= v
        ? clamp(from + width * (u - below) / share, from, to)
        : clamp(to - width * (v - above) / share, from, to),
    cdf: (x) => below + share * within(x),
    survival: (x) => above + share * (1 - within(x)),
  };
}

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
