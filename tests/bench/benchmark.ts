/**
 * Interface of a benchmark: its name, its description, and the rows of figures that it returns, some with targets.
 *
 * @module
 */
import type { Children } from "./processes.ts";

/** One benchmark. */
export interface Benchmark {
  /** Name on the command line. */
  readonly name: string;
  /** Description of the figures and their units, printed above the table. */
  readonly measures: string;
  /** Runs the benchmark, for a bounded time. */
  run(context: Context): Promise<readonly Row[]>;
}

/** Options and services passed to a benchmark. */
export interface Context {
  /** True to run for seconds only, to show that the benchmark works. */
  readonly quick: boolean;
  /** Duration of the long runs, in minutes. */
  readonly minutes: number;
  /** Starts child processes. The runner stops them after the benchmark, also if it fails. */
  readonly children: Children;
  /** Prints a remark that the reader of the table must know, once. */
  note(line: string): void;
}

/** One line of a benchmark's table. */
export interface Row {
  /** Label of the row. */
  readonly what: string;
  /** Figures by column; a column's name ends in its unit. NaN is printed as a dash, a string unchanged. */
  readonly values: Readonly<Record<string, number | string>>;
  /** Targets for the figures. */
  readonly targets?: readonly Target[];
}

/** Target for one figure of a row. */
export interface Target {
  /** Name of the column. */
  readonly column: string;
  /** Maximum figure. */
  readonly atMost?: number;
  /** Minimum figure. */
  readonly atLeast?: number;
}
