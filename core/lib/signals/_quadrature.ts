/**
 * Adaptive quadrature.
 *
 * Source: Piessens, de Doncker-Kapenga, Überhuber, Kahaner, QUADPACK (1983), rule QK15.
 *
 * @module
 */

/** The nodes of Kronrod's rule with 15 points on [-1, 1], from the outside to the centre; the odd ones are Gauss's 7. */
const NODES: readonly number[] = [
  0.991455371120812639206854697526329,
  0.949107912342758524526189684047851,
  0.864864423359769072789712788640926,
  0.741531185599394439863864773280788,
  0.586087235467691130294144991693733,
  0.405845151377397166906606412076961,
  0.207784955007898467600689403773245,
  0,
];

const KRONROD: readonly number[] = [
  0.022935322010529224963732008058970,
  0.063092092629978553290700663189204,
  0.104790010322250183839876322541518,
  0.140653259715525918745189590510238,
  0.169004726639267902826583426598550,
  0.190350578064785409913256402421014,
  0.204432940075298892414161999234649,
  0.209482141084727828012999174891714,
];

const GAUSS: readonly number[] = [
  0.129484966168869693270611432679082,
  0.279705391489276667901467771423780,
  0.381830050505118944950369775488975,
  0.417959183673469387755102040816327,
];

/** The error allowed, relative to the integral. */
const TOLERANCE = 1e-11;

/** Between its breaks a signal is smooth: few halvings take its error below what rounding leaves. */
const DEEPEST = 12;

/** In so many parts of an interval the sign is looked at. */
const PARTS = 16;

/** How close to an interval's ends that is done, as a share of it. */
const EDGE = 1e-9;

/** The integral of a function's positive part between two times of one cell, by Gauss's 7 points. */
export function positiveArea(
  f: (time: number) => number,
  from: number,
  to: number,
): number {
  const half = (to - from) / 2;
  const centre = from + half;
  let sum = GAUSS[3] * Math.max(0, f(centre));
  for (let i = 0; i < 3; i++) {
    const distance = half * NODES[2 * i + 1];
    sum += GAUSS[i] *
      (Math.max(0, f(centre - distance)) + Math.max(0, f(centre + distance)));
  }
  return sum * half;
}

/** An interval so short that {@linkcode positiveArea} is exact on it, and on any part of it, to the tolerance. */
export interface Cell {
  /** Its end; it begins where the one before ends. */
  readonly end: number;
  /** The integral over it. */
  readonly area: number;
}

/** A function to be integrated. */
export interface Integrand {
  /** Its values, smooth between two breaks. */
  readonly at: (time: number) => number;
  /** Whether none is below 0. */
  readonly nonNegative: boolean;
}

/** Cuts an interval without breaks into cells, at the function's roots and wherever the tolerance demands it. */
export function cells(
  { at: f, nonNegative }: Integrand,
  from: number,
  to: number,
): Cell[] {
  const found: Cell[] = [];
  let start = from;
  for (const end of [...nonNegative ? [] : roots(f, from, to), to]) {
    refine(f, { from: start, to: end, ...measure(f, start, end) }, found);
    start = end;
  }
  return found;
}

/** Where a function changes its sign: the kinks of its positive part. */
function roots(
  f: (time: number) => number,
  from: number,
  to: number,
): number[] {
  const found: number[] = [];
  // Not at the ends themselves: there the function may jump.
  const place = (part: number) =>
    from + (to - from) * Math.min(Math.max(part / PARTS, EDGE), 1 - EDGE);
  for (let part = 1; part <= PARTS; part++) {
    let [low, high] = [place(part - 1), place(part)];
    const positive = f(low) > 0;
    if (f(high) > 0 === positive) continue;
    for (;;) {
      const middle = low + (high - low) / 2;
      if (!(middle > low && middle < high)) break;
      if (f(middle) > 0 === positive) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

interface Measured extends Measure {
  readonly from: number;
  readonly to: number;
}

/** Halves an interval until its error is small enough, or halving makes it no smaller: then it is rounding's. */
function refine(
  f: (time: number) => number,
  whole: Measured,
  found: Cell[],
  depth = 0,
): void {
  const { from, to, area, error } = whole;
  const middle = from + (to - from) / 2;
  if (error <= TOLERANCE * area || depth === DEEPEST) {
    found.push({ end: to, area });
    return;
  }
  const left = { from, to: middle, ...measure(f, from, middle) };
  const right = { from: middle, to, ...measure(f, middle, to) };
  const last = left.error + right.error > error / 2 ? DEEPEST : depth + 1;
  refine(f, left, found, last);
  refine(f, right, found, last);
}

interface Measure {
  /** The integral of the positive part, by Gauss's rule. */
  readonly area: number;
  /** How far Kronrod's rule, which is far better, is from it. */
  readonly error: number;
}

function measure(
  f: (time: number) => number,
  from: number,
  to: number,
): Measure {
  const half = (to - from) / 2;
  const centre = from + half;
  let kronrod = KRONROD[7] * Math.max(0, f(centre));
  for (let i = 0; i < 7; i++) {
    const distance = half * NODES[i];
    kronrod += KRONROD[i] *
      (Math.max(0, f(centre - distance)) + Math.max(0, f(centre + distance)));
  }
  const area = positiveArea(f, from, to);
  return { area, error: Math.abs(kronrod * half - area) };
}
