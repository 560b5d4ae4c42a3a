/**
 * The token bucket: `burst` tokens at most, filled at the rate, each request takes `cost`.
 *
 * Kept as one number, the time at which the bucket will be full (the generic cell rate algorithm, ITU-T I.371): what is
 * missing is that time's distance, in tokens.
 *
 * @module
 */
import { type Meter, type Quota, type Standing, TOLERANCE } from "./meter.ts";

/** A token bucket, full at first. */
export class TokenBucket implements Meter {
  readonly #burst: number;
  readonly #window: number;
  #full = -Infinity;

  /** Makes a full one. */
  constructor({ burst, window }: Quota) {
    this.#burst = burst;
    this.#window = window;
  }

  /** Takes tokens; see {@linkcode Meter.take}. */
  take(cost: number, now: number): number {
    const each = this.#window / this.#burst;
    const full = Math.max(now, this.#full) + cost * each;
    const wait = full - now - this.#window;
    if (wait > TOLERANCE) return wait;
    this.#full = full;
    return 0;
  }

  /** How it stands; see {@linkcode Meter.standing}. */
  standing(now: number): Standing {
    const each = this.#window / this.#burst;
    const missing = Math.max(0, this.#full - now) / each;
    const remaining = Math.max(0, Math.floor(this.#burst - missing + 1e-9));
    // All but the token that is filled next.
    const others = this.#burst - remaining - 1;
    const next = others < 0 ? 0 : Math.max(0, (missing - others) * each);
    return { remaining, next };
  }
}
