/**
 * Errors and warnings with their places in a file.
 *
 * @module
 */
import type { Position } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";

/** A warning and its place in a file, as `file:line:column`; undefined where it does not come from the file. */
export interface Warning {
  readonly warning: Issue;
  readonly place: string | undefined;
}

/** An issue and its position in a file; undefined where it does not come from the file. */
export interface LocatedIssue {
  readonly issue: Issue;
  readonly position: Position | undefined;
  /** Position of the second setting that the issue is about. Default none. */
  readonly also?: Position | undefined;
}

/** A PerfmockError whose issues have places in a file, sorted by place. */
export class LocatedError extends PerfmockError {
  /** Place of each issue as `file:line:column`; undefined where it does not come from the file. */
  readonly places: readonly (string | undefined)[];

  /** Warnings about the same file. */
  readonly located: readonly Warning[];

  /**
   * Copies an error.
   *
   * @param error the error
   * @param issues its issues with their positions
   * @param source name of the file, as the user would write it
   * @param located warnings about the same file, with their places
   */
  constructor(
    error: PerfmockError,
    issues: readonly LocatedIssue[],
    source: string,
    located: readonly Warning[] = [],
  ) {
    const ordered = issues.toSorted(({ position: a }, { position: b }) =>
      a === undefined || b === undefined
        ? Number(b === undefined) - Number(a === undefined)
        : a.line - b.line || a.column - b.column
    );
    super(
      error.code,
      error.message,
      ordered.map(({ issue }) => issue),
      { cause: error.cause, warnings: error.warnings },
    );
    this.places = ordered.map(({ position, also }) =>
      position && placesIn(source, position, also)
    );
    this.located = located;
  }
}

/** Writes the position of an issue, and that of the second setting that it is about. */
export function placesIn(
  source: string,
  position: Position,
  also: Position | undefined,
): string {
  const place = placeIn(source, position);
  return also === undefined
    ? place
    : `${place}, because of ${placeIn(source, also)}`;
}

/** Writes a position as `file:line:column`. */
export function placeIn(source: string, { line, column }: Position): string {
  return `${source}:${line}:${column}`;
}
