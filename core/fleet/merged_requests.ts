/**
 * Journal of a fleet, made of those of its replicas.
 *
 * @module
 */
import type { JournalEntry } from "../plugin.ts";

/** An exchange in the journal of a fleet. */
export interface FleetEntry extends JournalEntry {
  /** Name of the replica that answered. */
  readonly replica: string;
}

/** Latest exchanges of one replica, in the order of their ends. */
export interface RequestsPart {
  /** Name of the replica. */
  readonly name: string;
  /** Its exchanges. */
  readonly requests: readonly JournalEntry[];
}

/**
 * Merges the latest exchanges of replicas by the time at which their headers left. Those of one replica stay in its order, even where its
 * clock was set back.
 *
 * @param limit maximum number; the latest ones are returned
 */
export function mergeRequests(
  parts: readonly RequestsPart[],
  limit: number,
): FleetEntry[] {
  const placed = parts.flatMap(({ name, requests }) => {
    let latest = -Infinity;
    return requests.map((entry) => {
      latest = Math.max(latest, endOf(entry));
      return { at: latest, entry: { ...entry, replica: name } };
    });
  });
  // The sort is stable, and a replica's times ascend.
  return placed.sort((a, b) => a.at - b.at).slice(-limit)
    .map(({ entry }) => entry);
}

/** Time at which the headers left, in ms since 1970, with fractions: Date has no microseconds. */
function endOf({ time, totalMs }: JournalEntry): number {
  const fraction = Number(`0.${/\.(\d+)Z$/.exec(time)?.[1] ?? "0"}`);
  const seconds = Date.parse(time.replace(/\.\d+Z$/, "Z"));
  return seconds + fraction * 1000 + totalMs;
}
