/**
 * Behaviour of a client after its first refusal: its retries, their spacing, and a verdict in words.
 *
 * @module
 */
import { ByteMap, ENTRY_BYTES } from "../../core/plugin.ts";

/** Figures of a client from its first refusal on; times in ms. */
export interface RetryFigures {
  /** Number of requests. */
  readonly requests: number;
  /** Number of refused requests. */
  readonly refused: number;
  /** Number of requests that were retries: the same as a refused one. */
  readonly retries: number;
  /** Number of requests that may be retries: all but their bodies, which are not compared, is the same as of a refused one. */
  readonly uncertain: number;
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
  /**
   * Relative standard deviation of the spacing, among attempts of the same number; where the client was told when to come back, that
   * of the time by which it came later. Null where there are too few.
   */
  readonly jitter: number | null;
  /** Factor by which the spacing grows from attempt to attempt; null where no request was retried twice. */
  readonly backoff: number | null;
  /** Requests that were sent again although the one before was not refused; null where there are none. */
  readonly repeats: {
    /** Number of these requests. */
    readonly count: number;
    /** Mean time since the request before was sent. */
    readonly sinceSent: number;
    /** Mean time since the request before was answered or, where it is under way, was sent. */
    readonly sinceAnswered: number;
  } | null;
}

/** Maximum number of attempts that are told apart; further ones count as the last. */
const ATTEMPTS = 8;

/** Maximum number of refusals of a client that wait for a retry; of more, the oldest are taken for given up. */
const OPEN = 128;

/** Maximum number of requests of a client that are recognised when they are sent again though they were served. */
const SERVED = 24;

/** Maximum length of a {@linkcode Identity.key}, in characters. */
export const LONGEST_IDENTITY = 25;

/** Bytes of a key at most. */
const KEY_BYTES = 2 * LONGEST_IDENTITY + 16;

/** Bytes of all requests that are recognised. */
const SERVED_BYTES = SERVED * (ENTRY_BYTES + 64 + KEY_BYTES);

/** Bytes of a behaviour at most: refusals that wait for a retry, requests that were served, and the figures of the spacings. */
export const BEHAVIOUR_BYTES: number = OPEN * (96 + KEY_BYTES) +
  SERVED_BYTES + (3 * ATTEMPTS + 3) * 96;

/** Time by which a retry may be sooner than it was told, in ms: timers round to milliseconds, and fire a little early. */
const TIMER_ERROR = 5;

/** Distinguishes requests from one another. */
export interface Identity {
  /** Equal for equal requests. */
  readonly key: string;
  /** True if requests with this key are the same; false if they may differ in what is not known. */
  readonly certain: boolean;
}

/** A refusal that has not been retried yet. */
interface OpenRefusal {
  /** Key of the request. */
  readonly key: string;
  /** Time of the refusal, in ms of the clock. */
  readonly at: number;
  /** Time that Retry-After named, in ms of the clock; undefined without Retry-After. */
  readonly promised: number | undefined;
  /** Number of earlier attempts of the same request. */
  readonly attempt: number;
}

/** A request, as a first attempt, a retry, or one of those whose nature cannot be told. */
export interface Attempt {
  /** Zero-based number of the attempt: 0 is no retry. */
  readonly attempt: number;
  /** Time since the refusal, in ms; undefined where it is no retry. */
  readonly spacing?: number;
  /** Time from the refusal to the one that Retry-After had named, in ms; undefined without Retry-After. */
  readonly told?: number | undefined;
  /** True if it may be a retry. */
  readonly uncertain?: boolean;
  /** Distance from the same request, where that was not refused; undefined if there was none, and for retries. */
  readonly repeated?: {
    /** Time since it was sent, in ms. */
    readonly sinceSent: number;
    /** Time since it was answered or, where it is under way, was sent, in ms. */
    readonly sinceAnswered: number;
  };
}

/** A request that was not refused. Times in ms of the clock. */
interface Served {
  /** Time at which it was sent; -Infinity if it was not served after all. */
  sent: number;
  /** Time at which it was answered; while it is under way, that at which it was sent. */
  answered: number;
}

/** Counts the requests of one client, from its first refusal on. */
export class RetryBehaviour {
  readonly #open: OpenRefusal[] = [];
  /** Requests that were not refused, by key. */
  readonly #served = new ByteMap<Served>(SERVED_BYTES, 64);
  readonly #spacing = new Spread();
  readonly #sinceSent = new Spread();
  readonly #sinceAnswered = new Spread();
  /** Spacing of retries without Retry-After, by number of the attempt. */
  readonly #untold: Spread[] = [];
  /** The same of those with Retry-After, and the time by which they came later than told. */
  readonly #told: { readonly spacing: Spread; readonly later: Spread }[] = [];
  #requests = 0;
  #refused = 0;
  #retries = 0;
  #uncertain = 0;
  #tolds = 0;
  #early = 0;

