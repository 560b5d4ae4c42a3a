/**
 * Random numbers with a fixed seed.
 *
 * @module
 */
import { createStream } from "../../../../core/lib/random/mod.ts";

/** Random numbers of a seed. */
export interface Random {
  /** Next uniform number between 0 and 1. */
  readonly next: () => number;
  /** Next number with a standard normal distribution. */
  readonly normal: () => number;
}

/** Returns the random numbers of a seed. */
export function randomOf(seed: number): Random {
  const stream = createStream([seed, 20], "test");
  let drawn = 0;
  const next = () => stream.uniform(drawn++);
  return {
    next,
    normal: () =>
      Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()),
  };
}
