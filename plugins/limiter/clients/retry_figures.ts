/**
 * A client's manners in figures and in words.
 *
 * @module
 */

/** How a client behaves once it was refused; times in milliseconds. */
export interface RetryFigures {
  /** Its requests, from its first refusal on. */
  readonly requests: number;
  /** How many of them were refused. */
  readonly refused: number;
  /** How many of them were retries. */
  readonly retries: number;
  /** How many of these had been told by Retry-After when to come back. */
  readonly told: number;
  /** How many of these came back before that. */
  readonly early: number;
  /** Requests for each one that was meant: 1 without retries. */
  readonly amplification: number;
  /** The time from a refusal to the retry; null without retries. */
  readonly spacing: {
    readonly mean: number;
    readonly min: number;
    readonly max: number;
  } | null;
  /** The relative standard deviation of the spacing, within attempts of the same number; null where there are too few. */
  readonly jitter: number | null;
  /** By what factor the spacing grows from attempt to attempt; null where none had a second retry. */
  readonly backoff: number | null;
}

/** More than this share too early is no accident: a clock may be a little fast. */
const EARLY_SHARE = 0.05;

/** Less relative spread than this, and all clients that were refused together come back together. */
const LEAST_JITTER = 0.05;

/** More requests than this for each one that was meant make an overload worse. */
const MOST_AMPLIFICATION = 2;

/** A spacing that grows by less than this factor does not back off. */
const LEAST_BACKOFF = 1.2;

/** What a client does wrong, in plain words; one sentence of praise where it does nothing wrong. */
export function verdict(figures: RetryFigures): string {
  const { retries, refused, told, early, amplification, jitter, backoff } =
    figures;
  if (refused === 0) return "Nobody was refused";
  if (retries === 0) return `Was refused ${times(refused)} and never retried`;
  const faults: string[] = [];
  if (early > EARLY_SHARE * told) {
    faults.push(
      `comes back too early: ${early} of ${told} retries were sooner than Retry-After said`,
    );
  }
  if (amplification > MOST_AMPLIFICATION) {
    faults.push(
      `multiplies its load by ${
        amplification.toFixed(1)
      }: give up, or retry from a budget`,
    );
  }
  if (jitter !== null && jitter < LEAST_JITTER) {
    faults.push(
      `retries without jitter (${
        percent(jitter)
      } spread): clients refused together come back together`,
    );
  }
  // Who was told when to come back has no need to guess longer and longer.
  if (backoff !== null && backoff < LEAST_BACKOFF && told < retries) {
    faults.push("does not back off: its retries stay as frequent as the first");
  }
  if (faults.length === 0) {
    return told > 0
      ? "Well-mannered: waits as long as it is told and spreads its retries"
      : "Well-mannered: backs off and spreads its retries";
  }
  return capitalised(faults.join("; "));
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
