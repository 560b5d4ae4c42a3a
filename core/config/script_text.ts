/**
 * Reads scripts that come as text: of a load run, or of an experiment.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import type { SyntaxIssue } from "./_syntax.ts";

/** Maximum size of a script, in bytes. */
export const SCRIPT_LIMIT: number = 1024 ** 2;

/** Reads texts off the server's thread. */
export interface ScriptTexts {
  /** Returns the value of a text, or its syntax errors. */
  read(text: string): Promise<
    | { readonly value: unknown; readonly issues?: undefined }
    | { readonly issues: readonly SyntaxIssue[] }
  >;
}

/**
 * Reads the text of a script: YAML, or JSON as a part of it.
 *
 * @returns the value, not yet validated
 * @throws PerfmockError `SCRIPT_INVALID` if it is too long or not valid YAML, with line and column
 */
export async function readScript(
  text: string,
  texts: ScriptTexts,
): Promise<unknown> {
  const size = new TextEncoder().encode(text).length;
  if (size > SCRIPT_LIMIT) throw tooLong(size);
  const read = await texts.read(text);
  if (read.issues === undefined) return read.value;
  throw unreadable(read.issues.map(({ line, column, message }) => ({
    path: "",
    message: `Line ${line}, column ${column}: ${message}`,
    allowed: "JSON or YAML",
  })));
}

/**
 * Reads the script in a request's body.
 *
 * @throws PerfmockError `SCRIPT_INVALID`, like {@linkcode readScript}
 */
export async function scriptIn(
  request: Request,
  texts: ScriptTexts,
): Promise<unknown> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > SCRIPT_LIMIT) throw tooLong(announced);
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // The rest may be without end: it is not read.
    if (size > SCRIPT_LIMIT) throw tooLong(`more than ${SCRIPT_LIMIT}`);
    text += decoder.decode(chunk, { stream: true });
  }
  return await readScript(text + decoder.decode(), texts);
}

function tooLong(size: number | string): PerfmockError {
  return unreadable([{
    path: "",
    message: `The script has ${size} bytes`,
    allowed: `at most ${SCRIPT_LIMIT} bytes`,
    suggestion: "Keep traces and values in files of their own",
  }], 413);
}

function unreadable(issues: readonly Issue[], status?: number): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    "Cannot read the script",
    issues,
    { status },
  );
}
