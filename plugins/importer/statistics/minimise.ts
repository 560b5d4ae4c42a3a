/**
 * Minima of functions without derivatives.
 *
 * @module
 */

/** Point with the value of the function there. */
interface Vertex {
  readonly at: readonly number[];
  readonly value: number;
}

/** Maximum number of steps, more than two parameters need. */
const MOST_STEPS = 1000;

/** Differences of values, relative to them, that end a search. */
const PRECISE = 1e-13;

/** Length of the first steps. Parameters are logarithms, or relative to their scale. */
const FIRST_STEP = 0.1;

/** Number of searches, each from the minimum of the one before, so that none ends in a simplex without extent. */
const SEARCHES = 3;

/**
 * Finds a minimum near a point, by Nelder and Mead's simplex.
 *
 * Source: Nelder, Mead, "A simplex method for function minimization", Computer Journal 7, 1965; Lagarias et al., "Convergence
 * properties of the Nelder–Mead simplex method in low dimensions", SIAM Journal on Optimization 9, 1998.
 *
 * @param f function; Infinity where it is not defined, which must not be the case at the start
 * @param start the point
 */
export function minimise(
  f: (at: readonly number[]) => number,
  start: readonly number[],
): readonly number[] {
  let best = start;
  for (let search = 0; search < SEARCHES; search++) {
    best = searchFrom(f, best, FIRST_STEP / 10 ** search);
  }
  return best;
}

function searchFrom(
  f: (at: readonly number[]) => number,
  start: readonly number[],
  step: number,
): readonly number[] {
  const vertex = (at: readonly number[]): Vertex => ({ at, value: f(at) });
  const simplex = [
    vertex(start),
    ...start.map((_, i) =>
      vertex(start.map((value, j) => i === j ? value + step : value))
    ),
  ];
  const last = simplex.length - 1;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    simplex.sort((a, b) => a.value - b.value);
    const [best] = simplex;
    const worst = simplex[last];
    if (worst.value - best.value <= PRECISE * Math.abs(best.value)) break;
    const others = simplex.slice(0, last);
    const centre = start.map((_, i) =>
      others.reduce((sum, { at }) => sum + at[i], 0) / last
    );
    /** The point on the line from the worst vertex through the centre of the others. */
    const along = (factor: number) =>
      vertex(centre.map((value, i) => value + factor * (value - worst.at[i])));
    const reflected = along(1);
    if (reflected.value < best.value) {
      const expanded = along(2);
      simplex[last] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[last - 1].value) {
      simplex[last] = reflected;
    } else {
      const contracted = along(reflected.value < worst.value ? 0.5 : -0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) {
        simplex[last] = contracted;
      } else {
        for (let i = 1; i <= last; i++) {
          simplex[i] = vertex(
            simplex[i].at.map((value, j) => (value + best.at[j]) / 2),
          );
        }
      }
    }
  }
  return simplex.toSorted((a, b) => a.value - b.value)[0].at;
}

/** Golden ratio, less 1. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Finds the minimum of a function of one number that has a single one in a range, by the golden section.
 *
 * Source: Kiefer, "Sequential minimax search for a maximum", Proceedings of the American Mathematical Society 4, 1953.
 */
export function minimiseWithin(
  f: (x: number) => number,
  low: number,
  high: number,
): number {
  let [from, to] = [low, high];
  let [left, right] = [to - GOLDEN * (to - from), from + GOLDEN * (to - from)];
  let [atLeft, atRight] = [f(left), f(right)];
  while (to - from > 1e-10 * (high - low)) {
    if (atLeft <= atRight) {
      [to, right, atRight] = [right, left, atLeft];
      left = to - GOLDEN * (to - from);
      atLeft = f(left);
    } else {
      [from, left, atLeft] = [left, right, atRight];
      right = from + GOLDEN * (to - from);
      atRight = f(right);
    }
  }
  return (from + to) / 2;
}
