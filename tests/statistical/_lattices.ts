/**
 * Distributions with atoms whose probabilities are fractions of whole numbers, so that every expectation can be computed without
 * rounding.
 *
 * @module
 */
import fc from "fast-check";

/** An atom with its weight. */
export interface Atom {
  /** Time in milliseconds. */
  readonly x: number;
  /** Weight, a whole number above 0. */
  readonly weight: number;
}

/** Atoms in ascending order, and a distribution of them. */
export interface Lattice {
  readonly atoms: readonly Atom[];
  /** As a user writes it. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** Sum of all weights. */
export function totalOf(atoms: readonly Atom[]): number {
  return atoms.reduce((sum, { weight }) => sum + weight, 0);
}

/** The smallest atom whose cumulative weight is at least the fraction `of / parts` of all weights, by whole numbers alone. */
export function atomAt(
  atoms: readonly Atom[],
  { of, parts }: { readonly of: number; readonly parts: number },
): number {
  const total = totalOf(atoms);
  let below = 0;
  for (const { x, weight } of atoms) {
    below += weight;
    if (below * parts >= of * total) return x;
  }
  return NaN;
}

const atoms = fc.uniqueArray(
  fc.record({
    x: fc.integer({ min: 0, max: 2000 }),
    weight: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 2, maxLength: 12, selector: ({ x }) => x },
).map((list) => list.sort((a, b) => a.x - b.x));

function mixture(
  list: readonly Atom[],
  unit = 1,
): Readonly<Record<string, unknown>> {
  return {
    mixture: list.map(({ x, weight }) => ({ weight: weight * unit, of: x })),
  };
}

/** Every way of writing a distribution with atoms that combines whole numbers with rounded ones. */
export const lattices: Readonly<Record<string, fc.Arbitrary<Lattice>>> = {
  "mixture": atoms.map((list) => ({ atoms: list, written: mixture(list) })),
  "mixture with weights that are rounded": atoms.map((list) => ({
    atoms: list,
    written: mixture(list, 0.1),
  })),
  "nested mixture": atoms.map((list) => {
    const [first, second] = [list.slice(0, 1), list.slice(1)];
    return {
      atoms: list,
      written: {
        mixture: [
          { weight: totalOf(first), of: mixture(first) },
          { weight: totalOf(second), of: mixture(second, 0.7) },
        ],
      },
    };
  }),
  "bimodal": fc.integer({ min: 1, max: 99 }).map((percent) => ({
    atoms: [{ x: 4, weight: 100 - percent }, { x: 400, weight: percent }],
    written: { bimodal: { fast: 4, slow: 400, slowShare: percent / 100 } },
  })),
  "empirical": atoms.map((list) => ({
    atoms: list,
    written: {
      empirical: {
        values: list.flatMap(({ x, weight }) => Array(weight).fill(x)),
      },
    },
  })),
  "scale": fc.tuple(atoms, fc.constantFrom(1.1, 0.1, 3, 0.7)).map((
    [list, by],
  ) => ({
    atoms: list.map(({ x, weight }) => ({ x: x * by, weight })),
    written: { scale: { by, of: mixture(list, 0.3) } },
  })),
  "shift": fc.tuple(atoms, fc.constantFrom(0.1, 1e6, 30)).map((
    [list, by],
  ) => ({
    atoms: list.map(({ x, weight }) => ({ x: x + by, weight })),
    written: { shift: { by, of: mixture(list) } },
  })),
  "clamp": atoms.map((list) => {
    const min = list[1].x - 0.5;
    return {
      atoms: [{ x: min, weight: list[0].weight }, ...list.slice(1)],
      written: { clamp: { min, of: mixture(list) } },
    };
  }),
  "truncate from an atom on": atoms.map((list) => ({
    atoms: list.slice(1),
    written: { truncate: { min: list[1].x, of: mixture(list) } },
  })),
  "truncate at an atom": atoms.map((list) => ({
    atoms: list.slice(0, -1),
    written: {
      truncate: {
        max: Math.max(list[list.length - 2].x, 0.5),
        of: mixture(list),
      },
    },
  })),
  "truncate at a scaled atom": atoms.map((list) => {
    const kept = list.slice(0, -1).map(({ x, weight }) => ({
      x: (x * 11) / 10,
      weight,
    }));
    return {
      atoms: kept,
      written: {
        truncate: {
          max: Math.max(kept[kept.length - 1].x, 0.5),
          of: { scale: { by: 1.1, of: mixture(list) } },
        },
      },
    };
  }),
};
