/**
 * A rate limit that several replicas share through Redis.
 *
 * @module
 */
import {
  boundedKey,
  type Exchange,
  type Rejection,
} from "../../../core/plugin.ts";
import {
  RateAnswers,
  RateLimit,
  type RateLimitSettings,
} from "../rate_limit.ts";
import { type Standing, TOLERANCE } from "../rate_limit_algorithms.ts";
import type { Refusal } from "../refusal.ts";
import { microseconds } from "./_lua.ts";
import type { Member, Membership } from "./membership.ts";
import { RATE } from "./rate_script.ts";

/** Takes a decision: undefined where the exchange passes, else its refusal. */
export type Decide = (rejection: Rejection | undefined) => void;

/** A shared rate limit, bound to one route. */
export interface BoundSharedRateLimit {
  /** Asks whether an exchange passes. `decide` may be called before it returns. */
  ask(exchange: Exchange, decide: Decide): void;
  /** Headers of a response that was let through. */
  headers(exchange: Exchange, now: number): Readonly<Record<string, string>>;
}

/** Options of a {@linkcode SharedRateLimit}. */
export interface SharedRateLimitOptions {
  /** Name of the pool. */
  readonly pool: string;
  /** Settings of the whole. */
  readonly settings: RateLimitSettings;
  /** Returns the key of an exchange's client. */
  readonly clientOf: (exchange: Exchange) => string;
  /** Membership of this replica. */
  readonly membership: Membership;
  /** Refusal where Redis is lost and nothing may be admitted. */
  readonly onLost: Refusal;
}

/** A question that waits. */
interface Question {
  readonly exchange: Exchange;
  readonly route: string;
  readonly decide: Decide;
}

/** A rate limit on the clock of Redis. */
export class SharedRateLimit implements Member {
  readonly #options: SharedRateLimitOptions;
  readonly #membership: Membership;
  readonly #standings = new WeakMap<Exchange, Standing>();
  /** Questions that are under way, or wait for Redis to come back. */
  readonly #open = new Set<Question>();
  #settings: RateLimitSettings;
  #answers: RateAnswers;
  #local: { readonly share: string; readonly limit: RateLimit } | undefined;
  #spent = false;

  constructor(options: SharedRateLimitOptions) {
    const { membership, settings, pool } = this.#options = options;
    this.#membership = membership;
    this.#settings = settings;
    this.#answers = new RateAnswers(pool, settings);
    membership.add(this.#part, this);
  }

  /** True if it has decided by itself since the replica joined last. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Takes over new settings; always true, since each meaning of a count has keys of its own. */
  follow(settings: RateLimitSettings): true {
    this.#settings = settings;
    this.#answers = new RateAnswers(this.#options.pool, settings);
    this.#local = undefined;
    return true;
  }

  /** Binds the limit to a route. */
  bind(route: string): BoundSharedRateLimit {
    return {
      ask: (exchange, decide) => this.#ask({ exchange, route, decide }),
      headers: (exchange) => {
        const standing = this.#standings.get(exchange);
        return standing === undefined
          ? {}
          : this.#answers.headers(standing.remaining, standing.next);
      },
    };
  }

  /** Ends the part of this replica. */
  end(): void {
    this.#membership.remove(this.#part);
  }

  rejoin(): void {
    this.#spent = false;
    const open = [...this.#open];
    this.#open.clear();
    for (const question of open) this.#ask(question);
  }

  goAlone(): void {
    const open = [...this.#open];
    this.#open.clear();
    for (const question of open) this.#decideAlone(question);
  }

  tick(): void {}

  granted(): void {}

  get #part(): string {
    return `rate\0${this.#options.pool}`;
  }

  #ask(question: Question): void {
    const { mode } = this.#membership;
    if (mode === "alone") return this.#decideAlone(question);
    this.#open.add(question);
    if (mode === "shared") this.#send(question);
  }

  #send(question: Question): void {
    const { algorithm, burst, rate, cost } = this.#settings;
    const membership = this.#membership;
    const { incarnation } = membership;
    const window = Math.round(burst / rate * 1e6);
    membership.store.run(RATE, [
      ...membership.keys,
      this.#keyOf(question),
    ], [
      ...membership.clockArguments,
      algorithm,
      burst,
      window,
      cost,
      microseconds(TOLERANCE),
    ]).then((answer) => {
      if (incarnation !== membership.incarnation) return;
      const [wait, remaining, next] = answer as [
        number | string,
        number,
        number,
      ];
      if (typeof wait === "string") return membership.unknown(incarnation);
      if (!this.#open.delete(question)) return;
      const { exchange, decide } = question;
      if (wait > 0) {
        return decide(this.#answers.refusal(wait / 1000, remaining));
      }
      this.#standings.set(exchange, { remaining, next: next / 1000 });
      decide(undefined);
      // The connection is lost: the membership tells what follows.
    }, () => {});
  }

  #keyOf({ exchange, route }: Question): string {
    const { rate, burst, algorithm, per } = this.#settings;
    const part = per === "pool"
      ? ""
      : per === "route"
      ? route
      : per === "client"
      ? this.#options.clientOf(exchange)
      : exchange.header(per.header) ?? "";
    return this.#membership.keyOf(
      "rate",
      this.#options.pool,
      `${algorithm}/${rate}/${burst}`,
      typeof per === "string" ? per : `header ${per.header}`,
      boundedKey(part),
    );
  }

  #decideAlone({ exchange, route, decide }: Question): void {
    const { store } = this.#membership;
    this.#spent = true;
    if (store.onLost === "open") return decide(undefined);
    const limit = store.onLost === "divide" ? this.#limitAlone() : undefined;
    if (limit === undefined) {
      return decide(this.#options.onLost.answer(() => 0));
    }
    const bound = limit.bind(route);
    decide(bound.check(exchange));
  }

  /** This replica's share of the limit; undefined where it has none. */
  #limitAlone(): RateLimit | undefined {
    const { count } = this.#membership.place;
    const { rate, cost, burst: whole } = this.#settings;
    const burst = this.#membership.shareOf(whole);
    if (burst < cost) return undefined;
    const share = `${burst}/${count}`;
    if (this.#local?.share !== share) {
      const { pool, clientOf } = this.#options;
      const settings = { ...this.#settings, rate: rate / count, burst };
      this.#local = { share, limit: new RateLimit(pool, settings, clientOf) };
    }
    return this.#local.limit;
  }
}
