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
export function poolInWords(name: string, { concurrency, queue }: {
  readonly concurrency: number;
  readonly queue: number;
}): string {
  if (concurrency === Infinity) return `limited in rate (${name})`;
  const waiting = queue === 0
    ? "nobody waits"
    : `${orUnbounded(queue)} waiting`;
  return `at most ${concurrency} at once, ${waiting} (${name})`;
}
