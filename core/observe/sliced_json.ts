/**
 * JSON that is written in slices, so that the event loop can send responses that are due in between.
 *
 * @module
 */
import type { Clock } from "../plugin.ts";

/** Entries per slice: about a millisecond of work where each is a route with all its figures. */
const ENTRIES_PER_SLICE = 16;

const encoder = new TextEncoder();

/**
 * Writes a JSON object in slices: first all members of `head`, then one more member that is an object.
 *
 * @param head the first members, at least one
 * @param name of the last member
 * @param entries of the last member, 16 to a slice; the iterator advances as slices are taken
 */
export function* inSlices(
  head: object,
  name: string,
  entries: Iterable<readonly [key: string, value: unknown]>,
): Generator<string> {
  let slice = `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:{`;
  let written = 0;
  for (const [key, value] of entries) {
    if (written > 0 && written % ENTRIES_PER_SLICE === 0) {
      yield slice;
      slice = "";
    }
    if (written++ > 0) slice += ",";
    slice += `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  yield `${slice}}}`;
}

/**
 * Joins all slices to one text in UTF-8. Other work goes first between two slices; a single slice waits for nothing.
 *
 * @param clock lets other work go first
 * @param cancelled checked after each turn; returns true if the text is no longer needed
 * @returns undefined if cancelled
 */
export async function collected(
  slices: Iterable<string>,
  clock: Pick<Clock, "yield">,
  cancelled: () => boolean = () => false,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  for (const slice of slices) {
    if (parts.length > 0) {
      await clock.yield();
      if (cancelled()) return undefined;
    }
    parts.push(encoder.encode(slice));
  }
  return joined(...parts);
}

/** Concatenates bytes. */
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
