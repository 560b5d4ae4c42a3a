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

/** The error allowed, relative to the integral; and to that of the absolute values, for where next to nothing is left of these. */
const RELATIVE = 1e-11;
const RELATIVE_TO_ALL = 1e-14;

/** A jump inside an interval is closed in on to this part of it. */
const DEEPEST = 40;

/** The integral of a function's positive part between two times, by Kronrod's 15 points. */
export function positiveArea(
  f: (time: number) => number,
  from: number,
  to: number,
): number {
  return measure(f, from, to).area;
}

/** An interval so short that {@linkcode positiveArea} is exact on it to the tolerance. */
export interface Cell {
  /** Its end; it begins where the one before ends. */
  readonly end: number;
  /** The integral over it. */
  readonly area: number;
}

/** Cuts an interval into cells. */
export function cells(
  f: (time: number) => number,
  from: number,
  to: number,
): Cell[] {
  const found: Cell[] = [];
  const visit = (from: number, to: number, depth: number): void => {
    const { area, error, all } = measure(f, from, to);
    const middle = from + (to - from) / 2;
    if (
      error <= RELATIVE * area + RELATIVE_TO_ALL * all ||
      depth === DEEPEST || !(middle > from && middle < to)
    ) {
      found.push({ end: to, area });
    } else {
      visit(from, middle, depth + 1);
      visit(middle, to, depth + 1);
    }
  };
  visit(from, to, 0);
  return found;
}

interface Measure {
  /** The integral of the positive part. */
  readonly area: number;
  /** How far the two rules are apart: more than the error of the better one. */
  readonly error: number;
  /** The integral of the absolute values. */
  readonly all: number;
}

function measure(
  f: (time: number) => number,
  from: number,
  to: number,
): Measure {
  const half = (to - from) / 2;
  const centre = from + half;
  const middle = f(centre);
  let kronrod = KRONROD[7] * Math.max(0, middle);
  let gauss = GAUSS[3] * Math.max(0, middle);
  let all = KRONROD[7] * Math.abs(middle);
  for (let i = 0; i < 7; i++) {
    const left = f(centre - half * NODES[i]);
    const right = f(centre + half * NODES[i]);
    const positive = Math.max(0, left) + Math.max(0, right);
    kronrod += KRONROD[i] * positive;
    if (i % 2 === 1) gauss += GAUSS[i >> 1] * positive;
    all += KRONROD[i] * (Math.abs(left) + Math.abs(right));
  }
  return {
    area: kronrod * half,
    error: Math.abs(kronrod - gauss) * half,
    all: all * half,
  };
}
