/**
 * Rankings of routes for the benchmark of bottleneck finders: comparison with the truth, the plain method, and critical paths.
 *
 * @module
 */
import type { RouteInput } from "../../mod.ts";
import { studentQuantile } from "../../plugins/bottleneck_finder/statistics/student.ts";

/** Slopes that differ by less rank as equal. */
const TELLING = 0.3;

/** Interval of a slope. */
export interface Interval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** True if the interval of each route is above those of all routes whose true slope is smaller; equal ones need not be apart. */
export function isSeparated(
  intervals: readonly Interval[],
  truth: readonly number[],
): boolean {
  const isAbove = everyPair(
    truth,
    (more, less) => intervals[more].low > intervals[less].high,
  );
  // Where all are equal, there is a ranking as soon as nothing can be above anything else by much.
  const isNarrow = intervals.every(({ low, high }) => high - low < 2 * TELLING);
  return isAbove && isNarrow;
}

/** True if the value of each route is above those of all routes whose true slope is smaller. */
export function isRanked(
  values: readonly number[],
  truth: readonly number[],
): boolean {
  if (Math.max(...truth) < TELLING) return values.every((value) => value === 0);
  return everyPair(truth, (more, less) => values[more] > values[less]);
}

function everyPair(
  truth: readonly number[],
  holds: (more: number, less: number) => boolean,
): boolean {
  return truth.every((more, first) =>
    truth.every((less, second) => more - less < TELLING || holds(first, second))
  );
}

/** The plain method: one route at a time is changed, and compared with loads as configured. */
export class OneAtATime {
  readonly #step: number;
  /** Figures by route; the last list is of loads as configured. */
  readonly #figures: number[][];

  /**
   * Creates the method.
   *
   * @param routes number of routes
   * @param step time that is added, in ms
   */
  constructor(routes: number, step: number) {
    this.#step = step;
    this.#figures = Array.from({ length: routes + 1 }, () => []);
  }

  /** Order of the loads of a round: indices of routes, and their number for a load as configured. */
  order(random: () => number): number[] {
    const order = this.#figures.map((_, at) => at);
    for (let at = order.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [order[at], order[other]] = [order[other], order[at]];
    }
    return order;
  }

  /** Adds the figure of a load. */
  add(at: number, figure: number): void {
    this.#figures[at].push(figure);
  }

  /** Slopes with intervals at 95 %: differences of means, by Student's t with the deviation of all loads. */
  slopes(): Interval[] {
    const means = this.#figures.map(mean);
    const squares = this.#figures.flatMap((figures, at) =>
      figures.map((figure) => (figure - means[at]) ** 2)
    );
    const free = squares.length - this.#figures.length;
    if (free < 1) {
      return means.slice(1).map(() => ({ low: -Infinity, high: Infinity }));
    }
    const deviation = Math.sqrt(squares.reduce((a, b) => a + b, 0) / free);
    const [base] = this.#figures.slice(-1);
    const quantile = studentQuantile(0.95, free);
    return this.#figures.slice(0, -1).map((figures, at) => {
      const difference = means[at] - mean(base);
      const half = quantile * deviation *
        Math.sqrt(1 / figures.length + 1 / base.length);
      return {
        low: (difference - half) / this.#step,
        high: (difference + half) / this.#step,
      };
    });
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Request of a trace; times in ms since navigation. */
interface TracedRequest {
  readonly url: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Time between two requests of which the first may have caused the second, in ms. */
const SLACK = 2;

/**
 * Critical path of a trace as tools draw it: from the figure back, always to the request that ended last before.
 *
 * @returns time on the path by route, in ms; routes that are not on it are left out
 */
export function criticalPath(
  { figure, requests }: {
    readonly figure: number;
    readonly requests: readonly TracedRequest[];
  },
  routes: readonly RouteInput[],
): Map<string, number> {
  const path = new Map<string, number>();
  let until = figure;
  for (;;) {
    const before = requests.filter(({ startMs, endMs }) =>
      endMs <= until + SLACK && startMs < until
    );
    if (before.length === 0) return path;
    const last = before.reduce((a, b) => b.endMs > a.endMs ? b : a);
    const id = routeOf(last.url, routes);
    if (id !== undefined) {
      path.set(id, (path.get(id) ?? 0) + last.endMs - last.startMs);
    }
    until = last.startMs;
  }
}

function routeOf(
  url: string,
  routes: readonly RouteInput[],
): string | undefined {
  return routes.find(({ path }) => new URLPattern({ pathname: path }).test(url))
    ?.id;
}
