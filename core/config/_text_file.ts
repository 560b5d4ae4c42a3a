/**
 * What reading the text of a configuration comes to, whichever its syntax.
 *
 * @module
 */

/** A place in a text. */
export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

/** A fault of syntax. */
export interface SyntaxFault extends Position {
  /** What is wrong, in lower case, to follow the place. */
  readonly message: string;
}

/** The value a text stands for, or all its faults of syntax. */
export type ParsedText =
  | {
    /** As JSON.parse would return it. */
    readonly value: unknown;
    /** Where the key of a value, or an entry of a list, begins; undefined where there is nothing of that path. */
    position(segments: readonly string[]): Position | undefined;
    readonly faults?: undefined;
  }
  | { readonly faults: readonly SyntaxFault[] };

/** The line and column of an offset in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: offset - start + 1,
  };
}
