/**
 * A script as text.
 *
 * @module
 */
import { parseDocument } from "yaml";
import { PerfmockError } from "../../../core/load.ts";

/** The longest script, in bytes. */
export const SCRIPT_LIMIT = 1024 ** 2;

/**
 * Reads a script's text: JSON or YAML, which JSON is a part of.
 *
 * @returns the value, for {@linkcode parseScript}
 * @throws PerfmockError `SCRIPT_INVALID` where it is too long, or neither JSON nor YAML, with line and column
 */
export function readScript(text: string): unknown {
  const size = new TextEncoder().encode(text).length;
  if (size > SCRIPT_LIMIT) throw tooLong(size);
  const document = parseDocument(text, { logLevel: "error" });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw invalid(faults.map(({ message, linePos }) => ({
      path: "",
      message: `Line ${linePos?.[0].line ?? 1}, column ${
        linePos?.[0].col ?? 1
      }: ${message.split(/ at line \d+|\n/)[0]}`,
      allowed: "JSON or YAML",
    })));
  }
  try {
    return document.toJS();
  } catch (error) {
    // Aliases are resolved late: unknown ones, and those that multiply without end.
    throw invalid([{
      path: "",
      message: error instanceof Error ? error.message : String(error),
      allowed: "JSON or YAML",
    }]);
  }
}

/**
 * Reads the script that a request carries.
 *
 * @throws PerfmockError `SCRIPT_INVALID`, as {@linkcode readScript} does
 */
export async function scriptIn(request: Request): Promise<unknown> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // One that is too long is not kept: its length is enough to say so.
    if (size <= SCRIPT_LIMIT) text += decoder.decode(chunk, { stream: true });
  }
  if (size > SCRIPT_LIMIT) throw tooLong(size);
  return readScript(text + decoder.decode());
}

function tooLong(size: number): PerfmockError {
  return invalid([{
    path: "",
    message: `The script holds ${size} bytes`,
    allowed: `at most ${SCRIPT_LIMIT} bytes`,
    suggestion: "Keep traces and values in files of their own",
  }]);
}

function invalid(
  issues: ConstructorParameters<typeof PerfmockError>[2] & object,
): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    "Cannot read the script",
    issues,
  );
}
