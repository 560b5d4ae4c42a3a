/**
 * What the command line prints, and how.
 *
 * @module
 */
import type { Issue, PerfmockError } from "../errors.ts";
import { LocatedError } from "./configuration.ts";

/** Where a command prints. */
export interface Terminal {
  /** To standard output, as it is. */
  write(text: string): void;
  /** To standard error, as it is. */
  complain(text: string): void;
  /** Whether a line of standard error can be written over; absent where it cannot. */
  readonly live?: boolean;
  /** Marks a text as important, where colours are shown. */
  bold(text: string): string;
  /** Marks a text as secondary, where colours are shown. */
  dim(text: string): string;
}

const ENCODER = new TextEncoder();

/** The process's own terminal; NO_COLOR and a pipe turn colours off. */
export function terminal(): Terminal {
  const colours = !Deno.noColor && Deno.stdout.isTerminal();
  const styled = (code: number) => (text: string) =>
    colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    write: (text) => writeAll(Deno.stdout, text),
    complain: (text) => writeAll(Deno.stderr, text),
    live: !Deno.noColor && Deno.stderr.isTerminal(),
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
    // Who reads may stop reading, as head does; a server goes on without being read.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Prints an error with all its faults to standard error, in the order of the file where they have places in one. */
export function printFaults(error: PerfmockError, out: Terminal): void {
  const places = error instanceof LocatedError ? error.places : [];
  out.complain(`${error.message} [${error.code}]\n`);
  for (const [index, issue] of error.issues.entries()) {
    out.complain(`\n${describe(issue, places[index])}`);
  }
}

/** One fault: where and what, then the value, what is allowed, and what was probably meant. */
function describe(issue: Issue, place: string | undefined): string {
  const lines = [
    `  ${issue.path === "" ? "" : `${oneLine(issue.path)}: `}${issue.message}`,
  ];
  if (issue.value !== undefined) {
    lines.push(`    received: ${inline(issue.value)}`);
  }
  if (issue.allowed !== undefined) lines.push(`    allowed: ${issue.allowed}`);
  if (issue.suggestion !== undefined) {
    lines.push(`    suggestion: ${issue.suggestion}`);
  }
  if (place !== undefined) lines.push(`    at ${place}`);
  return `${lines.join("\n")}\n`;
}

/** A key may hold anything; the terminal is to see none of it. */
function oneLine(text: string): string {
  return text.replaceAll(
    // deno-lint-ignore no-control-regex -- control characters are what it finds
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => JSON.stringify(character).slice(1, -1),
  );
}

/** Longer values are cut: the path says where the whole is. */
const INLINE = 120;

function inline(value: unknown): string {
  const text = typeof value === "number" || typeof value === "bigint"
    ? `${value}`
    : JSON.stringify(value) ?? String(value);
  return text.length > INLINE ? `${text.slice(0, INLINE)} …` : text;
}
