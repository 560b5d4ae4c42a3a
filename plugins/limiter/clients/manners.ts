/**
 * How one client behaves once it was refused.
 *
 * @module
 */
import type { RetryFigures } from "./retry_figures.ts";
import { Spread } from "./spread.ts";

/** How many attempts in a row are told apart; further ones count as the last. */
const ATTEMPTS = 8;

/** How many unanswered refusals of a client are remembered; of more at once the oldest are taken for given up. */
const OPEN = 256;

/** A refusal that nobody came back from yet. */
interface OpenRefusal {
  /** When it was, in milliseconds of the clock. */
  readonly at: number;
  /** When Retry-After said to come back; undefined where it said nothing. */
  readonly promised: number | undefined;
  /** How many attempts of the same request were refused before: 0 for the first. */
  readonly attempt: number;
}

/** What came of a request. */
export interface Return {
  /** The how-manieth attempt it is: 0 is no retry. */
  readonly attempt: number;
  /** After how long it came back, in milliseconds; undefined where it is no retry. */
  readonly spacing?: number;
  /** Whether it came before Retry-After said; undefined where that said nothing. */
  readonly early?: boolean | undefined;
}

/** Counts the requests of one client, from its first refusal on. */
export class Manners {
  readonly #open: OpenRefusal[] = [];
  readonly #spacing = new Spread();
  readonly #byAttempt: Spread[] = [];
  #requests = 0;
  #refused = 0;
  #retries = 0;
  #told = 0;
  #early = 0;

  /**
   * A request has arrived. The oldest refusal that nobody came back from is taken for its reason, unless that lies too long
   * ago.
   *
   * @param horizon after how many milliseconds beyond what Retry-After said a request is a new one
   */
  arrived(now: number, horizon: number): Return {
    let open = this.#open.shift();
    while (open !== undefined && now > (open.promised ?? open.at) + horizon) {
      open = this.#open.shift();
    }
    const back = open === undefined ? { attempt: 0 } : {
      attempt: open.attempt + 1,
      spacing: now - open.at,
      early: open.promised === undefined ? undefined : now < open.promised,
    };
    this.count(back);
    return back;
  }

  /** Counts a request that was looked at already. */
  count({ attempt, spacing, early }: Return): void {
    this.#requests++;
    if (spacing === undefined) return;
    this.#retries++;
    if (early !== undefined) this.#told++;
    if (early) this.#early++;
    this.#spacing.add(spacing);
    const index = Math.min(attempt, ATTEMPTS) - 1;
    (this.#byAttempt[index] ??= new Spread()).add(spacing);
  }

  /**
   * A request was refused.
   *
   * @param attempt the how-manieth attempt it was
   * @param retryAfter what the client was told, in milliseconds; undefined for nothing
   */
  refused(at: number, attempt: number, retryAfter: number | undefined): void {
    this.#refused++;
    if (this.#open.length >= OPEN) this.#open.shift();
    const promised = retryAfter === undefined ? undefined : at + retryAfter;
    this.#open.push({ at, promised, attempt });
  }

  /** Counts a refusal that is remembered elsewhere. */
  countRefusal(): void {
    this.#refused++;
  }

  /** The figures so far. */
  figures(): RetryFigures {
    const { count, mean, min, max } = this.#spacing;
    const spaced = count > 0;
    return {
      requests: this.#requests,
      refused: this.#refused,
      retries: this.#retries,
      told: this.#told,
      early: this.#early,
      amplification: this.#requests /
        Math.max(1, this.#requests - this.#retries),
      spacing: spaced ? { mean, min, max } : null,
      jitter: this.#jitter(),
      backoff: this.#backoff(),
    };
  }

  /** The relative standard deviation within attempts of the same number, pooled: a growing back-off is no jitter. */
  #jitter(): number | null {
    let squares = 0;
    let degrees = 0;
    for (const { count, mean, squares: own } of this.#spreads()) {
      if (count < 2 || mean === 0) continue;
      squares += own / mean ** 2;
      degrees += count - 1;
    }
    return degrees < 3 ? null : Math.sqrt(squares / degrees);
  }

  /** By what factor the mean spacing grows from attempt to attempt: the geometric mean. */
  #backoff(): number | null {
    const means = this.#spreads().map(({ mean }) => mean);
    const last = means.length - 1;
    if (last < 1 || means[0] === 0) return null;
    return (means[last] / means[0]) ** (1 / last);
  }

  #spreads(): Spread[] {
    return this.#byAttempt.filter((spread) => spread !== undefined);
  }
}
