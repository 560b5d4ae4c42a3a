/**
 * The terminal: output, error messages, and the signals that interrupt a command.
 *
 * @module
 */
import { fromPointer } from "../config/mod.ts";
import type { Issue, PerfmockError } from "../errors.ts";
import { oneLine } from "../lib/terminal_text.ts";
import { LocatedError, type Warning } from "./configuration.ts";

/** The output of a command. */
export interface Terminal {
  /** Writes a text to standard output, unchanged. */
  write(text: string): void;
  /** Writes a text to standard error, unchanged. */
  writeError(text: string): void;
  /** True if a line of standard error can be overwritten. Default false. */
  readonly live?: boolean;
  /** Width in characters; undefined if it is unknown. */
  readonly columns?: number | undefined;
  /** Marks a text as important if colours are enabled. */
  bold(text: string): string;
  /** Marks a text as secondary if colours are enabled. */
  dim(text: string): string;
}

const ENCODER = new TextEncoder();

/** Returns the terminal of the process. NO_COLOR and a pipe disable colours. */
export function terminal(): Terminal {
  const colours = !Deno.noColor && Deno.stdout.isTerminal();
  const styled = (code: number) => (text: string) =>
    colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    write: (text) => writeAll(Deno.stdout, text),
    writeError: (text) => writeAll(Deno.stderr, text),
    live: !Deno.noColor && Deno.stderr.isTerminal(),
    get columns() {
      try {
        return Deno.consoleSize().columns;
      } catch {
        return undefined;
      }
    },
    bold: styled(1),
    dim: styled(2),
  };
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let bytes = ENCODER.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // A reader such as head may close the pipe: a server continues without one.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Prints an error with all its issues to standard error, in the order of the file where they have places in one. */
export function printError(error: PerfmockError, out: Terminal): void {
  const places = error instanceof LocatedError ? error.places : [];
  out.writeError(`${printable(error.message)} [${error.code}]\n`);
  for (const [index, issue] of error.issues.entries()) {
    out.writeError(`\n${describe(issue, places[index])}`);
  }
}

/** Formats warnings: path and message, the suggestion, the place in the file. */
export function describeWarnings(warnings: readonly Warning[]): string {
  return warnings.map(({ warning, place }) => {
    const { path, message, suggestion } = warning;
    const lines = [
      `warning: ${path === "" ? "" : `${readable(path)}: `}${
        printable(message)
      }`,
    ];
    if (suggestion !== undefined) {
      lines.push(`  suggestion: ${printable(suggestion)}`);
    }
    if (place !== undefined) lines.push(`  at ${place}`);
    return `${lines.join("\n")}\n`;
  }).join("");
}

/** A JSON Pointer as people write a path: a slash within a key is a slash. The name of an option stays as it is. */
function readable(pointer: string): string {
  if (!pointer.startsWith("/")) return oneLine(pointer);
  return oneLine(fromPointer(pointer).map((key) => `/${key}`).join(""));
}

/** Formats an issue: path and message, the value received, what is allowed, the suggestion, the place in the file. */
function describe(issue: Issue, place: string | undefined): string {
  const lines = [
    `  ${issue.path === "" ? "" : `${readable(issue.path)}: `}${
      printable(issue.message)
    }`,
  ];
  if (issue.value !== undefined) {
    lines.push(`    received: ${inline(issue.value)}`);
  }
  if (issue.allowed !== undefined) {
    lines.push(`    allowed: ${printable(issue.allowed)}`);
  }
  if (issue.suggestion !== undefined) {
    lines.push(`    suggestion: ${printable(issue.suggestion)}`);
  }
  if (place !== undefined) lines.push(`    at ${place}`);
  return `${lines.join("\n")}\n`;
}

/** Escapes the same in a text of one or several lines. */
function printable(text: string): string {
  return text.split("\n").map(oneLine).join("\n");
}

/** Maximum length of a printed value: the path and the place show where the rest is. */
const MAX_LENGTH = 120;

function inline(value: unknown): string {
  const text = typeof value === "number" || typeof value === "bigint"
    ? `${value}`
    : oneLine(JSON.stringify(value) ?? String(value));
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)} …` : text;
}

/** Exit status of an interrupted command: 128 + SIGINT, as in shells. */
export const INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Listens for SIGINT and SIGTERM until disposed. The first one aborts {@linkcode signal}, the second ends the process. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #first = Promise.withResolvers<void>();

  constructor() {
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#receive);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves with the first signal. */
  get received(): Promise<void> {
    return this.#first.promise;
  }

  readonly #receive = (): void => {
    if (this.signal.aborted) Deno.exit(INTERRUPTED);
    this.#controller.abort();
    this.#first.resolve();
  };

  [Symbol.dispose](): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#receive);
  }
}
