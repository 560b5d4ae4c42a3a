/**
 * Random numbers with a fixed seed, and pages that are made of them.
 *
 * @module
 */
import { createStream } from "../../../../core/lib/random/mod.ts";
import type { CliffSearch } from "../../../../plugins/bottleneck_finder/cliffs/search.ts";

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

/** Lets a search ask a page until it ends, and returns the levels it asked for. */
export function run(
  search: CliffSearch,
  page: (level: number) => { figure: number | undefined; ok?: boolean },
): number[] {
  const levels: number[] = [];
  for (
    let level = search.nextLevel();
    level !== undefined;
    level = search.nextLevel()
  ) {
    const { figure, ok = figure !== undefined } = page(level);
    search.add(level, { figure, ok });
    levels.push(level);
  }
  return levels;
}
