/**
 * JSON that is written in slices, so that responses which fall due meanwhile are not delayed.
 *
 * @module
 */

/** So many entries are written at a stretch: about a millisecond's work where each is a route with all its figures. */
const AT_A_STRETCH = 16;

const encoder = new TextEncoder();

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
 * All slices as one text in UTF-8. Between two of them the event loop takes a turn: for one slice alone, nothing is waited for.
 *
 * @param ended asked after each turn whether nobody wants the text any more
 * @returns undefined where nobody does
 */
export async function collected(
  slices: Iterable<string>,
  ended: () => boolean = () => false,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  for (const slice of slices) {
    if (parts.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      if (ended()) return undefined;
    }
    parts.push(encoder.encode(slice));
  }
  return joined(...parts);
}

/** Bytes one after another. */
export function joined(
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    parts.reduce((size, { length }) => size + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
