/**
 * Rate-limit algorithms: token bucket, sliding window and fixed window.
 *
 * @module
 */

/** Tolerance of a quota for rounding: a client that comes back exactly when told is let in. In milliseconds. */
export const TOLERANCE = 1e-3;

/** The state of a {@linkcode Meter}. */
export interface Standing {
  /** Number of requests of cost 1 that would be let through now. */
  readonly remaining: number;
  /** Time until more of the quota is available, where nothing is taken, in ms; 0 where all of it is. */
  readonly next: number;
}

/** A count of what one pool, route or client has used of its quota. */
export interface Meter {
  /**
   * Takes `cost` of the quota, or nothing.
   *
   * @param cost a whole number from 1 to the quota
   * @param now in ms of the clock
   * @returns 0 where it was taken; else the exact time until it could be taken, where nothing else is, in ms
   */
  take(cost: number, now: number): number;
  /** The state at a time; takes nothing. */
  standing(now: number): Standing;
}

/** A quota: at most `burst` requests at once, and `burst` per `window` on average. */
export interface Quota {
  /** Maximum number at once: a whole number, at least 1. */
  readonly burst: number;
  /** Time in which `burst` requests become available again, in ms. */
  readonly window: number;
}

/** Names an algorithm. */
export type Algorithm = "token-bucket" | "sliding-window" | "fixed-window";

/** All algorithms. */
export const ALGORITHMS = [
  "token-bucket",
  "sliding-window",
  "fixed-window",
] as const satisfies readonly Algorithm[];

/** Makes a meter with its whole quota available. */
export function createMeter(algorithm: Algorithm, quota: Quota): Meter {
  switch (algorithm) {
    case "token-bucket":
      return new TokenBucket(quota);
    case "sliding-window":
      return new SlidingWindow(quota);
    case "fixed-window":
      return new FixedWindow(quota);
  }
}

/**
 * A token bucket: at most `burst` tokens, refilled at the rate; each request takes `cost` of them.
 *
 * Kept as one number, the time at which the bucket will be full (the generic cell rate algorithm, ITU-T I.371): the distance of
 * that time, in tokens, is the number that is missing.
 */
export class TokenBucket implements Meter {
  readonly #burst: number;
  readonly #window: number;
  #full = -Infinity;

  constructor({ burst, window }: Quota) {
    this.#burst = burst;
    this.#window = window;
  }

  take(cost: number, now: number): number {
    const each = this.#window / this.#burst;
    const full = Math.max(now, this.#full) + cost * each;
    const wait = full - now - this.#window;
    if (wait > TOLERANCE) return wait;
    this.#full = full;
    return 0;
  }

  standing(now: number): Standing {
    const each = this.#window / this.#burst;
    const missing = Math.max(0, this.#full - now) / each;
    const remaining = Math.max(0, Math.floor(this.#burst - missing + 1e-9));
    // Counts all tokens but the one that is filled next.
    const others = this.#burst - remaining - 1;
    const next = others < 0 ? 0 : Math.max(0, (missing - others) * each);
    return { remaining, next };
  }
}

/**
 * A sliding window: never more than `burst` within the last `window`. Exact: it remembers the time of each of the last `burst`
 * units, eight bytes each.
 */
export class SlidingWindow implements Meter {
  readonly #window: number;
  /** Time at which each unit was taken: a ring, the oldest at `#oldest`. */
  readonly #log: Float64Array;
  #oldest = 0;

  constructor({ burst, window }: Quota) {
    this.#window = window;
    this.#log = new Float64Array(burst).fill(-Infinity);
  }

  take(cost: number, now: number): number {
    const wait = this.#free(cost - 1) - now;
    if (wait > TOLERANCE) return wait;
    for (let unit = 0; unit < cost; unit++) {
      this.#log[this.#oldest] = now;
      this.#oldest = (this.#oldest + 1) % this.#log.length;
    }
    return 0;
  }

  standing(now: number): Standing {
    // Units leave the window in order: a binary search for the first that has not.
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#free(middle) <= now + TOLERANCE) low = middle + 1;
      else high = middle;
    }
    const next = low < this.#log.length ? this.#free(low) - now : 0;
    return { remaining: low, next };
  }

  /** Time at which the n-th oldest unit leaves the window. */
  #free(n: number): number {
    return this.#log[(this.#oldest + n) % this.#log.length] + this.#window;
  }
}

/**
 * A fixed window: `burst` requests per window, all available again when the next one begins. Around that moment twice as many
 * pass in a short time, as with the servers that count like this. Windows begin at multiples of their length on the clock.
 */
export class FixedWindow implements Meter {
  readonly #burst: number;
  readonly #window: number;
  #number = -Infinity;
  #used = 0;

  constructor({ burst, window }: Quota) {
    this.#burst = burst;
    this.#window = window;
  }

  take(cost: number, now: number): number {
    this.#turn(now);
    if (this.#used + cost > this.#burst) return this.#left(now);
    this.#used += cost;
    return 0;
  }

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
