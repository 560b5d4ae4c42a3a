/**
 * The terminal: output, error messages, and the signals that interrupt a command.
 *
 * @module
 */
import type { PerfmockError } from "../errors.ts";
import { describeError, printable, readablePath } from "../lib/issue_text.ts";
import { LocatedError, type Warning } from "./located.ts";

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

/**
 * Prints an error with all its issues to standard error, in the order of the file where they have places in one, then the warnings
 * about the same input.
 */
export function printError(error: PerfmockError, out: Terminal): void {
  const [places, warnings] = error instanceof LocatedError
    ? [error.places, error.located]
    : [[], error.warnings.map((warning) => ({ warning, place: undefined }))];
  out.writeError(describeError(error, places));
  if (warnings.length > 0) out.writeError(`\n${describeWarnings(warnings)}`);
}

/** Formats warnings: path and message, the suggestion, the place in the file. */
export function describeWarnings(warnings: readonly Warning[]): string {
  return warnings.map(({ warning, place }) => {
    const { path, message, suggestion } = warning;
    const lines = [
      `warning: ${path === "" ? "" : `${readablePath(path)}: `}${
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
