/**
 * Sampling of a route's service times: the position in the random stream that an exchange uses, and independent or exact draws.
 *
 * Exact sampling deals the times of one block in a Fisher–Yates order that differs from block to block. Every complete block
 * then has the percentiles that tools print (nearest rank) and the mean; independent draws would need tens of thousands of
 * requests. The drawback: clusters of long times, as in independent draws, do not occur.
 *
 * @module
 */
import {
  type Distribution,
  type Exchange,
  type Kit,
  type KitType,
  type Route,
  type Stream,
  toPointer,
} from "../../core/plugin.ts";
import { blockValues } from "./_block.ts";
import { invalidParameters, type ParameterIssue } from "./_parameters.ts";

/** Value of the route key `sampling`. */
export interface Sampling {
  /** `random`: independent draws. `exact`: exact percentiles in each block. */
  readonly scheme: "random" | "exact";
  /** Number of requests in a block, for exact sampling; 2…10 000. Default 200. */
  readonly block: number;
  /** Name of the header that is used in place of the sequence number; undefined for the sequence number itself. */
  readonly header: string | undefined;
}

/** Default number of requests in a block: the smallest with a rank of its own for p99.5. */
export const BLOCK = 200;

/** Independent draws by sequence number, the default. */
export const INDEPENDENT: Sampling = {
  scheme: "random",
  block: BLOCK,
  header: undefined,
};

/** Sampler of one route. */
export interface Sampler {
  /** Service time of an exchange in milliseconds, before the route's `scale`. */
  readonly draw: (exchange: SampledExchange) => number;
  /** Number of requests until the present block is complete; undefined for independent draws. */
  readonly left: number | undefined;
}

/** The part of an exchange that a sampler uses. */
export type SampledExchange =
  & Pick<Exchange, "sequence">
  & Partial<Pick<Exchange, "header" | "turn">>;

/** The part of a route that a sampler uses; without `placeOf`, draws are by sequence number even if there is a header. */
export type SampledRoute =
  & Pick<Route, "arrivals" | "stream">
  & Partial<Pick<Route, "placeOf">>;

/** Schema of the route key `sampling`. */
export function samplingSchema(
  { z, integer, worded }: Kit,
): KitType<Sampling> {
  return z.strictObject(worded({
    scheme: z.enum(["random", "exact"]).default("random"),
    block: integer({ min: 2, max: 10_000 }).default(BLOCK),
    key: z.string().regex(/^(sequence|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/, {
      error:
        'Not a key of sampling: "sequence" or "header:" and a header\'s name, such as "header:X-Request-Id"',
    }).default("sequence"),
  }, {
    scheme:
      "Independent draws (random), or exact percentiles in every block of requests (exact)",
    block: "Number of requests in a block, for exact sampling",
    key:
      'Number that a draw depends on: the sequence number (sequence), or the value of a header such as "header:X-Request-Id"',
  })).transform(({ scheme, block, key }): Sampling => ({
    scheme,
    block,
    header: key === "sequence" ? undefined : key.slice("header:".length),
  }));
}

/**
 * Binds a distribution to a route's random numbers.
 *
 * @throws PerfmockError `CONFIG_INVALID` if the distribution cannot be sampled exactly; paths relative to the route
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
  const issues = samplingIssues(distribution, sampling);
  if (issues.length > 0 || quantile === undefined) {
    throw invalidParameters(issues.map(({ path, ...issue }) => ({
      path: toPointer(path),
      ...issue,
    })));
  }
  const { block } = sampling;
  const orders = new BlockOrders(block, route.stream("order"));
  // A block always has the same values in another order: they are computed once, which takes 0.1 ms a value for a mixture.
  const values = blockValues(quantile, distribution, block);
  return {
    draw: (x) => values[orders.rank(x.sequence)],
    get left() {
      return (block - route.arrivals % block) % block;
    },
  };
}

/**
 * The reasons why a distribution cannot be sampled in this way.
 *
 * @returns all issues, paths relative to the object that has the key `sampling`; empty if there are none
 */
export function samplingIssues(
  { family, quantile }: Distribution,
  { scheme, header }: Sampling,
): ParameterIssue[] {
  if (scheme === "random") return [];
  const issues: ParameterIssue[] = [];
  if (quantile === undefined) {
    issues.push({
      path: ["sampling", "scheme"],
      message:
        `Cannot sample "${family}" exactly: it can only be sampled and has no quantile function`,
      allowed: "random",
    });
  }
  if (header !== undefined) {
    issues.push({
      path: ["sampling", "key"],
      message:
        "Cannot sample exactly by a header: a block is counted by the sequence number",
      allowed: "sequence",
    });
  }
  return issues;
}

/** Number of blocks whose orders are kept: an exchange that waited in a queue draws after the next block has begun. */
const CACHED_BLOCKS = 4;

/** Orders of the ranks in exact sampling; each block has an order of its own. */
export class BlockOrders {
  readonly #size: number;
  readonly #stream: Stream;
  readonly #orders: Uint32Array[] = [];
  readonly #blocks: number[] = [];
  #last = 0;

  /**
   * Creates the orders of all blocks.
   *
   * @param size number of requests in a block
   * @param stream random numbers for the orders
   */
  constructor(size: number, stream: Stream) {
    this.#size = size;
    this.#stream = stream;
  }

  /** Rank at a sequence number, 0…size − 1: a pure function of the stream and the sequence number. */
  rank(sequence: number): number {
    const place = sequence % this.#size;
    return this.#order((sequence - place) / this.#size)[place];
  }

  #order(block: number): Uint32Array {
    if (this.#blocks[this.#last] === block) return this.#orders[this.#last];
    const known = this.#blocks.indexOf(block);
    if (known !== -1) return this.#orders[known];
    const slot = this.#last = (this.#last + 1) % CACHED_BLOCKS;
    this.#blocks[slot] = block;
    return this.#shuffle(
      this.#orders[slot] ??= new Uint32Array(this.#size),
      block,
    );
  }

  /** Fisher–Yates shuffle, in Durstenfeld's form. */
  #shuffle(order: Uint32Array, block: number): Uint32Array {
    const size = this.#size;
    for (let i = 0; i < size; i++) order[i] = i;
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(this.#stream.uniform(block * size + i) * (i + 1));
      const rank = order[i];
      order[i] = order[j];
      order[j] = rank;
    }
    return order;
  }
}
