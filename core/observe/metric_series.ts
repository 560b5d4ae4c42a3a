/**
 * Series of a metric: counters and gauges in typed storage, and the set of all series of one metric.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Counter, Gauge, Metric, MetricDefinition } from "../plugin.ts";
import { boundedKey, ENTRY_BYTES } from "../lib/bounded.ts";
import { textBytes } from "../lib/bounded_text.ts";
import { describeReturned } from "../lib/thrown.ts";
import { metricError, type MetricPlan } from "./metric_definition.ts";

/** Place of one number in typed storage. */
export interface Cell {
  /** Array that holds the number. */
  readonly values: Float64Array;
  /** Index of the number in that array. */
  readonly index: number;
}

const CHUNK = 256;

function ignore(): void {}

/**
 * Allocates numbers in typed arrays of 256. Numbers are not kept in fields of objects, since a change of such a field may
 * allocate memory.
 */
export class Cells {
  #values = new Float64Array(CHUNK);
  #next = 0;

  /** Returns a new cell that holds 0. */
  take(): Cell {
    if (this.#next === CHUNK) {
      this.#values = new Float64Array(CHUNK);
      this.#next = 0;
    }
    return { values: this.#values, index: this.#next++ };
  }
}

/**
 * Reads a value that another part counts. An exporter leaves out a metric that cannot be read, and writes all others.
 *
 * @param failed takes the error of the function, before it is thrown
 * @throws the error of the function, or a TypeError if it returns no number
 */
export function followed(
  read: () => number,
  failed: (error: unknown) => void,
): number {
  try {
    const value = read();
    if (typeof value === "number") return value;
    throw new TypeError(
      `it must return a number, received ${describeReturned(value)}`,
    );
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** A counter in typed storage. */
export class CellCounter implements Counter {
  readonly #values: Float64Array;
  readonly #index: number;
  readonly #failed: (error: unknown) => void;
  #read: (() => number) | undefined;

  /** @param failed takes the error of a function that is followed */
  constructor(cell: Cell, failed: (error: unknown) => void = ignore) {
    this.#values = cell.values;
    this.#index = cell.index;
    this.#failed = failed;
  }

  get value(): number {
    return this.#read === undefined
      ? this.#values[this.#index]
      : followed(this.#read, this.#failed);
  }

  follow(read: () => number): void {
    this.#read = read;
  }

  add(n = 1): void {
    if (!(n >= 0 && n < Infinity)) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        `Cannot add to a counter: the number must be finite and at least 0, received ${n}`,
      );
    }
    this.#values[this.#index] += n;
  }
}

/** A gauge in typed storage. */
export class CellGauge implements Gauge {
  readonly #values: Float64Array;
  readonly #index: number;
  readonly #failed: (error: unknown) => void;
  #read: (() => number) | undefined;

  /** @param failed takes the error of a function that is followed */
  constructor(cell: Cell, failed: (error: unknown) => void = ignore) {
    this.#values = cell.values;
    this.#index = cell.index;
    this.#failed = failed;
  }

  get value(): number {
    return this.#read === undefined
      ? this.#values[this.#index]
      : followed(this.#read, this.#failed);
  }

  set(value: number): void {
    this.#read = undefined;
    this.#values[this.#index] = value;
  }

  follow(read: () => number): void {
    this.#read = read;
  }

  add(n: number): void {
    this.#values[this.#index] += n;
  }
}

/** Label value of the series that takes all label sets beyond the limit. */
export const OVERFLOW = "__overflow__";

/** Maximum length of a label value, in characters; a longer one is represented by its beginning and a hash. */
export const LONGEST_LABEL = 512;

/** Limit on the number of series of a metric, and callbacks of its growth. */
export interface SeriesLimit {
  /** Returns the maximum number of series, the overflow series not counted. */
  maximum(): number;
  /** A series was made; there are `size` now, the overflow series included. */
  grew(size: number): void;
  /** A new label set was beyond the limit and went to the overflow series. */
  overflowed(): void;
}

/** A metric: one series per set of label values up to a limit; all further sets share the overflow series. */
export class SeriesSet<Series> implements Metric<Series> {
  readonly definition: MetricDefinition;
  readonly type: Metric["type"];
  /** Upper boundaries of a histogram's buckets, in ms; those of durations change with the settings. */
  boundaries?: readonly number[];
  readonly #make: () => Series;
  readonly #limit: SeriesLimit | undefined;
  readonly #entries = new Map<string, readonly [readonly string[], Series]>();
  readonly #overflow: readonly string[];

  /**
   * Makes a metric without series.
   *
   * @param plan the metric, already checked
   * @param make makes a series
   * @param limit undefined for a metric without a limit
   */
  constructor(
    plan: MetricPlan,
    make: () => Series,
    limit: SeriesLimit | undefined,
  ) {
    const { name, help, labels = [], merge } = plan.definition;
    this.definition = Object.freeze({
      name,
      help,
      labels: Object.freeze([...labels]),
      ...merge !== undefined && { merge },
    });
    this.type = plan.type;
    if (plan.boundaries !== undefined) {
      this.boundaries = Object.freeze([...plan.boundaries]);
    }
    this.#make = make;
    this.#limit = limit;
    this.#overflow = labels.map(() => OVERFLOW);
  }

  /** Number of bytes that the label values of all series take at most, as values and as keys; the figures are not counted. */
  get bytes(): number {
    let bytes = 0;
    for (const [key, [values]] of this.#entries) {
      bytes += ENTRY_BYTES + textBytes(key);
      for (const value of values) bytes += ENTRY_BYTES + textBytes(value);
    }
    return bytes;
  }

  series(...given: readonly string[]): Series {
    this.#check(given);
    const values = given.map((value) => boundedKey(value, LONGEST_LABEL));
    const key = keyOf(values);
    const known = this.#entries.get(key);
    if (known !== undefined) return known[1];
    const overflowKey = keyOf(this.#overflow);
    if (this.#hasRoom(overflowKey) || key === overflowKey) {
      return this.#add(key, values);
    }
    this.#limit?.overflowed();
    return this.#entries.get(overflowKey)?.[1] ??
      this.#add(overflowKey, this.#overflow);
  }

  entries(): Iterable<readonly [values: readonly string[], series: Series]> {
    return this.#entries.values();
  }

  #hasRoom(overflowKey: string): boolean {
    if (this.#limit === undefined) return true;
    const own = this.#entries.size - Number(this.#entries.has(overflowKey));
    return own < this.#limit.maximum();
  }

  #add(key: string, values: readonly string[]): Series {
    const wellFormed = values.map((value) => value.toWellFormed());
    const series = this.#make();
    this.#entries.set(key, [Object.freeze(wellFormed), series]);
    this.#limit?.grew(this.#entries.size);
    return series;
  }

  #check(values: readonly string[]): void {
    const { name, labels = [] } = this.definition;
    if (values.length !== labels.length) {
      throw metricError(name, [{
        path: "/labels",
        message: `a series takes ${labels.length} label values (${
          labels.join(", ")
        }), received ${values.length}`,
        value: values,
      }]);
    }
    for (const [index, value] of values.entries()) {
      if (typeof value === "string") continue;
      throw metricError(name, [{
        path: `/labels/${index}`,
        message: `the value of label "${labels[index]}" must be a string`,
        value,
      }]);
    }
  }
}

/** Values that are the same bytes in UTF-8 are the same series: lone surrogates are replaced before they are compared. */
function keyOf(values: readonly string[]): string {
  return JSON.stringify(values.map((value) => value.toWellFormed()));
}
