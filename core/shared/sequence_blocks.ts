/**
 * Sequence numbers that several servers share: Redis hands them out in blocks, ahead of their use, so that no draw waits for it.
 *
 * @module
 */
import type { SequenceCounter, TurnCounter } from "../pipeline/exchange.ts";
import type { Clock, SharedScript, SharedStore } from "../plugin.ts";

/** Time for which the keys are kept without any server, in seconds: a day. */
const KEPT = 86_400;

/** Interval at which a server keeps the keys that it uses, in ms: also those of routes whose block lasts for longer than a day. */
const REMINDER = 21_600_000;

/**
 * Takes a block. Arguments: 1, its size; 2, the lowest number that it may begin with, since this server has had all below; 3, the
 * generation that the server knows; 4, `1` to begin again from 0 unless somebody else has done so since.
 *
 * Answer: first number of the block, generation.
 */
const TAKE: SharedScript = {
  name: "take sequence numbers",
  source: `
local known = redis.call('HMGET', KEYS[1], 'next', 'generation')
local following = tonumber(known[1] or 0)
local generation = tonumber(known[2] or 0)
local own = tonumber(ARGV[3])
if generation < own then generation = own end
if ARGV[4] == '1' and generation == own then
  following = 0
  generation = generation + 1
elseif generation == own then
  following = math.max(following, tonumber(ARGV[2]))
end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', following + ARGV[1]), 'generation', generation)
redis.call('EXPIRE', KEYS[1], ${KEPT})
return {following, generation}`,
};

/** Counts the servers that there were, each of which has numbers of its own for times without Redis. */
const RANGE: SharedScript = {
  name: "take a range",
  source: `
local range = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ${KEPT})
return range`,
};

/** Keeps the count of servers while one of them lives. Argument: the range of that one, which no later server may get. */
const KEEP: SharedScript = {
  name: "keep a range",
  source: `
local count = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
return redis.call('SET', KEYS[1], string.format('%.0f', count), 'EX', ${KEPT})`,
};

/** Size of the first block, and the smallest. */
const SMALLEST = 64;

/** Largest block. */
const LARGEST = 1 << 16;

/** Time for which a block should last, in ms: it is made larger where it lasts for less, and smaller where for ten times as long. */
const LASTS = 1000;

/** First number of the servers' own ranges: half of all places of a stream of random numbers. */
const OWN = 2 ** 31;

/** Number of ranges, and of the numbers in each. */
const RANGES = 2048;
const IN_RANGE = OWN / RANGES;

/** Options of {@linkcode SequenceBlocks}. */
export interface SequenceBlocksOptions {
  /** State that the servers share. */
  readonly store: SharedStore;
  /** Clock of the server. */
  readonly clock: Clock;
  /** Name of the session; undefined for the server's own routes. */
  readonly session: string | undefined;
  /** Returns the counters that are in use. */
  readonly counters: () => Iterable<SequenceCounter>;
  /** Writes one line to the log. */
  readonly log: (level: "warn", message: string) => void;
}

/** Sequence numbers of all routes of one world. */
export class SequenceBlocks implements Disposable {
  readonly #options: SequenceBlocksOptions;
  readonly #subscription: Disposable;
  /** First of the own numbers that no route has used. */
  #own = NaN;
  /** Range that Redis has given to this server; undefined if it has given none. */
  #range: number | undefined;
  #timer = 0;
  #logged = false;

  constructor(options: SequenceBlocksOptions) {
    this.#options = options;
    this.#subscription = options.store.onStatus((connected) => {
      if (!connected) return;
      this.#logged = false;
      // An emptied Redis must not hand out again what was used.
      this.#remind();
    });
    this.#keep();
  }

  /** Makes the counter of a route. */
  counter(id: string): BlockNumbers {
    const { store, session, clock } = this.#options;
    const world = session === undefined ? "server" : `session/${session}`;
    const key = store.key("sequences", world, id);
    return new BlockNumbers({
      clock,
      take: async (size, from, generation, restarts) =>
        await store.run(TAKE, [key], [
          size,
          from,
          generation,
          restarts ? 1 : 0,
        ]) as [number, number],
      own: () => this.#takeOwn(id),
    });
  }

  /** Resolves when all counters have numbers, or Redis hands out none. */
  async ready(): Promise<void> {
    if (Number.isNaN(this.#own)) {
      const { store } = this.#options;
      try {
        const range = await store.run(RANGE, [store.key("sequences")], []);
        this.#range = Number(range);
      } catch {
        // It has a number of its own all the same, which another server may have by chance.
      }
      const range = this.#range ??
        crypto.getRandomValues(new Uint32Array(1))[0];
      this.#own = OWN + (range % RANGES) * IN_RANGE;
    }
    await Promise.all([...this.#counters()].map((counter) => counter.ready()));
  }

  *#counters(): Generator<BlockNumbers> {
    for (const counter of this.#options.counters()) {
      if (counter instanceof BlockNumbers) yield counter;
    }
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#options.clock.cancel(this.#timer);
  }

  /** Keeps the keys from time to time. */
  #keep(): void {
    const { clock } = this.#options;
    this.#timer = clock.at(clock.now() + REMINDER, () => {
      this.#remind();
      this.#keep();
    }, undefined);
  }

  /** Tells Redis which numbers this server has used. */
  #remind(): void {
    const { store } = this.#options;
    for (const counter of this.#counters()) counter.remind();
    if (this.#range === undefined) return;
    store.run(KEEP, [store.key("sequences")], [this.#range]).catch(() => {});
  }

  /** A number that no other server has: where Redis has handed out none ahead. */
  #takeOwn(id: string): number {
    if (!this.#logged) {
      this.#logged = true;
      this.#options.log(
        "warn",
        `Redis has handed out no sequence numbers ahead: requests to "${id}", and maybe others, have numbers of this replica's own, from ${this.#own} on`,
      );
    }
    return this.#own++;
  }
}

