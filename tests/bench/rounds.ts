/**
 * Repeats a measurement until enough rounds were undisturbed. A hypervisor now and then gives this machine's processors to other
 * guests for milliseconds (steal time), which would be measured as if it were the program's own delay.
 *
 * @module
 */
import { stolenTime } from "./machine.ts";

/** Maximum steal time of an undisturbed round, in ms. The system counts in steps of 10 ms. */
const BEARABLE = 10;

/** Number of rounds. */
export interface Rounds {
  /** Number of undisturbed rounds wanted. */
  readonly wanted: number;
  /** Maximum number of rounds; if it is reached, the least disturbed rounds are used. */
  readonly most: number;
  /** Returns the total steal time so far, in ms. Default: {@linkcode stolenTime}. */
  readonly stolen?: () => number;
}

/** Result of {@linkcode quietRounds}. */
export interface QuietRounds<Found> {
  /** Results of the undisturbed or least disturbed rounds, in chronological order. */
  readonly kept: readonly Found[];
  /** Number of rounds measured. */
  readonly made: number;
  /** Total steal time during the kept rounds, in ms. */
  readonly stolen: number;
}

/** Measures until there are enough undisturbed rounds. Rounds are selected by their steal time only, never by their figures. */
export async function quietRounds<Found>(
  measure: (round: number) => Promise<Found>,
  { wanted, most, stolen = stolenTime }: Rounds,
): Promise<QuietRounds<Found>> {
  const rounds: { readonly found: Found; readonly lost: number }[] = [];
  for (let quiet = 0; quiet < wanted && rounds.length < most;) {
    const before = stolen();
    const found = await measure(rounds.length);
    const lost = stolen() - before;
    rounds.push({ found, lost });
    if (lost <= BEARABLE) quiet++;
  }
  const kept = new Set(
    rounds.toSorted((a, b) => a.lost - b.lost).slice(0, wanted),
  );
  const inOrder = rounds.filter((round) => kept.has(round));
  return {
    kept: inOrder.map(({ found }) => found),
    made: rounds.length,
    stolen: inOrder.reduce((sum, { lost }) => sum + lost, 0),
  };
}

/** Describes the rounds that the figures come from. */
export function inWords({ kept, made, stolen }: QuietRounds<unknown>): string {
  return `${kept.length} of ${made} rounds, those with the least steal time: ${stolen} ms`;
}
