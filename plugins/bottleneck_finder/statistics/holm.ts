/**
 * Adjustment of probabilities for the number of questions.
 *
 * @module
 */

/**
 * Adjusts probabilities so that the chance of any false claim among all stays below the level (Holm, "A simple sequentially rejective
 * multiple test procedure", Scandinavian Journal of Statistics 6, 1979).
 *
 * @returns adjusted probabilities in the order of the given ones
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, index) => index)
    .sort((a, b) => probabilities[a] - probabilities[b]);
  const adjusted = [...probabilities];
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    const times = probabilities.length - rank;
    largest = Math.max(largest, Math.min(1, times * probabilities[index]));
    adjusted[index] = largest;
  }
  return adjusted;
}
