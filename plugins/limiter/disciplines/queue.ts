/**
 * What a queue discipline is.
 *
 * @module
 */
import type { Waiting } from "../waiting.ts";

/** An order in which those who wait are taken. Every operation is O(log n) or better. */
export interface Queue {
  /** How many wait. */
  readonly size: number;
  /** Lets one more wait. */
  add(waiting: Waiting): void;
  /** Takes out who is next; undefined where nobody waits. */
  take(): Waiting | undefined;
  /** Takes out one who stands in this queue. */
  remove(waiting: Waiting): void;
  /** All who wait, in any order; a list of the caller's own. */
  members(): Waiting[];
  /** Random numbers start afresh, where there are any. */
  restart?(): void;
}
