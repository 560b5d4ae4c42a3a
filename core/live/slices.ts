/**
 * Text that is written in slices, so that responses which fall due meanwhile are not delayed.
 *
 * @module
 */

/** So many entries are written at a stretch: about a millisecond's work where each is a route with all its figures. */
const AT_A_STRETCH = 32;

/**
 * A JSON object in slices: all of `head`, then one more member, an object whose entries come from an iterable, some of them to
 * a slice.
 *
 * @param head the first members, one at least
 * @param name the last member's
 * @param entries the last member's, asked for one after another
 */
export function* inSlices(
  head: object,
  name: string,
  entries: Iterable<readonly [key: string, value: unknown]>,
): Generator<string> {
  let slice = `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:{`;
  let written = 0;
  for (const [key, value] of entries) {
    if (written > 0 && written % AT_A_STRETCH === 0) {
      yield slice;
      slice = "";
    }
    if (written++ > 0) slice += ",";
    slice += `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  yield `${slice}}}`;
}

/**
 * All slices as one text. Between two of them the event loop takes a turn: for one slice alone, nothing is waited for.
 *
 * @param ended asked after each turn whether nobody wants the text any more
 * @returns undefined where nobody does
 */
export async function collected(
  slices: Iterable<string>,
  ended: () => boolean = () => false,
): Promise<string | undefined> {
  let text: string | undefined;
  for (const slice of slices) {
    if (text === undefined) text = slice;
    else {
      await new Promise((resolve) => setImmediate(resolve));
      if (ended()) return undefined;
      text += slice;
    }
  }
  return text;
}
