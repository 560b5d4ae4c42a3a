/**
 * Clients that were refused, and their retries.
 *
 * Requests are attributed to clients by a key. A request after a refusal of the same client is taken for a retry of the oldest
 * refused request. Nothing is looked up while no request was refused lately, so that well-served traffic costs nothing.
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
  BEHAVIOUR_BYTES,
  RetryBehaviour,
  type RetryFigures,
  verdict,
} from "./retry_behaviour.ts";

/** Key of clients that cannot be told apart, as in simulation. */
export const UNKNOWN_CLIENT = "unknown";

/**
 * Makes the function that returns the key of an exchange's client: the value of a header, else the address of its connection.
 *
 * Where no header is named, X-Forwarded-For takes precedence over the address: behind a proxy all connections come from one
 * address, and a load generator can act as many clients by it. It is trusted, since a mock server protects nothing.
 *
 * @param header name of the header; undefined for the first address of X-Forwarded-For
 */
export function clientKey(
  header: string | undefined,
): (exchange: Pick<Exchange, "header" | "client">) => string {
  const named = header === undefined
    ? (exchange: Pick<Exchange, "header">) =>
      exchange.header("x-forwarded-for")?.split(",", 1)[0]
    : (exchange: Pick<Exchange, "header">) => exchange.header(header);
  return (exchange) =>
    named(exchange)?.trim() || (exchange.client ?? UNKNOWN_CLIENT);
}

/** Maximum number of clients that are told apart; all others share one entry. */
export const MOST_CLIENTS = 1000;

/** Key of all clients beyond {@linkcode MOST_CLIENTS}. */
const OVERFLOW = "__overflow__";

/** Maximum number of bytes of all clients, which {@linkcode MOST_CLIENTS} of them with the longest keys do not reach. */
export const CLIENT_BYTES = 32 << 20;

/** Time after a refusal, or after the time that Retry-After named, from which on a request is no retry but a new one, in ms. */
const HORIZON = 60_000;

/** A client in the control API. */
export interface ClientReport extends RetryFigures {
  /** Key of the client. */
  readonly client: string;
  /** Behaviour in words. */
  readonly verdict: string;
}

/** All clients that were refused. */
export class Clients {
  readonly #keyOf: (exchange: Exchange) => string;
  readonly #clients = new ByteMap<RetryBehaviour>(
    CLIENT_BYTES,
    BEHAVIOUR_BYTES,
  );
  #all = new RetryBehaviour();
  /** Attempt number of each exchange that is a retry. */
  #attempts = new WeakMap<Exchange, number>();
  #awakeUntil = -Infinity;

  /** @param keyOf returns the key of an exchange's client */
  constructor(keyOf: (exchange: Exchange) => string) {
    this.#keyOf = keyOf;
  }

  /** Number of bytes that all clients take at most. */
  get bytes(): number {
    return this.#clients.bytes;
  }

  /** Forgets all clients. */
  reset(): void {
    this.#clients.clear();
    this.#all = new RetryBehaviour();
    this.#attempts = new WeakMap();
    this.#awakeUntil = -Infinity;
  }

  /** Counts a request. */
  arrived(exchange: Exchange): void {
    if (exchange.arrival > this.#awakeUntil) return;
    const client = this.#clients.get(this.#nameOf(exchange));
    if (client === undefined) return;
    const attempt = client.arrived(exchange.arrival, HORIZON);
    this.#all.count(attempt);
    if (attempt.attempt > 0) this.#attempts.set(exchange, attempt.attempt);
  }

  /** Counts a refusal. */
  refused(exchange: Exchange, { retryAfter }: Rejection, at: number): void {
    // Retry-After is sent in whole seconds, rounded up.
    const told = retryAfter === undefined
      ? undefined
      : Math.ceil(retryAfter) * 1000;
    this.#awakeUntil = Math.max(this.#awakeUntil, at + (told ?? 0) + HORIZON);
    const name = this.#nameOf(exchange);
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new RetryBehaviour();
      client.count({ attempt: 0 });
      this.#all.count({ attempt: 0 });
      this.#clients.set(name, client);
    }
    client.refused(at, this.#attempts.get(exchange) ?? 0, told);
    this.#all.countRefusal();
  }

  /** Reports every client, those with the most refusals first, and all together. */
  report(): {
    readonly clients: readonly ClientReport[];
    readonly all: Omit<ClientReport, "client">;
  } {
    const clients = Array.from(this.#clients, ([client, behaviour]) => ({
      client,
      ...withVerdict(behaviour),
    }));
    return {
      clients: clients.sort((a, b) => b.refused - a.refused),
      all: withVerdict(this.#all),
    };
  }

  #nameOf(exchange: Exchange): string {
    const key = boundedKey(this.#keyOf(exchange));
    return this.#clients.get(key) !== undefined ||
        this.#clients.size < MOST_CLIENTS
      ? key
      : OVERFLOW;
  }
}

function withVerdict(
  behaviour: RetryBehaviour,
): RetryFigures & { readonly verdict: string } {
  const figures = behaviour.figures();
  return { ...figures, verdict: verdict(figures) };
}
