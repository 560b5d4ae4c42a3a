/**
 * Numerical integration over one interval by the rules of Gauss (7 points) and Kronrod (15 points).
 *
 * Source: Piessens, de Doncker-Kapenga, Überhuber, Kahaner, QUADPACK (1983), rule QK15.
 *
 * @module
 */

/** Kronrod's nodes on [-1, 1], from the outside to the centre. Those with an odd index are also Gauss's nodes. */
const NODES: readonly number[] = [
  0.991455371120812639206854697526329,
  0.949107912342758524526189684047851,
  0.864864423359769072789712788640926,
  0.741531185599394439863864773280788,
  0.586087235467691130294144991693733,
  0.405845151377397166906606412076961,
  0.207784955007898467600689403773245,
];

/** Kronrod's weights, the last one of the centre. */
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

/** Gauss's weights, the last one of the centre. */
const GAUSS: readonly number[] = [
  0.129484966168869693270611432679082,
  0.279705391489276667901467771423780,
  0.381830050505118944950369775488975,
  0.417959183673469387755102040816327,
];

/** An integral by both rules. Their difference is an estimate of Gauss's error; Kronrod's is far smaller. */
export interface Integral {
  /** Integral by Gauss's rule, the same number that {@linkcode gauss} returns. */
  readonly gauss: number;
  /** Integral by Kronrod's rule. */
  readonly kronrod: number;
}

/** Integrates a function by Gauss's rule with 7 points, exact for polynomials up to degree 13. */
export function gauss(
  f: (x: number) => number,
  from: number,
  to: number,
): number {
  const half = (to - from) / 2;
  const centre = from + half;
  let sum = GAUSS[3] * f(centre);
  for (let i = 0; i < 3; i++) {
    const offset = half * NODES[2 * i + 1];
    sum += GAUSS[i] * (f(centre - offset) + f(centre + offset));
  }
  return sum * half;
}

/** Integrates a function by both rules, with 15 evaluations. */
export function gaussKronrod(
  f: (x: number) => number,
  from: number,
  to: number,
): Integral {
  const half = (to - from) / 2;
  const centre = from + half;
  const middle = f(centre);
  let kronrod = KRONROD[7] * middle;
  let gauss = GAUSS[3] * middle;
  for (let i = 0; i < 7; i++) {
    const offset = half * NODES[i];
    const pair = f(centre - offset) + f(centre + offset);
    kronrod += KRONROD[i] * pair;
    if (i % 2 === 1) gauss += GAUSS[i >> 1] * pair;
  }
  return { gauss: gauss * half, kronrod: kronrod * half };
}
