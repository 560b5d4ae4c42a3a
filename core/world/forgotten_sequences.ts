/**
 * Sequence numbers of routes that were removed: they are remembered for a while, in case that the routes come back.
 *
 * @module
 */
import { ENTRY_BYTES } from "../lib/bounded.ts";
import { textBytes } from "../lib/bounded_text.ts";
import type { SequenceCounter } from "../pipeline/exchange.ts";

/** Maximum number of bytes of the ids of removed routes whose sequence numbers are remembered, in case they come back. */
export const REMOVED_BYTES: number = 1 << 20;

/** Forgets the sequence numbers of the routes that were removed first, where those of removed routes take too many bytes. */
export function forgetSequences(
  sequences: Map<string, Pick<SequenceCounter, "turns">>,
  routes: readonly { readonly id: string }[],
): void {
  const kept = new Set(routes.map(({ id }) => id));
  const removed = [...sequences.keys()].filter((id) => !kept.has(id));
  let bytes = 0;
  for (const id of removed.reverse()) {
    bytes += ENTRY_BYTES + textBytes(id);
    const sequence = sequences.get(id);
    // The counts of turns by value take more memory than the ids.
    if (sequence !== undefined) sequence.turns = undefined;
    if (bytes > REMOVED_BYTES) sequences.delete(id);
  }
}
