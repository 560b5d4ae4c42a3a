/**
 * One meter for each key, such as a client's: as many as fit.
 *
 * @module
 */
import type { Meter } from "./meter.ts";

/** How many keys are kept. A client that makes up keys must not fill memory. */
export const MOST_KEYS = 10_000;

/** Meters by key. Beyond {@linkcode MOST_KEYS} the one that was not used for longest is forgotten, and starts afresh. */
export class Partitions {
  readonly #create: () => Meter;
  readonly #meters = new Map<string, Meter>();

  /** @param create makes the meter of a new key */
  constructor(create: () => Meter) {
    this.#create = create;
  }

  /** The meter of a key. */
  of(key: string): Meter {
    const known = this.#meters.get(key);
    const meter = known ?? this.#create();
    // Last in, last out: the map's order is that of use.
    if (known !== undefined) this.#meters.delete(key);
    else if (this.#meters.size >= MOST_KEYS) {
      for (const [oldest] of this.#meters) {
        this.#meters.delete(oldest);
        break;
      }
    }
    this.#meters.set(key, meter);
    return meter;
  }
}
