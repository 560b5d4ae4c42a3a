/**
 * A monotone curve through points.
 *
 * @module
 */

import { firstIndex } from "./_search.ts";

/** A curve that never decreases. */
export interface Curve {
  /** Ordinate at x; beyond the points, on a straight line. */
  at(x: number): number;
  /** Greatest x whose ordinate is at most y; infinite if the curve never exceeds y. */
  inverse(y: number): number;
}

/** One point of a curve. */
export type Point = readonly [x: number, y: number];

/**
 * Piecewise cubic Hermite interpolation with monotone slopes (PCHIP). Beyond either end the curve is a straight line with the
 * slope at that end.
 *
 * Source: Fritsch, Butland, "A method for constructing local monotone piecewise cubic interpolants", SIAM Journal on
 * Scientific and Statistical Computing 5, 1984.
 *
 * @param points at least two points, x increasing, y not decreasing
 */
export function monotoneCurve(points: readonly Point[]): Curve {
  const pieces = piecesOf(points);
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  return {
    at: (x) => {
      if (x <= first.x) return first.y + (x - first.x) * first.slope;
      const i = firstIndex(pieces, ({ endX }) => x <= endX);
      return i < pieces.length
        ? cubic(pieces[i], x)
        : last.endY + (x - last.endX) * last.endSlope;
    },
    inverse: (y) => {
      if (y < first.y) return along(first.x, y - first.y, first.slope);
      if (y >= last.endY) return along(last.endX, y - last.endY, last.endSlope);
      // The last piece that begins at or below y: the pieces before it may be flat.
      const i = firstIndex(pieces, (piece) => piece.y > y) - 1;
      // The piece may begin so flat that rounding hides where it begins to rise.
      return pieces[i].y === y ? pieces[i].x : bisect(pieces[i], y);
    },
  };
}

/** A cubic from (x, y) to (endX, endY). */
interface Piece {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
  readonly endX: number;
  readonly endY: number;
  readonly endSlope: number;
}

/** Straight line from one point to the next. */
interface Chord {
  readonly width: number;
  readonly slope: number;
}

function piecesOf(points: readonly Point[]): readonly Piece[] {
  const chords = points.slice(1).map(([x, y], i): Chord => ({
    width: x - points[i][0],
    slope: (y - points[i][1]) / (x - points[i][0]),
  }));
  const slopes = points.map((_, i) => {
    const before = chords[i - 1];
    const after = chords[i];
    if (before === undefined) return endSlope(after, chords[i + 1]);
    if (after === undefined) return endSlope(before, chords[i - 2]);
    if (before.slope === 0 || after.slope === 0) return 0;
    // Weighted harmonic mean of the chords' slopes: at most three times the smaller slope.
    const a = 2 * after.width + before.width;
    const b = after.width + 2 * before.width;
    return (a + b) / (a / before.slope + b / after.slope);
  });
  return chords.map((_, i) => ({
    x: points[i][0],
    y: points[i][1],
    slope: slopes[i],
    endX: points[i + 1][0],
    endY: points[i + 1][1],
    endSlope: slopes[i + 1],
  }));
}

/** Slope at the end of the parabola through three points, limited so that the curve stays monotone. */
function endSlope(chord: Chord, next: Chord | undefined): number {
  if (next === undefined) return chord.slope;
  const slope = chord.slope +
    (chord.slope - next.slope) * chord.width / (chord.width + next.width);
  return Math.min(3 * chord.slope, Math.max(0, slope));
}

function cubic(
  { x, y, slope, endX, endY, endSlope }: Piece,
  at: number,
): number {
  const width = endX - x;
  const t = (at - x) / width;
  const s = 1 - t;
  // Written as a rise from y, so that a flat piece is flat to the last bit.
  return y + (endY - y) * t * t * (1 + 2 * s) +
    width * t * s * (slope * s - endSlope * t);
}

function along(x: number, rise: number, slope: number): number {
  return slope > 0 ? x + rise / slope : rise < 0 ? -Infinity : Infinity;
}

function bisect(piece: Piece, y: number): number {
  let low = piece.x;
  let high = piece.endX;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) return low;
    if (cubic(piece, middle) <= y) low = middle;
    else high = middle;
  }
}
