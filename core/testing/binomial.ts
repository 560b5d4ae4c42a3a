/**
 * Tails of the binomial distribution: the number of n independent values that fall below a time. No approximation, so that the error
 * rates of the assertions hold for small sets and for far percentiles too.
 *
 * @module
 */

/** Term, relative to the sum, below which the rest does not count. */
const NEGLIGIBLE = 1e-18;

/** P(X ≤ k) for n trials with the probability p. */
export function atMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return share(k, n, p, 1 - p);
}

/** P(X ≥ k) for n trials with the probability p. */
export function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return share(n - k, n, 1 - p, p);
}

/**
 * P(X ≤ k) for 0 ≤ k < n: the terms relative to the greatest one, which needs no factorials.
 *
 * @param q 1 − p, without its rounding if p is rounded
 */
function share(k: number, n: number, p: number, q: number): number {
  if (p <= 0) return 1;
  if (q <= 0) return 0;
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / q;
  let below = mode <= k ? 1 : 0;
  let all = 1;
  for (let j = mode, term = 1; j > 0; j--) {
    term *= j / ((n - j + 1) * odds);
    if (j - 1 <= k) below += term;
    all += term;
    // Below k, the terms are compared with their own sum: a small tail keeps its precision.
    if (term <= NEGLIGIBLE * (j - 1 <= k ? below : Number.MIN_VALUE)) break;
  }
  for (let j = mode, term = 1; j < n; j++) {
    term *= (n - j) / (j + 1) * odds;
    if (j + 1 <= k) below += term;
    all += term;
    if (term <= NEGLIGIBLE * all) break;
  }
  return below / all;
}

/**
 * Greatest k with P(X ≤ k) ≤ level; −1 if there is none.
 *
 * @param level probability, below 1
 */
export function lowerCritical(n: number, p: number, level: number): number {
  let none = -1;
  let some = n;
  while (some - none > 1) {
    const middle = Math.floor((none + some) / 2);
    if (atMost(middle, n, p) <= level) none = middle;
    else some = middle;
  }
  return none;
}

/**
 * Smallest k with P(X ≥ k) ≤ level; n + 1 if there is none.
 *
 * @param level probability, below 1
 */
export function upperCritical(n: number, p: number, level: number): number {
  return n - lowerCritical(n, 1 - p, level);
}