/** Way of a counter to its numbers. */
interface Source {
  readonly clock: Clock;
  readonly take: (
    size: number,
    from: number,
    generation: number,
    restarts: boolean,
  ) => Promise<[number, number]>;
  readonly own: () => number;
}

/** Numbers of one route's arrivals at one of several servers. */
export class BlockNumbers implements SequenceCounter {
  next = 0;
  turns: TurnCounter | undefined = undefined;
  readonly #source: Source;
  /** End of the present block. */
  #end = 0;
  #spare: { readonly from: number; readonly end: number } | undefined;
  #size = SMALLEST;
  #began = 0;
  #generation = 0;
  /** End of the last block that was handed out. */
  #seen = 0;
  #order: Promise<void> | undefined;
  /** Number of times that it has begun again. */
  #restarts = 0;
  /** True until Redis knows of the last of them. */
  #restarting = false;

  constructor(source: Source) {
    this.#source = source;
  }

  take(): number {
    const number = this.next;
    if (number >= this.#end) return this.#turn();
    this.next = number + 1;
    return number;
  }

  /** Does nothing: Redis knows which numbers were used, whoever goes on with the others. */
  skipTo(): void {}

  restart(): void {
    this.turns?.clear();
    this.#spare = undefined;
    this.next = this.#end = 0;
    this.#restarts++;
    this.#restarting = true;
    this.#size = SMALLEST;
    const before = this.#order;
    this.#order = undefined;
    this.#fetch(before);
  }

  /** Resolves when there are numbers, or cannot be any at present. */
  async ready(): Promise<void> {
    this.#fetch();
    await this.#order;
  }

  /** Tells Redis which numbers were used, in case that it has forgotten, or that the counter began again without it. */
  remind(): void {
    if (this.#restarting) return this.#fetch();
    this.#source.take(0, this.#seen, this.#generation, false)
      .catch(() => {});
  }

  /** The present block is at its end. */
  #turn(): number {
    const spare = this.#spare;
    if (spare === undefined) {
      this.#fetch();
      return this.#source.own();
    }
    this.#spare = undefined;
    const { from, end } = spare;
    const now = this.#source.clock.now();
    const lasted = now - this.#began;
    if (lasted < LASTS) this.#size = Math.min(LARGEST, 2 * this.#size);
    else if (lasted > 10 * LASTS) {
      this.#size = Math.max(SMALLEST, this.#size >> 1);
    }
    this.#began = now;
    this.#end = end;
    this.next = from + 1;
    // The next block is there long before this one ends.
    this.#fetch();
    return from;
  }

  #fetch(before?: Promise<void>): void {
    if (this.#order !== undefined || this.#spare !== undefined) return;
    const order = this.#fetched(before).finally(() => {
      if (this.#order === order) this.#order = undefined;
    });
    this.#order = order;
  }

  async #fetched(before?: Promise<void>): Promise<void> {
    const number = this.#restarts;
    const restarts = this.#restarting;
    await before;
    const size = this.#size;
    try {
      const [from, generation] = await this.#source.take(
        size,
        this.#seen,
        this.#generation,
        restarts,
      );
      // A restart has come in between: this block is one of before.
      if (number !== this.#restarts) return;
      this.#restarting = false;
      this.#generation = generation;
      this.#seen = from + size;
      this.#spare = { from, end: from + size };
    } catch {
      // The next request orders again. Redis is lost, and the connection looks for it.
    }
  }
}
