/**
 * A request that asks for a place of a shared pool, from the question to the decision.
 *
 * @module
 */
import { type Entrant, QueueEntry, type QueueOwner } from "../queue.ts";
import { DIGITS, SEPARATOR } from "./pool_script.ts";

/**
 * State of a request: `unsent`, Redis was lost before it was asked; `asked`, the answer is under way; `queued`, it is in the queue
 * in Redis; `local`, it is in the queue of this replica, which decides by itself; `placed`, it has got a place.
 */
export type Stage = "unsent" | "asked" | "queued" | "local" | "placed";

/** A request that asks for a place. */
export class Entry extends QueueEntry {
  /** State of the request. */
  stage: Stage = "unsent";
  /** True while it counts as queued. */
  counted = false;
  /** Time of the arrival by which Redis orders its queue, once it is known. */
  place = 0;
  /** Priority as it was sent. */
  sent = "0";
  /** Name by which Redis knows it, among those of this incarnation. */
  ticket = "";

  constructor(
    owner: QueueOwner,
    entrant: Entrant,
    entered: number,
    routePriority: number,
  ) {
    super(owner, entrant, entered, routePriority);
  }
}

/**
 * Writes a queued request as the script keeps it.
 *
 * @param member incarnation that has asked for it
 */
export function textOf({ place, ticket, sent }: Entry, member: string): string {
  return [`${place}`.padStart(DIGITS, "0"), member, ticket, sent]
    .join(SEPARATOR);
}

/** A step of which the result is awaited. */
export interface Asked {
  /** Question: for a place, whether it has left the queue, whether it is in it, or for the number of words that were sent. */
  readonly step: "ask" | "leave" | "look" | "words";
  /** Request that it is about; undefined for words. */
  readonly entry?: Entry;
  /** Ticket of that request when it was asked. */
  readonly ticket: string;
}
