/**
 * Pages as functions from response times to a figure, with noise: the truth about them is known.
 *
 * @module
 */
import {
  type Analysis,
  Experiment,
  type ExperimentOptions,
  type Factor,
} from "../../plugins/bottleneck_finder/statistics/experiment.ts";

/** Page whose figure is a known function of its response times. */
export interface SyntheticPage {
  /** Name. */
  readonly name: string;
  /** Factors with their changes. */
  readonly factors: readonly Factor[];
  /**
   * Computes the figure without noise.
   *
   * @param changes ms by which each factor's time differs from the configured one
   */
  figure(changes: readonly number[]): number;
  /** Time of each factor on the critical path of a load as configured, as a trace shows it, in ms. */
  readonly trace: readonly number[];
  /**
   * Computes a factor on the noise.
   *
   * @param changes as of the figure
   */
  variation?(changes: readonly number[]): number;
}

/** Call of a page. */
export interface Call {
  /** Name. */
  readonly id: string;
  /** Response time as configured, in ms. */
  readonly time: number;
  /** Names of the calls after which it starts. */
  readonly after?: readonly string[];
  /** Number of times it is made, one after the other; default 1. */
  readonly times?: number;
  /** True if the figure does not wait for it. */
  readonly late?: boolean;
}

/** Time after the last answer, in ms. */
const RENDERING = 40;

/**
 * Creates a page whose calls wait for each other.
 *
 * @param calls calls, each after those that it waits for
 * @param step time that is added, in ms; as much is taken away where the response time allows
 */
export function graphPage(
  name: string,
  calls: readonly Call[],
  step = 100,
): SyntheticPage {
  const places = new Map(calls.map(({ id }, at) => [id, at]));
  const ends = (changes: readonly number[]) => {
    const end: number[] = [];
    const before: number[] = [];
    for (const [at, { time, after = [], times = 1 }] of calls.entries()) {
      before[at] = after.map((id) => places.get(id) ?? -1)
        .reduce((a, b) => a < 0 || end[b] > end[a] ? b : a, -1);
      end[at] = (end[before[at]] ?? 0) + times * (time + changes[at]);
    }
    const last = calls.reduce(
      (a, { late = false }, at) => late || end[at] <= (end[a] ?? -1) ? a : at,
      -1,
    );
    return { end, before, last };
  };
  const none = calls.map(() => 0);
  const { before, last } = ends(none);
  const trace = [...none];
  for (let at = last; at >= 0; at = before[at]) {
    trace[at] = calls[at].time * (calls[at].times ?? 1);
  }
  return {
    name,
    factors: calls.map(({ id, time }) => ({
      id,
      added: step,
      taken: Math.min(step, time),
    })),
    figure: (changes) => {
      const { end, last } = ends(changes);
      return RENDERING + (end[last] ?? 0);
    },
    trace,
  };
}

/** Creates a page whose calls start at once and share connections, in order. */
export function connectionsPage(
  name: string,
  times: readonly number[],
  connections = 6,
  step = 100,
): SyntheticPage {
  const figure = (changes: readonly number[]) => {
    const free = Array.from({ length: connections }, () => 0);
    for (const [at, time] of times.entries()) {
      const first = free.indexOf(Math.min(...free));
      free[first] += time + changes[at];
    }
    return RENDERING + Math.max(...free);
  };
  const none = times.map(() => 0);
  return {
    name,
    factors: times.map((time, at) => ({
      id: `call ${at + 1}`,
      added: step,
      taken: Math.min(step, time),
    })),
    figure,
    // The chain of calls on the connection that ends last.
    trace: times.map((time, at) => {
      const changes = none.map((_, other) => other === at ? 1e-6 : 0);
      return figure(changes) > figure(none) ? time : 0;
    }),
  };
}

