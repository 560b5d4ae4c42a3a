/**
 * How a route's exchanges get their draws: which place of the random stream an exchange looks at, and whether draws are
 * independent or exact.
 *
 * Exact sampling deals the quantiles of one block like a deck of cards: `u_k = min((k+1)/N, 1 − 1/(2N))` for k = 0…N−1, in a
 * Fisher–Yates order of its own for each block. Every whole block of N then has exactly the configured percentiles (nearest
 * rank), where independent draws need tens of thousands of requests. It has no bursts: that is what is given up.
 *
 * @module
 */
import type {
  Distribution,
  Exchange,
  Kit,
  KitType,
  Route,
  Stream,
} from "../../core/plugin.ts";
import { type CrossFault, InvalidParameters } from "./_faults.ts";

/** The route key `sampling`, parsed. */
export interface Sampling {
  /** Independent draws, or exact percentiles in each block. */
  readonly scheme: "random" | "exact";
  /** How many requests a block has; for exact sampling. */
  readonly block: number;
  /** The header that takes the sequence number's place; undefined for the sequence number itself. */
  readonly header: string | undefined;
}

/** The default, and the size from which percentiles up to p99.5 have a rank of their own. */
const BLOCK = 200;

/** Independent draws by sequence number: what a route without the key has. */
export const INDEPENDENT: Sampling = {
  scheme: "random",
  block: BLOCK,
  header: undefined,
};

/** Draws of one route. */
export interface Sampler {
  /** The service time of an exchange, unscaled, in milliseconds. */
  readonly draw: (exchange: SampledExchange) => number;
  /** How many requests are missing until the last block is whole, for exact sampling; 0 where it is. */
  readonly left: number | undefined;
}

/** What a sampler needs of an exchange. */
export type SampledExchange =
  & Pick<Exchange, "sequence">
  & Partial<Pick<Exchange, "header">>;

/** What a sampler needs of a route; without `placeOf` there are no headers, and draws go by sequence number. */
export type SampledRoute =
  & Pick<Route, "arrivals" | "stream">
  & Partial<Pick<Route, "placeOf">>;

/** The schema of the route key `sampling`. */
export function samplingSchema({ z, integer }: Kit): KitType<Sampling> {
  return z.strictObject({
    scheme: z.enum(["random", "exact"]).default("random"),
    block: integer({ min: 2, max: 10_000 }).default(BLOCK),
    key: z.string().regex(/^(sequence|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/, {
      error:
        'Not a key of sampling: "sequence" or "header:" and a header\'s name, such as "header:X-Request-Id"',
    }).default("sequence"),
  }).transform(({ scheme, block, key }): Sampling => ({
    scheme,
    block,
    header: key === "sequence" ? undefined : key.slice("header:".length),
  }));
}

/**
 * Binds a distribution to a route's random numbers.
 *
 * @throws InvalidParameters where exact sampling is asked of what it cannot do; paths relative to the route
 */
export function createSampler(
  distribution: Distribution,
  sampling: Sampling,
  route: SampledRoute,
): Sampler {
  return sampling.scheme === "random"
    ? { draw: independent(distribution, sampling, route), left: undefined }
    : exact(distribution, sampling, route);
}

function independent(
  distribution: Distribution,
  { header }: Sampling,
  route: SampledRoute,
): Sampler["draw"] {
  const stream = route.stream("service");
  const placeOf = route.placeOf?.bind(route);
  if (header === undefined || placeOf === undefined) {
    return (x) => distribution.draw(stream, x.sequence);
  }
  return (x) => {
    const key = x.header?.(header) ?? null;
    const place = key === null ? x.sequence : placeOf(key);
    return distribution.draw(stream, place);
  };
}

function exact(
  distribution: Distribution,
  sampling: Sampling,
  route: SampledRoute,
): Sampler {
  const { quantile } = distribution;
  const faults = samplingFaults(distribution, sampling);
  if (faults.length > 0 || quantile === undefined) {
    throw new InvalidParameters(faults.map(({ path, ...fault }) => ({
      path: `/${path.join("/")}`,
      ...fault,
    })));
  }
  const { block } = sampling;
  const deck = new Deck(block, route.stream("order"));
  // A block's values are always the same, only their order changes: what a mixture takes 10 µs to compute is looked up.
  const values = Float64Array.from(
    { length: block },
    (_, card) => Math.max(0, quantile(uniformOf(card, block))),
  );
  return {
    draw: (x) => values[deck.card(x.sequence)],
    get left() {
      return (block - route.arrivals % block) % block;
    },
  };
}

/**
 * What keeps a distribution from being sampled so.
 *
 * @returns all faults, paths relative to what holds the key `sampling`; each says what is allowed
 */
export function samplingFaults(
  { family, quantile }: Distribution,
  { scheme, header }: Sampling,
): CrossFault[] {
  if (scheme === "random") return [];
  const faults: CrossFault[] = [];
  if (quantile === undefined) {
    faults.push({
      path: ["sampling", "scheme"],
      message:
        `Cannot sample "${family}" exactly: it can only be sampled and has no quantile function`,
      allowed: "random",
    });
  }
  if (header !== undefined) {
    faults.push({
      path: ["sampling", "key"],
      message:
        "Cannot sample exactly by a header: a block is counted by the sequence number",
      allowed: "sequence",
    });
  }
  return faults;
}

/**
 * The uniform that a card of a block stands for: the nearest-rank percentiles (k+1)/N, and for the last one the middle between
 * the last two ranks, since the quantile at 1 may be infinite.
 *
 * @param card 0…size − 1
 * @param size how many cards a block has
 */
export function uniformOf(card: number, size: number): number {
  return Math.min((card + 1) / size, 1 - 1 / (2 * size));
}

/** How many blocks are kept in order: who waited in a queue draws after the next block has begun. */
const KEPT = 4;

/** The cards of exact sampling: block after block, each in an order of its own. */
export class Deck {
  readonly #size: number;
  readonly #stream: Stream;
  readonly #orders: Uint32Array[] = [];
  readonly #blocks: number[] = [];
  #last = 0;

  /**
   * A deck that is dealt by sequence number.
   *
   * @param size how many cards a block has
   * @param stream what each block's order is drawn from
   */
  constructor(size: number, stream: Stream) {
    this.#size = size;
    this.#stream = stream;
  }

  /** The card at a place, 0…size − 1: a pure function of the stream and the sequence number. */
  card(sequence: number): number {
    const place = sequence % this.#size;
    return this.#order((sequence - place) / this.#size)[place];
  }

  #order(block: number): Uint32Array {
    if (this.#blocks[this.#last] === block) return this.#orders[this.#last];
    const known = this.#blocks.indexOf(block);
    if (known !== -1) return this.#orders[known];
    const slot = this.#last = (this.#last + 1) % KEPT;
    this.#blocks[slot] = block;
    return this.#shuffle(
      this.#orders[slot] ??= new Uint32Array(this.#size),
      block,
    );
  }

  /** Fisher and Yates, in Durstenfeld's form. */
  #shuffle(order: Uint32Array, block: number): Uint32Array {
    const size = this.#size;
    for (let i = 0; i < size; i++) order[i] = i;
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(this.#stream.uniform(block * size + i) * (i + 1));
      const card = order[i];
      order[i] = order[j];
      order[j] = card;
    }
    return order;
  }
}
