/**
 * Types and messages that the parsers of JSON and YAML share: both report all syntax errors with line and column, and find the place of a value by its
 * path.
 *
 * @module
 */
import { MAX_DEPTH } from "./depth.ts";
import type { FilledText, Placeholder, Placeholders } from "./_placeholders.ts";

/** Greatest number of syntax errors that are reported one by one. */
export const REPORTED = 20;

/** A place in a text. */
export interface Position {
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1, in UTF-16 code units. */
  readonly column: number;
}

/** A syntax error. */
export interface SyntaxIssue extends Position {
  /** Description in lower case, to follow the place. */
  readonly message: string;
}

/** Placeholders of a text, and those that were replaced. */
export interface PlaceholderNotes {
  /** Names of environment variables in placeholders that stayed text, each with the position of the first. */
  readonly placeholders: readonly {
    readonly name: string;
    readonly position: Position;
  }[];
  /** Texts in which placeholders were replaced. */
  readonly filled: readonly FilledText[];
}

/** Result of parsing a text: its value, or all its syntax errors. */
export type ParsedText =
  | PlaceholderNotes & {
    /** The value, as JSON.parse would return it; numbers in bodies have the digits they were written with. */
    readonly value: unknown;
    /** Returns where the key of a value, or an entry of a list, begins; undefined where the path leads nowhere. */
    position(segments: readonly string[]): Position | undefined;
    readonly issues?: undefined;
  }
  | { readonly issues: readonly SyntaxIssue[] };

/**
 * Makes the result of reading a text.
 *
 * @param read value with its filled texts, and the placeholders that were met
 * @param at returns the line and column of an offset
 * @param find returns the offset of a value's key; undefined where the path leads nowhere
 */
export function readingOf(
  { value, placeholders }: {
    readonly value: unknown;
    readonly placeholders: Pick<Placeholders, "kept" | "unwrapped">;
  },
  at: (offset: number) => Position,
  find: (segments: readonly string[]) => number | undefined,
): ParsedText {
  return {
    ...placeholders.unwrapped(value),
    placeholders: placeholders.kept.map(({ name, offset }) => ({
      name,
      position: at(offset),
    })),
    position: (segments) => {
      const offset = find(segments);
      return offset === undefined ? undefined : at(offset);
    },
  };
}

/** Describes the placeholders whose variables are not set. */
export function unset(
  { missing }: { readonly missing: readonly Placeholder[] },
): { readonly offset: number; readonly message: string }[] {
  return missing.map(({ name, offset }) => ({
    offset,
    message:
      `the environment has no variable ${name}: set it, or write \${${name}:-default}`,
  }));
}

/** Message for a text that is nested too deep. */
export const TOO_DEEP =
  `lists and objects are nested more than ${MAX_DEPTH} deep`;

/** Describes the first errors one by one, and says how many more there are. */
export function listed<T>(
  errors: readonly T[],
  describe: (error: T) => SyntaxIssue,
): SyntaxIssue[] {
  const issues = errors.slice(0, REPORTED).map(describe);
  const further = errors.length - REPORTED;
  if (further <= 0) return issues;
  const message = `there are ${further} more errors from here on`;
  return [...issues, { ...describe(errors[REPORTED]), message }];
}
