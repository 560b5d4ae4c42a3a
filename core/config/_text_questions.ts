/**
 * Questions to the thread that parses texts, and its answers.
 *
 * @module
 */
import type { Syntax } from "./_parse_text.ts";
import type { Piece } from "./_pieces.ts";
import type { Filling } from "./_placeholders.ts";
import type { PlaceholderNotes, Position, SyntaxIssue } from "./_syntax.ts";

/** Name by which the module knows that it is the module of its thread. */
export const TASK = "perfmock texts";

/** A text to parse, or the wish for the next pieces of the value of the last one. */
export type TextQuestion =
  | {
    readonly text: string;
    readonly syntax: Syntax;
    readonly filling?: Filling | undefined;
    /** True if the limits of values that come over HTTP hold. */
    readonly limited: boolean;
    /** Paths whose places in the text are wanted, instead of its value. */
    readonly paths?: readonly (readonly string[])[] | undefined;
  }
  | "more";

/** First message of the thread, once it can take questions. */
export const READY = "ready";

/** Answer to a question. */
export type TextAnswer =
  | {
    /** Next pieces of the value. */
    readonly pieces: readonly Piece[];
    /** False if these are the last ones. */
    readonly more: boolean;
    /** Placeholders of the text. */
    readonly notes: PlaceholderNotes;
  }
  | { readonly issues: readonly SyntaxIssue[]; readonly pieces?: undefined }
  | {
    readonly positions: readonly Position[];
    readonly pieces?: undefined;
    readonly issues?: undefined;
  };
