/**
 * Parses texts on a thread of its own. A worker starts this module; see text_reader.ts.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { parseYamlText, type SyntaxIssue } from "./_syntax.ts";

/** Name by which the module knows that it is the module of its thread. */
export const TASK = "perfmock texts";

/** Answer to a text: its value as JSON, or its syntax errors. */
export type TextAnswer =
  | { readonly json: string; readonly issues?: undefined }
  | { readonly issues: readonly SyntaxIssue[] };

/** Parses a text in YAML, or in JSON as a part of it. */
export function answerTo(text: string): TextAnswer {
  const parsed = parseYamlText(text);
  // As JSON, since the other side reads it fastest so.
  return parsed.issues === undefined
    ? { json: JSON.stringify(parsed.value ?? null) }
    : { issues: parsed.issues };
}

// Without a worker, importing this module does nothing.
if (parentPort !== null && workerData?.task === TASK) {
  const port = parentPort;
  port.on("message", (text: string) => port.postMessage(answerTo(text)));
}