/** Page with a slow processor: two answers are worked on one after the other if the processor is busy when the second one arrives. */
export function processorPage(name: string): SyntheticPage {
  const step = 100;
  const figure = ([first, second, other, processor]: readonly number[]) => {
    const work = 60 + processor / 2;
    const begins = [150 + first, 180 + second].sort((a, b) => a - b);
    const worked = Math.max(begins[0] + work, begins[1]) + work;
    return RENDERING + Math.max(worked, 120 + other);
  };
  const factor = (id: string, taken: number) => ({ id, added: step, taken });
  return {
    name,
    factors: [
      factor("first", 100),
      factor("second", 100),
      factor("other", 100),
      { ...factor("cpu", 0), kind: "cpu" },
    ],
    figure,
    trace: [150, 0, 0, 120],
  };
}

/**
 * Page whose calls `list` and `details` are parallel, and hidden ones besides. Work on the answer of `details` ends before `list`, but
 * for a processor that is 15 times as slow: then `list` is hidden, and `details` is not. All that the page does is slower then, and
 * varies more.
 *
 * @param hidden number of calls that nothing waits for
 */
export function slowedPage(hidden = 0): SyntheticPage {
  const slower = (percent: number) => 1 + percent / 100;
  const factor = (id: string) => ({ id, added: 100, taken: 100 });
  return {
    name: "siblings that turn sequential on a slow processor",
    factors: [
      factor("page"),
      factor("list"),
      factor("details"),
      ...Array.from({ length: hidden }, (_, at) => factor(`hidden ${at}`)),
      { id: "cpu", added: 1400, taken: 0, kind: "cpu" },
    ],
    figure: (changes) => {
      const [page, list, details] = changes;
      const slow = slower(changes[changes.length - 1]);
      return 120 + page + 5 * slow +
        Math.max(120 + details + 35 * slow, 300 + list);
    },
    trace: [120, 300, 0, ...Array.from({ length: hidden + 1 }, () => 0)],
    variation: (changes) => 1 + 0.3 * changes[changes.length - 1] / 100,
  };
}

/** Pages with a known truth. */
export const PAGES: readonly SyntheticPage[] = [
  graphPage(
    "chain of 6",
    ["a", "b", "c", "d", "e", "f"].map((id, at, all) => ({
      id,
      time: 120,
      after: all.slice(0, at).slice(-1),
    })),
  ),
  graphPage("two equal parallel, three hidden", [
    { id: "session", time: 150 },
    { id: "cart", time: 200, after: ["session"] },
    { id: "prices", time: 200, after: ["session"] },
    { id: "ads", time: 60 },
    { id: "recommendations", time: 300, late: true },
    { id: "beacon", time: 50, after: ["cart"], late: true },
  ]),
  graphPage("three equal parallel, three hidden", [
    { id: "session", time: 150 },
    { id: "cart", time: 200, after: ["session"] },
    { id: "prices", time: 200, after: ["session"] },
    { id: "stock", time: 200, after: ["session"] },
    { id: "recommendations", time: 300, late: true },
    { id: "ads", time: 100 },
    { id: "beacon", time: 50, after: ["cart"], late: true },
  ]),
  graphPage("six equal parallel, two hidden", [
    ...["a", "b", "c", "d", "e", "f"].map((id) => ({ id, time: 200 })),
    { id: "late", time: 300, late: true },
    { id: "short", time: 50 },
  ]),
  graphPage("retry loop, two hidden", [
    { id: "config", time: 100 },
    { id: "job", time: 120, after: ["config"], times: 3 },
    { id: "help", time: 120 },
    { id: "late", time: 300, late: true },
  ]),
  graphPage("shop of 12", [
    { id: "config", time: 80 },
    { id: "session", time: 150, after: ["config"] },
    { id: "cart", time: 220, after: ["session"] },
    { id: "prices", time: 180, after: ["session"] },
    { id: "stock", time: 120, after: ["cart", "prices"] },
    { id: "flags", time: 60 },
    { id: "fonts", time: 140 },
    { id: "ads", time: 250, late: true },
    { id: "reviews", time: 200, after: ["session"], late: true },
    { id: "beacon", time: 30, late: true },
    { id: "search", time: 90 },
    { id: "image", time: 130, after: ["stock"] },
  ]),
  graphPage(
    "thirty, of which four are a chain",
    Array.from({ length: 30 }, (_, at) => ({
      id: `call ${at}`,
      time: 100,
      after: at % 7 === 0 && at > 0 && at < 22 ? [`call ${at - 7}`] : [],
      late: at % 7 !== 0 || at > 21,
    })),
  ),
  connectionsPage("nine over six connections", [
    300,
    310,
    320,
    330,
    340,
    350,
    200,
    100,
    120,
  ]),
  processorPage("siblings and a processor"),
];

