/**
 * Measured durations of a route, and the service time that is written for them.
 *
 * @module
 */
import { fitDurations, fitInWords, type FitTools } from "../statistics/fit.ts";

/** Greatest number of durations that are kept of a route: of more, every second, fourth, … one is. */
const MOST_KEPT = 200_000;

/** Greatest number of times that are written one by one. */
const MOST_WRITTEN = 1000;

/** Least number of durations to which a family is fitted. */
const LEAST_FITTED = 8;

/** Durations that are gathered one by one, in ms. */
export class DurationList {
  #values = new Float64Array(16);
  #kept = 0;
  #seen = 0;
  #stride = 1;

  /** Number of durations. */
  get count(): number {
    return this.#seen;
  }

  /** Durations that are kept, evenly spread over all. */
  get values(): Float64Array {
    return this.#values.slice(0, this.#kept);
  }

  /** Adds a duration. */
  add(duration: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    if (this.#kept === MOST_KEPT) {
      for (let i = 0; i < MOST_KEPT / 2; i++) {
        this.#values[i] = this.#values[2 * i];
      }
      this.#kept = MOST_KEPT / 2;
      this.#stride *= 2;
      if ((this.#seen - 1) % this.#stride !== 0) return;
    }
    if (this.#kept === this.#values.length) {
      const longer = new Float64Array(
        Math.min(2 * this.#kept, MOST_KEPT),
      );
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#kept++] = duration;
  }

  /** Adds the durations of another list. */
  addAll(other: DurationList): void {
    for (const value of other.values) this.add(value);
  }
}

/** A service time and its goodness of fit in sentences. */
export interface ServiceTime {
  /** Value of `serviceTime`; undefined where there are no durations. */
  readonly value: unknown;
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Writes measured durations as they are: each as likely as it was frequent, with the best family beside. */
export function measuredTime(
  list: DurationList,
  tools: FitTools,
): ServiceTime {
  const values = list.values.sort();
  if (values.length === 0) {
    return { value: undefined, notes: ["No time was measured."] };
  }
  const measured = list.count === 1
    ? "1 measured time."
    : `${list.count} measured times.`;
  if (values[0] === values[values.length - 1]) {
    return { value: `${rounded(values[0])}ms`, notes: [measured] };
  }
  const written = values.length <= MOST_WRITTEN ? values : Float64Array.from(
    { length: MOST_WRITTEN },
    (_, i) => values[Math.floor((i + 0.5) / MOST_WRITTEN * values.length)],
  );
  return {
    value: { empirical: { values: [...written].map(rounded) } },
    notes: [
      written === values
        ? measured
        : `${list.count} measured times, of which ${MOST_WRITTEN} evenly spaced ones by size stand here.`,
      ...bestFamily(values, tools),
    ],
  };
}

/** Sentences about the family that fits best, which could stand in place of the measured times. */
function bestFamily(values: Float64Array, tools: FitTools): string[] {
  if (values.length < LEAST_FITTED) return [];
  const fit = fitDurations({ kind: "values", values }, tools);
  const [best] = fit.parametric;
  return [
    ...best === undefined ? [] : [
      `Best family: ${inText(best.distribution)}, ${
        fitInWords({ count: fit.count, best })
      }.`,
    ],
    ...fit.unknown,
  ];
}

/** Families that show by themselves that their times were measured. */
const MEASURED: ReadonlySet<string> = new Set([
  "constant",
  "empirical",
  "histogram",
  "percentiles",
]);

/**
 * Writes the best distribution of measured durations, parametric if it is good enough.
 *
 * @param from name of the file with the durations
 */
export function fittedTime(
  list: DurationList,
  tools: FitTools,
  from: string,
): ServiceTime {
  const values = list.values;
  if (values.length < LEAST_FITTED || values.every((v) => v === values[0])) {
    return measuredTime(list, tools);
  }
  const fit = fitDurations({ kind: "values", values }, tools);
  return {
    value: MEASURED.has(fit.best.family)
      ? fit.best.distribution
      : { fitted: { of: fit.best.distribution, from } },
    notes: [
      `${list.count} measured times: ${fitInWords(fit)}.`,
      ...fit.unknown,
    ],
  };
}

/** Writes a distribution in one line. */
export function inText(distribution: unknown): string {
  const text = JSON.stringify(distribution).replaceAll('"', "")
    .replaceAll(/([:,])(?=\S)/g, "$1 ");
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** Rounds a time to the microsecond. */
export function rounded(time: number): number {
  return Math.round(time * 1000) / 1000;
}
