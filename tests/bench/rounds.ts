/**
 * Repeats a measurement until enough rounds were undisturbed. A hypervisor now and then gives this machine's processors to other
 * guests for milliseconds (steal time), which would be measured as if it were the program's own delay.
 *
 * @module
 */
import { stolenTime } from "./machine.ts";

/** Maximum steal time of an undisturbed round, in ms. The system counts in steps of 10 ms. */
const BEARABLE = 10;

/**
 * Time for which a comparison of tails loads each server before it measures, in s. A program in JavaScript is compiled while it
 * runs, and V8's heap finds its size after some ten seconds: a collection of 40 ms falls into them.
 */
export const WARM_UP = 12;

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

/**
 * Rounds of a comparison.
 *
 * @param quick true for one round, to show that the comparison works
 */
export function comparing(quick: boolean): Rounds {
  return quick ? { wanted: 1, most: 1 } : { wanted: 11, most: 15 };
}

/** Figures of parties that were measured in turn. */
export interface Turns<Found> {
  /** Figures of each party, one for each round, by label. */
  readonly figures: ReadonlyMap<string, readonly Found[]>;
  /** Description of the rounds, as {@linkcode inWords} gives it. */
  readonly words: string;
}

/** Measures each party once in each round: A B C, B C A, C A B. */
export async function inTurn<Party, Found>(
  parties: ReadonlyMap<string, Party>,
  measure: (party: Party, label: string) => Promise<Found>,
  rounds: Rounds,
): Promise<Turns<Found>> {
  const found = await quietRounds(async (round) => {
    const figures = new Map<string, Found>();
    for (const [label, party] of turned([...parties], round)) {
      figures.set(label, await measure(party, label));
    }
    return figures;
  }, rounds);
  const figures = new Map<string, Found[]>();
  for (const label of parties.keys()) {
    figures.set(
      label,
      found.kept.flatMap((round) => {
        const figure = round.get(label);
        return figure === undefined ? [] : [figure];
      }),
    );
  }
  return { figures, words: inWords(found) };
}

/** Rotates a list by one place each round, so that the order favours none. */
export function turned<Item>(list: readonly Item[], round: number): Item[] {
  const first = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

/** Describes the rounds that the figures come from. */
export function inWords({ kept, made, stolen }: QuietRounds<unknown>): string {
  return `${kept.length} of ${made} rounds, those with the least steal time: ${stolen} ms`;
}
