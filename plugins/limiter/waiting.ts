/**
 * One who waits in a pool's queue.
 *
 * @module
 */
import type { Exchange, Ticket, Waiter } from "../../core/plugin.ts";

/** Who asks a pool for a place: an exchange's waiter, or a phantom of the background, which has no exchange. */
export interface Entrant extends Pick<Waiter, "settle"> {
  /** The exchange; undefined for a phantom. */
  readonly exchange?: Exchange;
}

/** Whose queue a {@linkcode Waiting} stands in. */
export interface Keeper {
  /** Takes one out of the queue that has not been settled; ignored where it was. */
  left(waiting: Waiting, why: "gone" | "cut"): void;
  /** Refuses one that has waited too long. */
  expired(waiting: Waiting): void;
}

/**
 * A place in a queue. Its links are its discipline's, so that a place costs one object, and leaving from the middle no
 * search.
 */
export class Waiting implements Ticket {
  /** The one before it in a linked list. */
  ahead: Waiting | undefined = undefined;
  /** The one after it in a linked list. */
  behind: Waiting | undefined = undefined;
  /** Where it stands in an array or a heap. */
  slot = -1;
  /** Its number in the pool's order of arrival. */
  number = 0;
  /** Lower numbers go first, where the discipline asks. */
  priority: number;
  /** When it has waited too long, in milliseconds of the clock. */
  deadline = Infinity;
  /** The clock's timer of its queue time-out; 0 for none. */
  timer = 0;
  /** False once it was admitted, refused, or has left. */
  queued = true;

  /**
   * Stands in a queue from now on.
   *
   * @param pool whose queue it is
   * @param entrant who waits
   * @param entered since when, in milliseconds of the clock
   * @param importance its priority, where no header says otherwise
   */
  constructor(
    readonly pool: Keeper,
    readonly entrant: Entrant,
    readonly entered: number,
    readonly importance: number,
  ) {
    this.priority = importance;
  }

  /** Reneges: the client has left, or the server ends. */
  leave(why: "gone" | "cut"): void {
    this.pool.left(this, why);
  }
}
