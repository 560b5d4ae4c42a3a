/**
 * Parses texts on a thread of its own. A worker starts this module; see text_reader.ts.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { type Piece, piecesOf } from "./_pieces.ts";
import { parseText, placeIn, type Syntax } from "./_parse_text.ts";
import type { Filling } from "./_placeholders.ts";
import type { PlaceholderNotes, Position, SyntaxIssue } from "./_syntax.ts";
import { excessOf } from "./depth.ts";

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

/** Pieces of the last value that are still to be sent. */
let rest: Generator<Piece, void> = piecesOf(null);

/** Placeholders of the last text. */
let notes: PlaceholderNotes = { placeholders: [], filled: [] };

function answerTo(question: TextQuestion): TextAnswer {
  if (question === "more") return morePieces();
  const { filling, limited, paths, syntax, text } = question;
  const parsed = parseText(text, syntax, filling);
  if (paths !== undefined) {
    return { positions: paths.map((path) => placeIn(parsed, path)) };
  }
  if (parsed.issues !== undefined) return { issues: parsed.issues };
  const excess = limited ? excessOf(parsed.value) : undefined;
  if (excess !== undefined) {
    const message = excess.message.replace(/^./, (it) => it.toLowerCase());
    return { issues: [{ line: 1, column: 1, message }] };
  }
  rest = piecesOf(parsed.value ?? null);
  notes = { placeholders: parsed.placeholders, filled: parsed.filled };
  return morePieces();
}

/** Length of the pieces of one answer, in characters. */
const ANSWER = 65_536;

function morePieces(): TextAnswer {
  const pieces: Piece[] = [];
  for (let length = 0; length < ANSWER;) {
    const { done, value } = rest.next();
    if (done === true) return { pieces, more: false, notes };
    pieces.push(value);
    length += value.json?.length ?? 1;
  }
  return { pieces, more: true, notes };
}

// Without a worker, importing this module does nothing.
if (parentPort !== null && workerData?.task === TASK) {
  const port = parentPort;
  port.on(
    "message",
    (question: TextQuestion) => port.postMessage(answerTo(question)),
  );
  port.postMessage(READY);
}