  /**
   * Counts a request. It is a retry of the oldest refusal of the same request, unless that is too long ago.
   *
   * @param horizon time after the refusal, or after the time that Retry-After named, from which on a request is a new one, in ms
   */
  arrived(
    { key, certain }: Identity,
    now: number,
    horizon: number,
  ): Attempt {
    const attempt = this.#classify({ key, certain }, now, horizon);
    this.count(attempt);
    this.#served.set(key, { sent: now, answered: now });
    return attempt;
  }

  #classify({ key, certain }: Identity, now: number, horizon: number): Attempt {
    const refusal = this.#takeOpen(key, now - horizon);
    if (refusal !== undefined) {
      if (!certain) return { attempt: 0, uncertain: true };
      const { at, promised, attempt } = refusal;
      return {
        attempt: attempt + 1,
        spacing: now - at,
        told: promised === undefined ? undefined : promised - at,
      };
    }
    const served = this.#served.get(key);
    if (!certain || served === undefined || now > served.answered + horizon) {
      return { attempt: 0 };
    }
    const { sent, answered } = served;
    return {
      attempt: 0,
      repeated: { sinceSent: now - sent, sinceAnswered: now - answered },
    };
  }

  /** Takes the oldest refusal of a request whose retry was due at a time or later. */
  #takeOpen(key: string, since: number): OpenRefusal | undefined {
    for (;;) {
      const index = this.#open.findIndex((open) => open.key === key);
      if (index < 0) return undefined;
      const [open] = this.#open.splice(index, 1);
      if ((open.promised ?? open.at) >= since) return open;
    }
  }

  /** Counts a request that was classified elsewhere. */
  count({ attempt, spacing, told, uncertain, repeated }: Attempt): void {
    this.#requests++;
    if (uncertain) this.#uncertain++;
    if (repeated !== undefined) {
      this.#sinceSent.add(repeated.sinceSent);
      this.#sinceAnswered.add(repeated.sinceAnswered);
    }
    if (spacing === undefined) return;
    this.#retries++;
    this.#spacing.add(spacing);
    const index = Math.min(attempt, ATTEMPTS) - 1;
    if (told === undefined) {
      (this.#untold[index] ??= new Spread()).add(spacing);
      return;
    }
    this.#tolds++;
    if (spacing < told - TIMER_ERROR) this.#early++;
    const waits = this.#told[index] ??= {
      spacing: new Spread(),
      later: new Spread(),
    };
    waits.spacing.add(spacing);
    waits.later.add(spacing - told);
  }

  /**
   * Counts a refusal.
   *
   * @param attempt zero-based number of the attempt
   * @param retryAfter value of Retry-After, in ms; undefined without the header
   */
  refused(
    { key }: Identity,
    at: number,
    { attempt, retryAfter }: {
      readonly attempt: number;
      readonly retryAfter: number | undefined;
    },
  ): void {
    this.#refused++;
    if (this.#open.length >= OPEN) this.#open.shift();
    const promised = retryAfter === undefined ? undefined : at + retryAfter;
    this.#open.push({ key, at, promised, attempt });
  }

  /** Counts a refusal that is remembered elsewhere. */
  countRefusal(): void {
    this.#refused++;
  }

  /**
   * Notes the end of a request.
   *
   * @param at time of its answer, in ms of the clock; undefined if it was not served
   */
  ended({ key }: Identity, at: number = -Infinity): void {
    const served = this.#served.get(key);
    if (served === undefined) return;
    served.answered = at;
    if (at === -Infinity) served.sent = at;
  }

  /** Returns the figures so far. */
  figures(): RetryFigures {
    const { count, mean, min, max } = this.#spacing;
    const spaced = count > 0;
    return {
      requests: this.#requests,
      refused: this.#refused,
      retries: this.#retries,
      uncertain: this.#uncertain,
      told: this.#tolds,
      early: this.#early,
      amplification: this.#requests /
        Math.max(1, this.#requests - this.#retries),
      spacing: spaced ? { mean, min, max } : null,
      jitter: this.#jitter(),
      backoff: this.#backoff(),
      repeats: this.#sinceSent.count === 0 ? null : {
        count: this.#sinceSent.count,
        sinceSent: this.#sinceSent.mean,
        sinceAnswered: this.#sinceAnswered.mean,
      },
    };
  }

  /**
   * Pooled relative standard deviation among attempts of the same number: a growing back-off is no jitter, and neither are the times
   * that the server named.
   */
  #jitter(): number | null {
    let squares = 0;
    let degrees = 0;
    const pool = ({ count, squares: own }: Spread, mean: number) => {
      if (count < 2 || mean === 0) return;
      squares += own / mean ** 2;
      degrees += count - 1;
    };
    this.#untold.forEach((spacing) => pool(spacing, spacing.mean));
    this.#told.forEach(({ spacing, later }) => pool(later, spacing.mean));
    return degrees < 3 ? null : Math.sqrt(squares / degrees);
  }

  /** Factor by which the mean spacing grows from attempt to attempt: the geometric mean. */
  #backoff(): number | null {
    const means: number[] = [];
    for (let i = 0; i < ATTEMPTS; i++) {
      const [a, b] = [this.#untold[i], this.#told[i]?.spacing];
      const count = (a?.count ?? 0) + (b?.count ?? 0);
      const sum = (a?.count ?? 0) * (a?.mean ?? 0) +
        (b?.count ?? 0) * (b?.mean ?? 0);
      if (count > 0) means.push(sum / count);
    }
    const last = means.length - 1;
    if (last < 1 || means[0] === 0) return null;
    return (means[last] / means[0]) ** (1 / last);
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

/** Factor by which two mean times must differ to be told apart. */
const SAME_FACTOR = 2;

/** Difference below which two mean times are not told apart, in ms. */
const SAME_TIME = 2;

/** Describes the behaviour of a client, as far as it was measured: errors, else manners, else that they cannot be told. */
export function verdict(figures: RetryFigures): string {
  const { retries, uncertain, refused, told, early, spacing, repeats } =
    figures;
  if (refused === 0) return "No request was refused";
  if (retries + uncertain === 0) {
    return `Was refused ${times(refused)} and never retried`;
  }
  const unknown = uncertain === 0
    ? ""
    : `${retries > 0 ? "; cannot tell" : "Cannot tell"} whether ${
      requests(uncertain)
    } ${
      uncertain === 1 ? "was a retry" : "were retries"
    }, since bodies are not compared: an Idempotency-Key or a Content-Digest would tell`;
  if (spacing === null) return unknown;
  const again = [repeats?.sinceAnswered, repeats?.sinceSent].find((mean) =>
    mean !== undefined && isSame(mean, spacing.mean)
  );
  if (again !== undefined) {
    return `Cannot tell retries from new requests: it sends the same requests again as soon where they are served (after ${
      time(again)
    }) as where they are refused (after ${time(spacing.mean)})`;
  }
  const waits = told > 0 && early <= EARLY_SHARE * told;
  const bad = errors(figures);
  const judged = bad.length > 0
    ? `${waits ? "waits as long as it is told, but " : ""}${bad.join("; ")}`
    : manners(figures, waits);
  return capitalised(judged) + unknown;
}

function errors(
  { retries, told, early, amplification, jitter, backoff }: RetryFigures,
): string[] {
  const found: string[] = [];
  if (early > EARLY_SHARE * told) {
    found.push(
      `comes back too early: ${early} of ${told} retries were sooner than Retry-After said`,
    );
  }
  if (amplification > MOST_AMPLIFICATION) {
    found.push(
      `multiplies its load by ${
        amplification.toFixed(1)
      }: give up, or retry from a budget`,
    );
  }
  if (jitter !== null && jitter < LEAST_JITTER) {
    found.push(
      `retries without jitter (${
        percent(jitter)
      } spread): clients refused together come back together`,
    );
  }
  // A client that is told when to come back has no need to back off.
  if (backoff !== null && backoff < LEAST_BACKOFF && told < retries) {
    found.push("does not back off: its retries stay as frequent as the first");
  }
  return found;
}

/** Good manners of a client without errors. */
function manners(
  { retries, told, jitter, backoff }: RetryFigures,
  waits: boolean,
): string {
  const good: string[] = [];
  if (waits) good.push("waits as long as it is told");
  if (backoff !== null && told < retries) good.push("backs off");
  if (jitter !== null) good.push("spreads its retries");
  const open = jitter === null
    ? `${
      retries === 1 ? "one retry does" : `${retries} retries do`
    } not show whether it spreads them`
    : "";
  if (good.length === 0) return `cannot tell yet: ${open}`;
  return `well-mannered: ${good.join(" and ")}${open && `; ${open}`}`;
}

/** True if two mean times cannot be told apart. */
function isSame(a: number, b: number): boolean {
  return a <= SAME_FACTOR * b + SAME_TIME && b <= SAME_FACTOR * a + SAME_TIME;
}

function time(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

function requests(n: number): string {
  return n === 1 ? "one request" : `${n} requests`;
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
