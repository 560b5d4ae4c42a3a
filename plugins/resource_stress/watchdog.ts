/**
 * The watchdog within a stress thread: it ends when told to, when its time is over, and when the event loop is silent, whatever
 * became of it.
 *
 * @module
 */
import { CELL, type Cells, load } from "./cells.ts";

/** How long the event loop may be silent, in milliseconds: longer than the longest block that a scenario can ask for. */
export const SILENCE = 15_000;

/** What a watchdog watches. */
export interface Watched {
  /** What the thread shares with the event loop. */
  readonly cells: Cells;
  /** How long the thread may run, in milliseconds. */
  readonly lifetime: number;
  /** The present, in milliseconds. */
  readonly now: () => number;
}

/** Watches one thread. */
export class Watchdog {
  readonly #watched: Watched;
  readonly #end: number;
  #pulse = 0;
  #heard: number;

  /**
   * Begins to watch.
   *
   * @param watched what it watches, from now on
   */
  constructor(watched: Watched) {
    this.#watched = watched;
    this.#heard = watched.now();
    this.#end = this.#heard + watched.lifetime;
  }

  /** Whether the thread has to end. Asked at least once a second. */
  ends(): boolean {
    const { cells, now } = this.#watched;
    if (load(cells, CELL.stop) !== 0) return true;
    const present = now();
    const pulse = load(cells, CELL.pulse);
    if (pulse !== this.#pulse) {
      this.#pulse = pulse;
      this.#heard = present;
    }
    return present >= this.#end || present - this.#heard > SILENCE;
  }
}
