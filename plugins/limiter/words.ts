/**
 * Numbers as people read them.
 *
 * @module
 */

/** A number, or the word for no limit, as the settings write it. */
export function orUnbounded(number: number): number | "unbounded" {
  return number === Infinity ? "unbounded" : number;
}

/** What a pool does, for the summary of a route: "at most 10 at once, 50 waiting (db)". */
export function poolInWords({ name, concurrency, capacity }: {
  readonly name: string;
  readonly concurrency: number;
  readonly capacity: number;
}): string {
  if (concurrency === Infinity) return `limited in rate (${name})`;
  const queue = capacity === 0
    ? "nobody waits"
    : `${orUnbounded(capacity)} waiting`;
  return `at most ${concurrency} at once, ${queue} (${name})`;
}
