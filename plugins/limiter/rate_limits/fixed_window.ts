/**
 * The fixed window: `burst` in each window of the clock, all free again when the next one begins. Around that moment twice as
 * many pass in a short time, as with the servers that count like this.
 *
 * @module
 */
import { type Meter, type Quota, type Standing, TOLERANCE } from "./meter.ts";

/** A fixed window. Windows begin at multiples of their length on the clock. */
export class FixedWindow implements Meter {
  readonly #burst: number;
  readonly #window: number;
  #number = -Infinity;
  #used = 0;

  /** Makes one that nothing was taken of. */
  constructor({ burst, window }: Quota) {
    this.#burst = burst;
    this.#window = window;
  }

  /** Takes of the present window; see {@linkcode Meter.take}. */
  take(cost: number, now: number): number {
    this.#turn(now);
    if (this.#used + cost > this.#burst) return this.#left(now);
    this.#used += cost;
    return 0;
  }

  /** How it stands; see {@linkcode Meter.standing}. */
  standing(now: number): Standing {
    const used = this.#numberAt(now) > this.#number ? 0 : this.#used;
    return {
      remaining: this.#burst - used,
      next: used === 0 ? 0 : this.#left(now),
    };
  }

  #turn(now: number): void {
    const number = this.#numberAt(now);
    if (number <= this.#number) return;
    this.#number = number;
    this.#used = 0;
  }

  #numberAt(now: number): number {
    return Math.floor((now + TOLERANCE) / this.#window);
  }

  #left(now: number): number {
    return (this.#number + 1) * this.#window - now;
  }
}
