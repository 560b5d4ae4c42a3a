/**
 * Turns: the place of a request among those that are counted together, which decides on the response and the service time of a route
 * that has several.
 *
 * @module
 */
import { boundedKey, ByteMap } from "../lib/bounded.ts";
import type {
  LiveExchange,
  SequenceCounter,
  TurnCounter,
  TurnTaker,
} from "./exchange.ts";

/**
 * Maximum number of bytes of values remembered per route, enough for 10 000 UUIDs. Those unseen for the longest time are forgotten
 * first; of values above 128 characters, the beginning and a hash are remembered.
 */
export const REMEMBERED_BYTES = 3 << 20;

/** Number of requests with each value of a key; survives revisions, as sequence numbers do. */
export class TurnCounts implements TurnCounter {
  readonly #counts = new ByteMap<number>(REMEMBERED_BYTES, 0);

  /** @param key key that the values belong to, such as "header:idempotency-key" */
  constructor(readonly key: string) {}

  /** Number of bytes that the values take at most. */
  get bytes(): number {
    return this.#counts.bytes;
  }

  /** Counts a request and returns the number of those before it with the same value. */
  next(value: string): number {
    const key = boundedKey(value);
    const before = this.#counts.get(key) ?? 0;
    this.#counts.set(key, before + 1);
    return before;
  }

  /** Counts from 0 again. */
  clear(): void {
    this.#counts.clear();
  }
}

/** Settings of the turns of a route, prepared. */
export interface Turning {
  /** Counted value; undefined to count all requests of the route. */
  readonly counted:
    | {
      /** Key of the values, which tells them from those of other settings. */
      readonly key: string;
      /** Returns the value of a request; empty if it has none. */
      readonly valueOf: (x: LiveExchange) => string;
    }
    | undefined;
  /** Returns the status of a turn's response. */
  readonly statusOf: (turn: number) => number;
}

/** Binds turns to the sequence of a route, whose counts go on. */
export function turnsOn(
  { counted, statusOf }: Turning,
  sequence: Pick<SequenceCounter, "turns">,
): TurnTaker {
  if (counted === undefined) {
    return {
      take(x) {
        x.status = statusOf(x.turn);
      },
    };
  }
  const { key, valueOf } = counted;
  if (sequence.turns?.key !== key) sequence.turns = new TurnCounts(key);
  const counts = sequence.turns;
  return {
    take(x) {
      x.turn = counts.next(valueOf(x));
      x.status = statusOf(x.turn);
    },
  };
}
