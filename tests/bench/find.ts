/**
 * Loads that it takes until the ranking of a page's routes is right, simulated on pages whose truth is known: by the design of
 * `perfmock find`, and by changing one route at a time; the ranking by the critical path of a trace; and how often intervals of `find`
 * contain the truth, and claims are false.
 *
 * @module
 */
import {
  carryOut,
  indifferentPage,
  type Noise,
  NOISES,
  PAGES,
  type SyntheticPage,
  trueSlopes,
  uniforms,
} from "../support/synthetic_pages.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { isRanked, OneAtATime } from "./rankings.ts";

/** Share of experiments whose ranking must be right. */
const CONFIDENCE = 0.95;

/** Loads after which a method is given up. */
const MOST = 600;

/** Loads of one route at a time after which its intervals count as never narrow: figures that drift make them wider. */
const NEVER = 2000;

/** Distance from the truth at which a slope is wrong. */
const WRONG = 0.3;

/** Column of the loads that `find` needs. */
const FIND = "find loads";

/** Column of the loads that one route at a time needs. */
const ALONE = "one at a time loads";

/** Column of the loads until `find` ends by itself. */
const END = "find loads to the end";

/** Column of false claims. */
const CLAIMS = "false claims %";

/** The benchmark. */
export const find: Benchmark = {
  name: "find",
  measures:
    "loads, with normal noise of 15 ms and 100 ms added, from which on 95 % of simulated experiments rank all routes right, with each slope within 0.3; then how `find` ends by itself: its loads until all slopes and savings are known within 0.1, those of one route at a time, intervals that contain the truth, and experiments in which a route is called significant that costs nothing",
  run: ({ quick }) => {
    const seeds = quick ? 4 : 100;
    const pages = quick ? PAGES.slice(0, 2) : PAGES;
    // The loads of the worst twentieth would be those of a handful of experiments.
    const rankings = pages.map((page) => ranking(page, quick ? 4 : 300));
    const truths = Object.entries(NOISES).flatMap(([name, noise]) =>
      [...pages, indifferentPage(quick ? 3 : 11)].map((page) =>
        truth(page, name, noise, seeds)
      )
    );
    return Promise.resolve([...rankings, ...truths]);
  },
};

/** Loads that each method needs on one page. */
function ranking(page: SyntheticPage, seeds: number): Row {
  const added = {
    ...page,
    // Loads that take time away say nothing about the ranking by added time.
    factors: page.factors.map((factor) => ({ ...factor, taken: 0 })),
  };
  const slopes = trueSlopes(page);
  const isRight = (values: readonly number[]) =>
    isRanked(values, slopes) &&
    values.every((value, at) => Math.abs(value - slopes[at]) < WRONG);
  const ends = (last: (seed: number) => number) =>
    needed(Array.from({ length: seeds }, (_, seed) => last(seed)));
  const found = ends((seed) => firstRightByFind(added, seed, isRight));
  const alone = ends((seed) => firstRightAlone(added, seed, isRight));
  return {
    what: page.name,
    values: {
      routes: slopes.length,
      [FIND]: found,
      [ALONE]: alone,
      "critical path of a trace": isRanked(page.trace, slopes)
        ? "right"
        : "wrong",
    },
    targets: [{ column: FIND, atMost: alone }],
  };
}

/** Number of loads from which on the share of experiments is right; Infinity if it never is. */
function needed(lasts: readonly number[]): number {
  const sorted = [...lasts].sort((a, b) => a - b);
  return sorted[Math.ceil(CONFIDENCE * sorted.length) - 1] ?? Infinity;
}

/** Number of loads from which on an experiment is right. */
function firstRightByFind(
  page: SyntheticPage,
  seed: number,
  isRight: (values: readonly number[]) => boolean,
): number {
  let right: number | undefined;
  carryOut(page, NOISES.gaussian, seed, {
    loads: MOST,
    after: (experiment, loads) => {
      const { factors } = experiment.analyse();
      const isKnown = factors.every(({ slope }) =>
        slope.high - slope.low < Infinity
      );
      if (!isKnown || !isRight(factors.map(({ slope }) => slope.value))) {
        right = undefined;
      } else right ??= loads;
    },
  });
  return right ?? Infinity;
}

/** The same of one route at a time. It goes on for as many loads as are allowed, since it has no end of its own. */
function firstRightAlone(
  page: SyntheticPage,
  seed: number,
  isRight: (values: readonly number[]) => boolean,
): number {
  const next = uniforms(seed * 2 + 1);
  const order = uniforms(seed * 2);
  const method = new OneAtATime(page.factors.length, 100);
  const none = page.factors.map(() => 0);
  let loads = 0;
  let right: number | undefined;
  while (loads < MOST) {
    for (const at of method.order(order)) {
      const changes = none.map((_, other) => other === at ? 100 : 0);
      method.add(at, NOISES.gaussian(page.figure(changes), loads++, next));
    }
    const slopes = method.slopes();
    const isKnown = slopes.every(({ high }) => high < Infinity);
    const values = slopes.map(({ low, high }) => (low + high) / 2);
    if (isKnown && isRight(values)) right ??= loads;
    else right = undefined;
  }
  return right ?? Infinity;
}

/** Loads of one route at a time, added and taken away, until all half-widths are 0.1; Infinity if that is not so after {@linkcode NEVER}. */
function loadsAlone(page: SyntheticPage, noise: Noise, seed: number): number {
  const next = uniforms(seed * 2 + 1);
  const order = uniforms(seed * 2);
  const none = page.factors.map(() => 0);
  const changes = page.factors.flatMap(({ added, taken }, at) =>
    [added, -taken].filter((ms) => ms !== 0)
      .map((ms) => none.map((_, other) => other === at ? ms : 0))
  );
  const method = new OneAtATime(changes.length, 100);
  let loads = 0;
  while (loads < NEVER) {
    for (const at of method.order(order)) {
      method.add(at, noise(page.figure(changes[at] ?? none), loads++, next));
    }
    const slopes = method.slopes();
    if (slopes.every(({ low, high }) => high - low <= 0.2)) return loads;
  }
  return Infinity;
}

/** Quality of the answers on one page. */
function truth(
  page: SyntheticPage,
  name: string,
  noise: Noise,
  seeds: number,
): Row {
  const slopes = trueSlopes(page);
  let sum = 0;
  let alone = 0;
  let covered = 0;
  let close = 0;
  let claims = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { analysis, loads } = carryOut(page, noise, seed);
    sum += loads;
    // One experiment without an end makes the mean infinite.
    if (alone < Infinity) alone += loadsAlone(page, noise, seed);
    const isFalse = analysis.factors.some(({ significant }, at) =>
      significant && slopes[at] === 0
    );
    if (isFalse) claims++;
    for (const [at, { slope }] of analysis.factors.entries()) {
      if (slope.low <= slopes[at] && slopes[at] <= slope.high) covered++;
      if (Math.abs(slope.value - slopes[at]) <= 0.1) close++;
    }
  }
  const all = seeds * slopes.length;
  return {
    what: `${page.name}, ${name}`,
    values: {
      [END]: sum / seeds,
      "one at a time": alone / seeds,
      "intervals right %": 100 * covered / all,
      "slopes within 0.1 %": 100 * close / all,
      [CLAIMS]: 100 * claims / seeds,
    },
    targets: [
      // Beside a method without an end, there is nothing to be ahead of.
      ...alone < Infinity ? [{ column: END, atMost: alone / seeds }] : [],
      { column: CLAIMS, atMost: 5 },
    ],
  };
}
