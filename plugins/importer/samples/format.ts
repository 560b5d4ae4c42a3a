/**
 * Formats of files with durations.
 *
 * @module
 */
import type { Findings, Labels, Reading } from "./series.ts";
import type { Unit } from "./units.ts";

/** Wishes of the user, and the collection of errors. */
export interface ReadContext {
  /** Unit that the user names; undefined for the format's. */
  readonly unit: Unit | undefined;
  /** Labels that durations must have. */
  readonly select: Labels;
  /** True to take durations of all labels as one series. */
  readonly merge: boolean;
  /** Column that the user names. */
  readonly column: string | undefined;
  /** Takes errors, and what is left out. */
  readonly findings: Findings;
}

/** Reader of a file line by line. */
export interface LineReader {
  /**
   * Takes a line.
   *
   * @param number number of the line, from 1
   */
  take(line: string, number: number): void;
  /** Returns the durations after the last line. */
  finish(): Reading;
}

/** Format whose files are read line by line. */
export interface LineFormat {
  /** Name in `--format`. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Returns true if a file that begins like that has the format. */
  matches(head: string): boolean;
  /** Begins to read a file. */
  lines(context: ReadContext): LineReader | Promise<LineReader>;
}

/** Format whose files are one JSON document. */
export interface DocumentFormat {
  /** Name in `--format`. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Returns true if a document has the format. */
  recognises(document: unknown): boolean;
  /** Reads the document. */
  document(document: unknown, context: ReadContext): Reading;
}

/** Returns true if durations with some labels are wanted. */
export function isSelected(labels: Labels, select: Labels): boolean {
  return Object.entries(select).every(([name, value]) =>
    labels[name] === value
  );
}

/** Returns the properties of a JSON value; none if it is no object. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Readonly<Record<string, unknown>>
    : {};
}
