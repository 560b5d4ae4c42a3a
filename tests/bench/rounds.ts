/**
 * Rounds of a measurement that the machine's owner left alone: under a hypervisor, others now and then take the processors
 * away for milliseconds, which no program can help and which is not its doing.
 *
 * @module
 */
import { stolenTime } from "./machine.ts";

/** More than this was stolen during a round, in milliseconds: it is disturbed. The system counts in steps of 10 ms. */
const BEARABLE = 10;

/** How many rounds there are to be. */
export interface Rounds {
  /** So many undisturbed ones. */
  readonly wanted: number;
  /** But no more than so many in all: then the least disturbed are taken. */
  readonly most: number;
  /** The time stolen so far, in milliseconds. */
  readonly stolen?: () => number;
}

/** What came of it. */
export interface QuietRounds<Found> {
  /** What was found in the undisturbed rounds, or the least disturbed ones, in the order of their time. */
  readonly kept: readonly Found[];
  /** How many rounds were made for it. */
  readonly made: number;
  /** What was stolen during those kept, in milliseconds. */
  readonly stolen: number;
}

/** Measures until there are enough undisturbed rounds. Which are kept depends on what was stolen alone, not on the figures. */
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

/** Which rounds the figures are of. */
export function inWords({ kept, made, stolen }: QuietRounds<unknown>): string {
  return `${kept.length} of ${made} rounds, those from which others on this hardware took least: ${stolen} ms`;
}