/** Page whose figure does not depend on the backend. */
export function indifferentPage(factors: number): SyntheticPage {
  return graphPage(
    "indifferent",
    [
      { id: "document", time: 500 },
      ...Array.from({ length: factors }, (_, at) => ({
        id: `hidden ${at}`,
        time: 150,
        late: true,
      })),
    ],
  );
}

/** Slope of each factor alone. */
export function trueSlopes(page: SyntheticPage): number[] {
  return page.factors.map(({ added }, at) => change(page, at, added) / added);
}

/** Gain of each factor alone; undefined where nothing can be taken away. */
export function trueSavings(page: SyntheticPage): (number | undefined)[] {
  return page.factors.map(({ taken }, at) =>
    taken > 0 ? -change(page, at, -taken) / taken : undefined
  );
}

function change(page: SyntheticPage, factor: number, ms: number): number {
  const none = page.factors.map(() => 0);
  return page.figure(none.map((_, at) => at === factor ? ms : 0)) -
    page.figure(none);
}

/** Uniform random numbers in (0, 1): mulberry32. */
export function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 0x100000000;
  };
}

/** Noise: makes the figure of a load from the one without noise and the number of loads before. */
export type Noise = (
  figure: number,
  load: number,
  next: () => number,
) => number;

/** Standard deviation of the noises, in ms. */
export const DEVIATION = 15;

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

const gaussian: Noise = (figure, _, next) => figure + DEVIATION * normal(next);

/** Kinds of noise. */
export const NOISES: Readonly<Record<string, Noise>> = {
  gaussian,
  // Student's t with 3 degrees of freedom, whose standard deviation is √3.
  "heavy-tailed": (figure, _, next) => {
    const square = [0, 0, 0].reduce((sum) => sum + normal(next) ** 2, 0) / 3;
    return figure + DEVIATION * normal(next) / Math.sqrt(3 * square);
  },
  frames: (figure, load, next) =>
    Math.ceil(gaussian(figure, load, next) / 16.7) * 16.7,
  outliers: (figure, load, next) =>
    gaussian(figure, load, next) + (next() < 0.05 ? 300 : 0),
  drift: (figure, load, next) =>
    gaussian(figure, load, next) + 0.5 * load + 20 * Math.sin(load / 25),
};

/** Experiment that was carried out on a page. */
export interface Carried {
  readonly analysis: Analysis;
  readonly experiment: Experiment;
  readonly loads: number;
}

/** Carries out an experiment on a page. */
export function carryOut(
  page: SyntheticPage,
  noise: Noise,
  seed: number,
  options: Partial<ExperimentOptions> & {
    /** Called after each block. */
    readonly after?: (experiment: Experiment, loads: number) => void;
  } = {},
): Carried {
  const random = uniforms(seed * 2 + 1);
  const experiment = new Experiment(page.factors, {
    loads: 1000,
    precision: 0.1,
    confidence: 0.95,
    next: uniforms(seed * 2),
    ...options,
  });
  let loads = 0;
  for (;;) {
    const block = experiment.nextBlock();
    if (block.length === 0) break;
    experiment.add(block.map((load) => {
      const changes = changesOf(page, load.levels);
      const figure = page.figure(changes);
      const off = noise(figure, loads++, random) - figure;
      return {
        ...load,
        figure: figure + (page.variation?.(changes) ?? 1) * off,
      };
    }));
    options.after?.(experiment, loads);
  }
  return { analysis: experiment.analyse(), experiment, loads };
}

/** Changes in ms for levels. */
export function changesOf(
  { factors }: SyntheticPage,
  levels: readonly (-1 | 0 | 1)[],
): number[] {
  return levels.map((level, at) =>
    level > 0 ? factors[at].added : level < 0 ? -factors[at].taken : 0
  );
}
