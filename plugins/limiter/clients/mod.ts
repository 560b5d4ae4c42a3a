/**
 * Who is refused, and what they do about it.
 *
 * Requests are attributed to clients by a key; what comes after a refusal from the same client is taken for a retry of the
 * oldest refused request. Nothing is looked at while nobody was refused lately, so that well-served traffic costs nothing.
 *
 * @module
 */
import type { Exchange, Rejection } from "../../../core/plugin.ts";
import { Manners } from "./manners.ts";
import { type RetryFigures, verdict } from "./retry_figures.ts";

export type { RetryFigures } from "./retry_figures.ts";

/** How many clients are told apart; all others share one entry. */
export const MOST_CLIENTS = 1000;

/** The entry of all clients beyond {@linkcode MOST_CLIENTS}. */
const OVERFLOW = "__overflow__";

/** What comes later than this after the time that Retry-After named is no retry but a new request, in milliseconds. */
const HORIZON = 60_000;

/** One client in the control API. */
export interface ClientReport extends RetryFigures {
  /** What tells it from others. */
  readonly client: string;
  /** Its manners in plain words. */
  readonly verdict: string;
}

/** The manners of all clients that were refused. */
export class Clients {
  readonly #keyOf: (exchange: Exchange) => string;
  readonly #clients = new Map<string, Manners>();
  #all = new Manners();
  /** The attempt number of each exchange that is a retry, until it has ended. */
  #attempts = new WeakMap<Exchange, number>();
  #awakeUntil = -Infinity;

  /** @param keyOf tells clients apart */
  constructor(keyOf: (exchange: Exchange) => string) {
    this.#keyOf = keyOf;
  }

  /** Nobody was refused yet. */
  reset(): void {
    this.#clients.clear();
    this.#all = new Manners();
    this.#attempts = new WeakMap();
    this.#awakeUntil = -Infinity;
  }

  /** A request has arrived. */
  arrived(exchange: Exchange): void {
    if (exchange.arrival > this.#awakeUntil) return;
    const client = this.#clients.get(this.#nameOf(exchange));
    if (client === undefined) return;
    const back = client.arrived(exchange.arrival, HORIZON);
    this.#all.count(back);
    if (back.attempt > 0) this.#attempts.set(exchange, back.attempt);
  }

  /** A request was refused. */
  refused(exchange: Exchange, { retryAfter }: Rejection, at: number): void {
    // Retry-After is sent in whole seconds, rounded up.
    const told = retryAfter === undefined
      ? undefined
      : Math.ceil(retryAfter) * 1000;
    this.#awakeUntil = Math.max(this.#awakeUntil, at + (told ?? 0) + HORIZON);
    const name = this.#nameOf(exchange);
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new Manners();
      client.count({ attempt: 0 });
      this.#all.count({ attempt: 0 });
      this.#clients.set(name, client);
    }
    client.refused(at, this.#attempts.get(exchange) ?? 0, told);
    this.#all.countRefusal();
  }

  /** What is known of every client, those with the most refusals first, and of all together. */
  report(): {
    readonly clients: readonly ClientReport[];
    readonly all: Omit<ClientReport, "client">;
  } {
    const clients = [...this.#clients].map(([client, manners]) => ({
      client,
      ...inWords(manners),
    }));
    return {
      clients: clients.sort((a, b) => b.refused - a.refused),
      all: inWords(this.#all),
    };
  }

  #nameOf(exchange: Exchange): string {
    const key = this.#keyOf(exchange);
    return this.#clients.has(key) || this.#clients.size < MOST_CLIENTS
      ? key
      : OVERFLOW;
  }
}

function inWords(
  manners: Manners,
): RetryFigures & { readonly verdict: string } {
  const figures = manners.figures();
  return { ...figures, verdict: verdict(figures) };
}
