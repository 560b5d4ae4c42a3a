/**
 * What a benchmark is: a name, what it measures, and rows of figures, some of them with a target.
 *
 * @module
 */
import type { Children } from "./processes.ts";

/** One benchmark. */
export interface Benchmark {
  /** What is typed to run it. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly measures: string;
  /** Runs it; bounded in time. */
  run(context: Context): Promise<readonly Row[]>;
}

/** What a benchmark is given. */
export interface Context {
  /** True for a run of seconds, whose figures only show that the benchmark works. */
  readonly quick: boolean;
  /** Where child processes are started; the runner ends them, whatever happens. */
  readonly children: Children;
  /** Says something that the reader of the table must know. */
  note(line: string): void;
}

/** One line of a benchmark's table. */
export interface Row {
  /** What the figures are of. */
  readonly what: string;
  /** The figures by column; a column's name ends in its unit. NaN shows as a dash, a string as it is. */
  readonly values: Readonly<Record<string, number | string>>;
  /** What is demanded of them. */
  readonly targets?: readonly Target[];
}

/** What is demanded of one figure of a row. */
export interface Target {
  /** The column. */
  readonly column: string;
  /** The largest figure that meets it. */
  readonly atMost?: number;
  /** The smallest figure that meets it. */
  readonly atLeast?: number;
}
