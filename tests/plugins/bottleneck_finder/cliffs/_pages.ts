/**
 * Figures of pages at levels, and searches that ask pages for them.
 *
 * @module
 */
import type { LevelFigure } from "../../../../plugins/bottleneck_finder/cliffs/piecewise.ts";
import {
  type CliffOptions,
  CliffSearch,
} from "../../../../plugins/bottleneck_finder/cliffs/search.ts";
import { randomOf } from "./_random.ts";

/** Levels from 0 to 1000, each several times. */
export function levelsOf(count: number, replicates: number): number[] {
  return Array.from(
    { length: count * replicates },
    (_, i) => 1000 * (i % count) / (count - 1),
  );
}

/** A page whose slope changes at a level. */
export function bent(at: number, before: number, after: number) {
  return (level: number) =>
    500 + before * Math.min(level, at) + after * Math.max(0, level - at);
}

/** Measures a page at levels. */
/** Measures a page at levels. */
export function measured(
  levels: readonly number[],
  page: (level: number) => number,
): LevelFigure[] {
  return levels.map((level) => ({ level, figure: page(level) }));
}

/** A page that waits for a call beside another one: flat up to 300 ms, then 1 ms per ms. */
export function parallel(level: number): number {
  return 1000 + Math.max(0, level - 300);
}

/** Returns a search with the random numbers of a seed. */
export function searchOf(seed: number, options: Partial<CliffOptions> = {}) {
  const { next, normal } = randomOf(seed);
  const search = new CliffSearch({
    from: 0,
    to: 2000,
    loads: 48,
    confidence: 0.95,
    next,
    ...options,
  });
  return { search, normal };
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
