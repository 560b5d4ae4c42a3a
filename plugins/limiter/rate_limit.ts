/**
 * A pool's rate limit: the partitions that it counts by, and the headers that tell clients about it.
 *
 * The headers follow draft-ietf-httpapi-ratelimit-headers-11 (23 May 2026, work in progress): `RateLimit-Policy: "name";q=;w=`
 * with quota and window in seconds, and `RateLimit: "name";r=;t=` with the remaining quota and the seconds until more is
 * available; `t` is absent where all of it is. In a refusal `t` names the same time as Retry-After, which must not be earlier.
 *
 * @module
 */
import {
  boundedKey,
  ByteMap,
  type Exchange,
  type Rejection,
} from "../../core/plugin.ts";
import {
  type Algorithm,
  createMeter,
  type Meter,
  type Quota,
} from "./rate_limit_algorithms.ts";

/** Requests that are counted together: those of the pool, of a route, of a client, or with the same value of a header. */
export type Partition = "pool" | "route" | "client" | {
  readonly header: string;
};

/** The setting `rateLimit`, parsed. */
export interface RateLimitSettings {
  /** Requests per second, above 0. */
  readonly rate: number;
  /** Maximum number of requests at once. */
  readonly burst: number;
  /** Algorithm of the count. */
  readonly algorithm: Algorithm;
  /** Requests that are counted together. */
  readonly per: Partition;
  /** Number of units of the quota that each request takes. */
  readonly cost: number;
  /** Status of a refusal. */
  readonly status: number;
  /** Form of Retry-After. */
  readonly retryAfterAs: "seconds" | "date";
}

/** A rate limit, bound to one route. */
export interface BoundRateLimit {
  /** Returns undefined where the exchange passes, else the refusal. */
  check(exchange: Exchange): Rejection | undefined;
  /** Headers of a response that was let through. */
  headers(exchange: Exchange, now: number): Readonly<Record<string, string>>;
}

/** Maximum number of bytes of a pool's keys and their meters, about 10 000 of them: a client that makes up keys must not fill memory. */
export const PARTITION_BYTES = 4 << 20;

/** The same for sliding windows, which remember every request: 800 keys of the longest log. */
export const SLIDING_BYTES = 64 << 20;

/** Bytes of a meter without its log. */
const METER_BYTES = 128;

/** One meter for each key. Beyond the maximum number of bytes the least recently used are dropped, and start afresh. */
export class Partitions {
  readonly #create: () => Meter;
  readonly #meters: ByteMap<Meter>;

  /**
   * @param create makes the meter of a new key
   * @param log number of units that a meter remembers; 0 where it remembers none
   */
  constructor(create: () => Meter, log = 0) {
    this.#create = create;
    this.#meters = new ByteMap(
      log === 0 ? PARTITION_BYTES : SLIDING_BYTES,
      METER_BYTES + 8 * log,
    );
  }

  /** Number of bytes that keys and meters take at most. */
  get bytes(): number {
    return this.#meters.bytes;
  }

  /** Returns the meter of a key; of a long key, the beginning and a hash are remembered. */
  of(key: string): Meter {
    return this.#meters.use(boundedKey(key), this.#create);
  }
}

/** Answers of a rate limit: its refusals, and the headers that tell clients about it. */
export class RateAnswers {
  readonly #settings: RateLimitSettings;
  readonly #name: string;
  readonly #policy: string;

  /** @param pool name of the pool, which names the policy */
  constructor(pool: string, settings: RateLimitSettings) {
    const { rate, burst } = this.#settings = settings;
    this.#name = structured(pool);
    this.#policy = `${this.#name};q=${burst};w=${seconds(burst / rate * 1000)}`;
  }

