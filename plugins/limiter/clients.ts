/**
 * Clients that were refused, and their retries.
 *
 * Requests are attributed to clients by a key. A retry is the request that was refused: the same method, path and query, and the same
 * Idempotency-Key, digest and length of the body. A body without a digest is not compared, so that such a request only may be a
 * retry. Nothing is looked up while no request was refused lately, so that well-served traffic costs nothing.
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
  type Identity,
  LONGEST_IDENTITY,
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

/** Request headers that name a hash of the body. */
const DIGESTS = [
  "content-digest",
  "repr-digest",
  "digest",
  "content-md5",
] as const;

/** Methods whose requests usually have a body, which HTTP/2 does not announce. */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/**
 * Distinguishes a request from all others.
 *
 * @param client key of its client
 */
export function identityOf(
  exchange: Pick<Exchange, "header" | "method" | "path">,
  client: string,
): Identity {
  const { method, path } = exchange;
  const key = exchange.header("idempotency-key");
  const digest = DIGESTS.map((name) => exchange.header(name))
    .find((value) => value !== null) ?? null;
  const length = exchange.header("content-length");
  const bodiless = exchange.header("transfer-encoding") === null &&
    (length === null ? !WITH_BODY.has(method) : Number(length) === 0);
  return {
    key: boundedKey(
      JSON.stringify([client, method, path, key, digest, length]),
      LONGEST_IDENTITY,
    ),
    certain: path !== undefined &&
      (bodiless || key !== null || digest !== null),
  };
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

/** A request of a client that was refused lately, from its arrival to its end. */
interface Noted {
  readonly client: RetryBehaviour;
  readonly identity: Identity;
  /** Zero-based number of the attempt. */
  readonly attempt: number;
}

/** Status from which on an answer is no service. */
const ERROR = 400;

/** All clients that were refused. */
export class Clients {
  readonly #keyOf: (exchange: Exchange) => string;
  readonly #clients = new ByteMap<RetryBehaviour>(
    CLIENT_BYTES,
    BEHAVIOUR_BYTES,
  );
  #all = new RetryBehaviour();
  #noted = new WeakMap<Exchange, Noted>();
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
    this.#noted = new WeakMap();
    this.#awakeUntil = -Infinity;
  }

  /** Counts a request. */
  arrived(exchange: Exchange): void {
    if (exchange.arrival > this.#awakeUntil) return;
    const key = boundedKey(this.#keyOf(exchange));
    const client = this.#clients.get(this.#entryOf(key));
    if (client === undefined) return;
    const identity = identityOf(exchange, key);
    const attempt = client.arrived(identity, exchange.arrival, HORIZON);
    this.#all.count(attempt);
    this.#noted.set(exchange, { client, identity, attempt: attempt.attempt });
  }

  /** Counts a refusal. */
  refused(
    exchange: Exchange,
    { retryAfter, retryAfterAs }: Rejection,
    at: number,
  ): void {
    // Retry-After is sent in whole seconds, rounded up.
    const told = retryAfter === undefined
      ? undefined
      // A date is that of the next whole second of the clock on the wall, which may come sooner than a second.
      : retryAfterAs === "date"
      ? retryAfter * 1000
      : Math.ceil(retryAfter) * 1000;
    this.#awakeUntil = Math.max(this.#awakeUntil, at + (told ?? 0) + HORIZON);
    const { client, identity, attempt } = this.#noted.get(exchange) ??
      this.#note(exchange);
    client.refused(identity, at, { attempt, retryAfter: told });
    this.#all.countRefusal();
  }

  /** Counts a request that nobody has looked at when it arrived. */
  #note(exchange: Exchange): Noted {
    const key = boundedKey(this.#keyOf(exchange));
    const client = this.#clients.use(
      this.#entryOf(key),
      () => new RetryBehaviour(),
    );
    client.count({ attempt: 0 });
    this.#all.count({ attempt: 0 });
    return { client, identity: identityOf(exchange, key), attempt: 0 };
  }

  /** Notes the end of a request. */
  ended(exchange: Exchange): void {
    if (exchange.arrival > this.#awakeUntil) return;
    const noted = this.#noted.get(exchange);
    if (noted === undefined) return;
    const { outcome, status, end } = exchange;
    const served = outcome === "answered" && status < ERROR;
    noted.client.ended(noted.identity, served ? end : undefined);
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

  /** Key under which a client is kept. */
  #entryOf(key: string): string {
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
