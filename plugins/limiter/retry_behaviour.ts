/**
 * Behaviour of a client after its first refusal: its retries, their spacing, and a verdict in words.
 *
 * @module
 */

/** Figures of a client from its first refusal on; times in ms. */
export interface RetryFigures {
  /** Number of requests. */
  readonly requests: number;
  /** Number of refused requests. */
  readonly refused: number;
  /** Number of requests that were retries. */
  readonly retries: number;
  /** Number of retries of refusals with Retry-After. */
  readonly told: number;
  /** Number of retries that came before the time that Retry-After had named. */
  readonly early: number;
  /** Requests sent for each one intended: 1 without retries. */
  readonly amplification: number;
  /** Time from a refusal to its retry; null without retries. */
  readonly spacing: {
    readonly mean: number;
    readonly min: number;
    readonly max: number;
  } | null;
  /** Relative standard deviation of the spacing, among attempts of the same number; null where there are too few. */
  readonly jitter: number | null;
  /** Factor by which the spacing grows from attempt to attempt; null where no request was retried twice. */
  readonly backoff: number | null;
}

/** Maximum number of attempts that are told apart; further ones count as the last. */
const ATTEMPTS = 8;

/** Maximum number of refusals of a client that wait for a retry; of more, the oldest are taken for given up. */
const OPEN = 256;

/** Bytes of a behaviour at most: an object with two boxed numbers for each open refusal, and the figures of the spacings. */
export const BEHAVIOUR_BYTES: number = OPEN * 96 + (ATTEMPTS + 1) * 160;

/** A refusal that has not been retried yet. */
interface OpenRefusal {
  /** Time of the refusal, in ms of the clock. */
  readonly at: number;
  /** Time that Retry-After named, in ms of the clock; undefined without Retry-After. */
  readonly promised: number | undefined;
  /** Number of earlier attempts of the same request. */
  readonly attempt: number;
}

/** A request, as a first attempt or a retry. */
export interface Attempt {
  /** Zero-based number of the attempt: 0 is no retry. */
  readonly attempt: number;
  /** Time since the refusal, in ms; undefined where it is no retry. */
  readonly spacing?: number;
  /** True if it came before the time that Retry-After had named; undefined without Retry-After. */
  readonly early?: boolean | undefined;
}

/** Counts the requests of one client, from its first refusal on. */
export class RetryBehaviour {
  readonly #open: OpenRefusal[] = [];
  readonly #spacing = new Spread();
  readonly #byAttempt: Spread[] = [];
  #requests = 0;
  #refused = 0;
  #retries = 0;
  #told = 0;
  #early = 0;

  /**
   * Counts a request. It is taken for a retry of the oldest refusal without one, unless that is too long ago.
   *
   * @param horizon time after the refusal, or after the time that Retry-After named, from which on a request is a new one, in ms
   */
  arrived(now: number, horizon: number): Attempt {
    let open = this.#open.shift();
    while (open !== undefined && now > (open.promised ?? open.at) + horizon) {
      open = this.#open.shift();
    }
    const attempt = open === undefined ? { attempt: 0 } : {
      attempt: open.attempt + 1,
      spacing: now - open.at,
      early: open.promised === undefined ? undefined : now < open.promised,
    };
    this.count(attempt);
    return attempt;
  }

  /** Counts a request that was classified elsewhere. */
  count({ attempt, spacing, early }: Attempt): void {
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
   * Counts a refusal.
   *
   * @param attempt zero-based number of the attempt
   * @param retryAfter value of Retry-After, in ms; undefined without the header
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

  /** Returns the figures so far. */
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

  /** Pooled relative standard deviation among attempts of the same number: a growing back-off is no jitter. */
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

  /** Factor by which the mean spacing grows from attempt to attempt: the geometric mean. */
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

/** Share of early retries up to which a fast clock may be the cause. */
const EARLY_SHARE = 0.05;

/** Minimum relative spread that keeps clients refused together from coming back together. */
const LEAST_JITTER = 0.05;

/** Maximum number of requests for each one intended that does not make an overload worse. */
const MOST_AMPLIFICATION = 2;

/** Minimum growth of the spacing that counts as backing off. */
const LEAST_BACKOFF = 1.2;

/** Describes what a client does wrong; where nothing is wrong, says so. */
export function verdict(figures: RetryFigures): string {
  const { retries, refused, told, early, amplification, jitter, backoff } =
    figures;
  if (refused === 0) return "No request was refused";
  if (retries === 0) return `Was refused ${times(refused)} and never retried`;
  const issues: string[] = [];
  if (early > EARLY_SHARE * told) {
    issues.push(
      `comes back too early: ${early} of ${told} retries were sooner than Retry-After said`,
    );
  }
  if (amplification > MOST_AMPLIFICATION) {
    issues.push(
      `multiplies its load by ${
        amplification.toFixed(1)
      }: give up, or retry from a budget`,
    );
  }
  if (jitter !== null && jitter < LEAST_JITTER) {
    issues.push(
      `retries without jitter (${
        percent(jitter)
      } spread): clients refused together come back together`,
    );
  }
  // A client that is told when to come back has no need to back off.
  if (backoff !== null && backoff < LEAST_BACKOFF && told < retries) {
    issues.push("does not back off: its retries stay as frequent as the first");
  }
  if (issues.length === 0) {
    return told > 0
      ? "Well-mannered: waits as long as it is told and spreads its retries"
      : "Well-mannered: backs off and spreads its retries";
  }
  return capitalised(issues.join("; "));
}

function times(n: number): string {
  return n === 1 ? "once" : `${n} times`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Count, mean, extremes and variance of a series of numbers (Welford 1962), in constant space. */
class Spread {
  /** Number of values. */
  count = 0;
  /** Mean; 0 where there are none. */
  mean = 0;
  /** Minimum. */
  min = Infinity;
  /** Maximum. */
  max = -Infinity;
  #squares = 0;

  /** Adds a value. */
  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** Sum of squared distances from the mean. */
  get squares(): number {
    return this.#squares;
  }
}