  /**
   * Makes a refusal.
   *
   * @param wait time until a retry can pass, in ms
   * @param remaining rest of the quota
   */
  refusal(wait: number, remaining: number): Rejection {
    const { status, retryAfterAs } = this.#settings;
    return {
      reason: "rate_limited",
      status,
      retryAfter: toMicroseconds(wait) / 1000,
      ...retryAfterAs === "date" && { retryAfterAs },
      headers: this.headers(remaining, wait),
    };
  }

  /** Makes the headers for a remaining quota and the time until more is available, in ms. */
  headers(remaining: number, next: number): Record<string, string> {
    const time = next > 0 ? `;t=${seconds(next)}` : "";
    return {
      "ratelimit-policy": this.#policy,
      "ratelimit": `${this.#name};r=${remaining}${time}`,
    };
  }
}

/** The rate limit of a pool. */
export class RateLimit {
  #settings: RateLimitSettings;
  readonly #clientOf: (exchange: Exchange) => string;
  readonly #create: () => Meter;
  readonly #shared: Meter;
  readonly #partitions: Partitions;
  readonly #pool: string;
  #answers: RateAnswers;

  /**
   * Makes a limit with its whole quota available.
   *
   * @param pool name of the pool, which names the policy
   * @param clientOf returns the key of an exchange's client
   */
  constructor(
    pool: string,
    settings: RateLimitSettings,
    clientOf: (exchange: Exchange) => string,
  ) {
    const { rate, burst, algorithm } = settings;
    const quota: Quota = { burst, window: burst / rate * 1000 };
    this.#settings = settings;
    this.#clientOf = clientOf;
    this.#create = () => createMeter(algorithm, quota);
    this.#shared = this.#create();
    this.#partitions = new Partitions(
      this.#create,
      algorithm === "sliding-window" ? burst : 0,
    );
    this.#pool = pool;
    this.#answers = new RateAnswers(pool, settings);
  }

  /**
   * Takes over new settings, where the requests counted so far mean the same under them.
   *
   * @returns false where they do not; nothing has changed then
   */
  follow(settings: RateLimitSettings): boolean {
    if (measure(settings) !== measure(this.#settings)) return false;
    this.#settings = settings;
    this.#answers = new RateAnswers(this.#pool, settings);
    return true;
  }

  /** Binds the limit to a route. */
  bind(route: string): BoundRateLimit {
    const meterOf = this.#meterOf(route);
    return {
      check: (exchange) => {
        const meter = meterOf(exchange);
        const wait = meter.take(this.#settings.cost, exchange.start);
        if (wait === 0) return undefined;
        const { remaining } = meter.standing(exchange.start);
        return this.#answers.refusal(wait, remaining);
      },
      headers: (exchange, now) => {
        const { remaining, next } = meterOf(exchange).standing(now);
        return this.#answers.headers(remaining, next);
      },
    };
  }

  #meterOf(route: string): (exchange: Exchange) => Meter {
    const { per } = this.#settings;
    if (per === "pool") return () => this.#shared;
    if (per === "client") {
      return (exchange) => this.#partitions.of(this.#clientOf(exchange));
    }
    if (per === "route") {
      const own = this.#partitions.of(route);
      return () => own;
    }
    return (exchange) => this.#partitions.of(exchange.header(per.header) ?? "");
  }
}

/** The settings that give past requests their meaning, as text: all but the cost of a request and the status of a refusal. */
function measure({ rate, burst, algorithm, per }: RateLimitSettings): string {
  return JSON.stringify([rate, burst, algorithm, per]);
}

/** Whole seconds, rounded up: a client that comes back then is not too early. */
function seconds(milliseconds: number): number {
  return Math.ceil(toMicroseconds(milliseconds) / 1000);
}

/** Milliseconds, rounded to microseconds: a rounding error must not turn 1 s into 2. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** A name as a String of RFC 9651: printable ASCII in quotes, all other characters replaced. */
function structured(name: string): string {
  const text = name.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(
    /[\\"]/g,
    (c) => `\\${c}`,
  );
  return `"${text}"`;
}
