/**
 * Durations as a file has them: a series for each set of labels, and what was left out of it.
 *
 * @module
 */
import type { LeftOut } from "../../../core/import.ts";
import { type Issue, PerfmockError } from "../../../core/plugin.ts";
import type { Durations } from "../statistics/fit.ts";

/** Labels of durations, such as a handler, a tag or the name of a request. */
export type Labels = Readonly<Record<string, string>>;

/** Durations with the same labels. */
export interface Series {
  /** Labels; empty if the format has none. */
  readonly labels: Labels;
  /** Durations. */
  readonly durations: Durations;
  /** Sentences about how they were read. */
  readonly notes?: readonly string[];
}

/** Durations that a file contains. */
export interface Reading {
  /** Series, in the order of the file. */
  readonly series: readonly Series[];
  /** Sentences about how the file was read. */
  readonly notes: readonly string[];
}

/** Writes labels as Prometheus does. */
export function inWords(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");
}

/** Number of errors and of places that are listed one by one. */
const LISTED = 10;

/** Collects all errors of a file, and what is left out of it. */
export class Findings {
  readonly #issues: Issue[] = [];
  #more = 0;
  readonly #others = new Set<string>();
  readonly #left = new Map<string, { count: number; places: string[] }>();

  /** Adds an error. */
  error(issue: Issue): void {
    if (this.#issues.length < LISTED) this.#issues.push(issue);
    else this.#more++;
  }

  /** Adds an error of a line. */
  lineError(number: number, issue: Omit<Issue, "path">): void {
    this.error({
      ...issue,
      path: "",
      message: `Line ${number} ${issue.message}`,
      ...typeof issue.value === "string" && { value: excerpt(issue.value) },
    });
  }

  /** True if there is an error. */
  get failed(): boolean {
    return this.#issues.length > 0;
  }

  /**
   * Counts something that is left out.
   *
   * @param reason words that follow a number
   * @param place place in the file
   */
  leaveOut(reason: string, place: string, count = 1): void {
    const left = this.#left.get(reason) ?? { count: 0, places: [] };
    left.count += count;
    if (left.places.length < 3) left.places.push(place);
    this.#left.set(reason, left);
  }

  /** Leaves durations out because they have other labels than the selected ones. */
  unselected(things: string, labels: Labels, place: string): void {
    this.leaveOut(`${things} with other labels`, place);
    if (this.#others.size < LISTED) this.#others.add(inWords(labels));
  }

  /** Labels of durations that were not selected, in words; the first ones. */
  get others(): readonly string[] {
    return [...this.#others];
  }

  /** Everything that was left out. */
  leftOut(): readonly LeftOut[] {
    return Array.from(this.#left, ([reason, left]) => ({ reason, ...left }));
  }

  /**
   * Ends with an error if there was one.
   *
   * @throws PerfmockError `IMPORT_INVALID` with all errors
   */
  check(file: string): void {
    if (!this.failed) return;
    const issues = [...this.#issues];
    if (this.#more > 0) {
      issues.push({ path: "", message: `Further errors: ${this.#more}` });
    }
    throw invalidFile(file, issues);
  }
}

/** The error of a file. */
export function invalidFile(
  file: string,
  issues: readonly Issue[],
): PerfmockError {
  return new PerfmockError(
    "IMPORT_INVALID",
    `Cannot read ${file}: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }`,
    issues,
  );
}

/** Number of characters of a line that an error quotes. */
const QUOTED = 80;

/** The beginning of a text. */
export function excerpt(text: string): string {
  return text.length <= QUOTED ? text : `${text.slice(0, QUOTED)}…`;
}
