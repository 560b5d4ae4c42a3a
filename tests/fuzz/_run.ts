/**
 * Differential fuzzing: the same bytes to perfmock's parser and to Node's.
 *
 * @module
 */
import { type Class, CLASSES } from "./_classes.ts";
import { compare, type Disagreement } from "./_compare.ts";
import { Chance, generate } from "./_generator.ts";
import { NodeParser, read } from "./_reader.ts";

/** Cases that are sent to Node at once. */
const BATCH = 2000;

/** Result of a run. */
export interface Result {
  /** Number of cases in which both come to the same, and of those in which both accept at least one request. */
  readonly agreed: number;
  readonly accepted: number;
  /** Number of cases of each class. */
  readonly counts: ReadonlyMap<Class, number>;
  /** The shortest case of each kind of disagreement that no class holds. */
  readonly unknown: readonly {
    readonly text: string;
    readonly one: Disagreement;
  }[];
}

/** Runs a number of cases that come from a seed. */
export async function fuzz(count: number, seed: number): Promise<Result> {
  const chance = new Chance(seed);
  const node = new NodeParser();
  const counts = new Map<Class, number>(CLASSES.map((one) => [one, 0]));
  const unknown = new Map<string, { text: string; one: Disagreement }>();
  let agreed = 0;
  let accepted = 0;
  try {
    for (let done = 0; done < count; done += BATCH) {
      const texts = Array.from(
        { length: Math.min(BATCH, count - done) },
        () => generate(chance),
      );
      const batch = texts.map((text) =>
        Uint8Array.from(text, (character) => character.charCodeAt(0))
      );
      const readings = await node.read(batch);
      texts.forEach((text, index) => {
        const own = read(batch[index]);
        const one = compare(text, own, readings[index]);
        if (one === undefined) {
          agreed++;
          if (own.messages.length > 0) accepted++;
          return;
        }
        const known = CLASSES.find(({ holds }) => holds(one));
        if (known !== undefined) {
          counts.set(known, (counts.get(known) ?? 0) + 1);
          return;
        }
        const kind = `${one.refuses} ${one.what} ${one.perfmock} ${one.node}`;
        const before = unknown.get(kind);
        if (before === undefined || text.length < before.text.length) {
          unknown.set(kind, { text, one });
        }
      });
    }
  } finally {
    await node.close();
  }
  return { agreed, accepted, counts, unknown: [...unknown.values()] };
}
