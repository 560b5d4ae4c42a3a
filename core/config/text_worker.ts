/**
 * Parses texts on a thread of its own. A worker starts this module; see text_reader.ts.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { type Piece, piecesOf } from "./_pieces.ts";
import { parseText, placeIn } from "./_parse_text.ts";
import type { PlaceholderNotes } from "./_syntax.ts";
import {
  READY,
  TASK,
  type TextAnswer,
  type TextQuestion,
} from "./_text_questions.ts";
import { excessOf } from "./depth.ts";

/** Pieces of the last value that are still to be sent. */
let rest: Generator<Piece, void> = piecesOf(null);

/** Placeholders of the last text. */
let notes: PlaceholderNotes = { placeholders: [], filled: [] };

async function answerTo(question: TextQuestion): Promise<TextAnswer> {
  if (question === "more") return morePieces();
  const { filling, limited, paths, syntax, text } = question;
  const parsed = await parseText(text, syntax, filling);
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
    async (question: TextQuestion) =>
      port.postMessage(await answerTo(question)),
  );
  port.postMessage(READY);
}
