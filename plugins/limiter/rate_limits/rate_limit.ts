/**
 * A rate limit: what it counts by, and what it tells clients.
 *
 * The headers follow draft-ietf-httpapi-ratelimit-headers-11 (23 May 2026, work in progress): `RateLimit-Policy: "name";q=;w=`
 * with quota and window in seconds, `RateLimit: "name";r=;t=` with what remains and the seconds until there is more; without `t`
 * where all of it is there. Where a request is refused, `t` names the same moment as Retry-After: the draft wants Retry-After not
 * to be earlier.
 *
 * @module
 */
import type { Exchange, Rejection } from "../../../core/plugin.ts";
import { FixedWindow } from "./fixed_window.ts";
import type { Meter, Quota } from "./meter.ts";
import { Partitions } from "./partitions.ts";
import { SlidingWindow } from "./sliding_window.ts";
import { TokenBucket } from "./token_bucket.ts";

/** How what has passed is counted. */
export type Algorithm = "token-bucket" | "sliding-window" | "fixed-window";

/** The algorithms there are. */
export const ALGORITHMS = [
  "token-bucket",
  "sliding-window",
  "fixed-window",
] as const satisfies readonly Algorithm[];

/** What a limit counts by: all of the pool, each route, each value of a header, or each client. */
export type Partition = "pool" | "route" | "client" | {
  readonly header: string;
};

/** The setting `rateLimit`, parsed. */
export interface RateLimitSettings {
  /** Per second, above 0. */
  readonly rate: number;
  /** How many at once. */
  readonly burst: number;
  /** How it is counted. */
  readonly algorithm: Algorithm;
  /** Whose requests are counted together. */
  readonly per: Partition;
  /** What each request takes of the quota. */
  readonly cost: number;
  /** The status of a refusal. */
  readonly status: number;
}

/** A rate limit as one route meets it. */
export interface BoundRateLimit {
  /** Lets an exchange pass, or refuses it. */
  check(exchange: Exchange): Rejection | undefined;
  /** What a response that is let through tells about the limit. */
  headers(exchange: Exchange, now: number): Readonly<Record<string, string>>;
}

/** A rate limit of a pool. */
export class RateLimit {
  #settings: RateLimitSettings;
  readonly #clientOf: (exchange: Exchange) => string;
  readonly #create: () => Meter;
  readonly #shared: Meter;
  readonly #partitions: Partitions;
  readonly #name: string;
  readonly #policy: string;

  /**
   * Makes one with its whole quota.
   *
   * @param pool names the policy
   * @param clientOf tells clients apart
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
    this.#partitions = new Partitions(this.#create);
    this.#name = structured(pool);
    this.#policy = `${this.#name};q=${burst};w=${seconds(quota.window)}`;
  }

  /**
   * Follows other settings, where what has passed so far means the same to them.
   *
   * @returns false where it does not: then nothing is changed
   */
  follow(settings: RateLimitSettings): boolean {
    if (measure(settings) !== measure(this.#settings)) return false;
    this.#settings = settings;
    return true;
  }

  /** The limit as a route meets it. */
  bind(route: string): BoundRateLimit {
    const meterOf = this.#meterOf(route);
    return {
      check: (exchange) => {
        const { cost, status } = this.#settings;
        const meter = meterOf(exchange);
        const wait = meter.take(cost, exchange.start);
        if (wait === 0) return undefined;
        const { remaining } = meter.standing(exchange.start);
        return {
          reason: "rate_limited",
          status,
          retryAfter: toMicroseconds(wait) / 1000,
          headers: this.#headers(remaining, wait),
        };
      },
      headers: (exchange, now) => {
        const { remaining, next } = meterOf(exchange).standing(now);
        return this.#headers(remaining, next);
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

  #headers(remaining: number, next: number): Record<string, string> {
    const time = next > 0 ? `;t=${seconds(next)}` : "";
    return {
      "ratelimit-policy": this.#policy,
      "ratelimit": `${this.#name};r=${remaining}${time}`,
    };
  }
}

/** What is counted and how, as text: all but what a request takes and how it is refused. */
function measure({ rate, burst, algorithm, per }: RateLimitSettings): string {
  return JSON.stringify([rate, burst, algorithm, per]);
}

function createMeter(
  algorithm: Algorithm,
  quota: Quota,
): Meter {
  switch (algorithm) {
    case "token-bucket":
      return new TokenBucket(quota);
    case "sliding-window":
      return new SlidingWindow(quota);
    case "fixed-window":
      return new FixedWindow(quota);
  }
}

/** Whole seconds, rounded up: who comes back then is not too early. */
function seconds(milliseconds: number): number {
  return Math.ceil(toMicroseconds(milliseconds) / 1000);
}

/** Milliseconds without the digits beyond microseconds: rounding must not make 1 s to 2. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** A name as a String of RFC 9651: printable ASCII in quotes, everything else replaced. */
function structured(name: string): string {
  const text = name.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(
    /[\\"]/g,
    (c) => `\\${c}`,
  );
  return `"${text}"`;
}
