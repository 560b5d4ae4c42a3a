/**
 * Hadamard matrices: entries +1 and −1, any two columns orthogonal. Their columns are the plans of screening experiments.
 *
 * Sources: Sylvester, "Thoughts on inverse orthogonal matrices", Philosophical Magazine 34, 1867 (doubling); Paley, "On orthogonal
 * matrices", Journal of Mathematics and Physics 12, 1933 (quadratic residues).
 *
 * @module
 */

/** Matrix of +1 and −1, by rows. */
export type Signs = readonly (readonly (-1 | 1)[])[];

/** Smallest order, at least `columns`, for which {@linkcode hadamard} has a construction. */
export function hadamardOrder(columns: number): number {
  let order = Math.max(1, columns);
  while (constructionOf(order) === undefined) order++;
  return order;
}

/**
 * Constructs a Hadamard matrix.
 *
 * @param order number of rows and columns
 * @throws RangeError if there is no construction for the order
 */
export function hadamard(order: number): Signs {
  const construct = constructionOf(order);
  if (construct === undefined) {
    throw new RangeError(`no Hadamard matrix of order ${order} is known here`);
  }
  return construct();
}

function constructionOf(order: number): (() => Signs) | undefined {
  if (order === 1) return () => [[1]];
  if (order === 2) return () => doubled([[1]]);
  if (order % 4 !== 0) return undefined;
  if (isPrime(order - 1)) return () => paleyFirst(order - 1);
  const half = order / 2;
  if (isPrime(half - 1) && half % 4 === 2) return () => paleySecond(half - 1);
  const smaller = constructionOf(half);
  return smaller === undefined ? undefined : () => doubled(smaller());
}

/** Sylvester's step: from H to [[H, H], [H, −H]]. */
function doubled(half: Signs): Signs {
  return [
    ...half.map((row) => [...row, ...row]),
    ...half.map((row) => [...row, ...row.map(negative)]),
  ];
}

/** Paley's first construction, of order q + 1 for a prime q with q mod 4 = 3. */
function paleyFirst(q: number): Signs {
  const residue = residues(q);
  return [
    Array.from({ length: q + 1 }, () => 1 as const),
    ...Array.from({ length: q }, (_, row) => [
      -1 as const,
      ...Array.from({ length: q }, (_, column) => {
        if (row === column) return 1 as const;
        return residue[(column - row + q) % q] ? 1 as const : -1 as const;
      }),
    ]),
  ];
}

/** Paley's second construction, of order 2·(q + 1) for a prime q with q mod 4 = 1. */
function paleySecond(q: number): Signs {
  const residue = residues(q);
  const conference = (row: number, column: number): -1 | 0 | 1 => {
    if (row === column) return 0;
    if (row === 0 || column === 0) return 1;
    return residue[(column - row + q) % q] ? 1 : -1;
  };
  const order = 2 * (q + 1);
  return Array.from(
    { length: order },
    (_, row) =>
      Array.from({ length: order }, (_, column): -1 | 1 => {
        const entry = conference(row >> 1, column >> 1);
        const both = (row & 1) * (column & 1) === 1;
        if (entry !== 0) return both ? negative(entry) : entry;
        // The diagonal's blocks are [[1, −1], [−1, −1]], the others ±[[1, 1], [1, −1]].
        return (row & 1) + (column & 1) === 0 ? 1 : -1;
      }),
  );
}

function negative(sign: -1 | 1): -1 | 1 {
  return sign === 1 ? -1 : 1;
}

/** True at each quadratic residue modulo q other than 0. */
function residues(q: number): readonly boolean[] {
  const found = Array.from({ length: q }, () => false);
  for (let i = 1; i < q; i++) found[i * i % q] = true;
  return found;
}

function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
  return true;
}
