/**
 * `perfmock drift` compares two recordings of an upstream.
 *
 * @module
 */
import { extname } from "node:path";
import { type Command, Option } from "commander";
import type { DriftResult } from "../contract/recorder.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { loadConfiguration } from "./configuration.ts";
import {
  checkOutputs,
  type OutputKind,
  refuseInputs,
  writeOutputs,
} from "./outputs.ts";
import { ReadingLine } from "./reading_line.ts";
import type { Terminal } from "./terminal.ts";

/** Exit status where a route drifts. */
const DRIFTS = 99;

/** Options of `drift`, as typed. */
export interface DriftCommandOptions {
  /** Relative change of a percentile from which on it is a drift. */
  readonly threshold?: string;
  /** Change of a share from which on it is a drift. */
  readonly share?: string;
  /** True to print JSON. */
  readonly json?: boolean;
  /** Files to write the comparison to. */
  readonly out?: readonly string[];
}

/** A comparison as files. */
const COMPARISON: OutputKind = {
  result: "the comparison",
  extensions: [".json", ".svg", ".html"],
  allowed: ".json for all figures, .svg for the drawing, .html for both",
};

/**
 * Adds the command.
 *
 * @param finish receives the exit status
 */
export function addDrift(
  program: Command,
  out: Terminal,
  finish: (status: number) => void,
): void {
  program.command("drift")
    .description(
      "compare two recordings of an upstream by route; exit status 99 if response times or statuses have changed",
    )
    .argument("<before>", "earlier recording")
    .argument("<after>", "later recording")
    .option(
      "--threshold <share>",
      "change of a percentile from which on it is a drift, such as 10%",
      "10%",
    )
    .option(
      "--share <share>",
      "change of the share of a status from which on it is a drift",
      "1%",
    )
    .option("--json", "print all figures as JSON")
    .addOption(
      new Option(
        "--out <file>",
        "file to write the comparison to: .json, .svg or .html; repeatable",
      ).argParser((file, files: readonly string[] = []) => [...files, file]),
    )
    .action(
      async (before: string, after: string, options: DriftCommandOptions) =>
        finish(await drift([before, after], options, out)),
    );
}

/**
 * Compares two recordings and prints the result.
 *
 * @returns 0, or 99 if a route drifts, is new, or has vanished
 * @throws PerfmockError with all errors of the options and the files
 */
export async function drift(
  [before, after]: readonly [string, string],
  { out: files = [], json = false, ...options }: DriftCommandOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files, COMPARISON);
  refuseInputs(files, COMPARISON, [before, after]);
  const issues: Issue[] = [];
  const threshold = shareIn("threshold", options.threshold, issues);
  const share = shareIn("share", options.share, issues);
  if (issues.length > 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot compare", issues);
  }
  const configuration = await loadConfiguration({}, { optional: true });
  await using server = await configuration.createServer({ listen: false });
  const line = new ReadingLine(out);
  let result: DriftResult;
  try {
    result = await server.importer.compare(before, after, {
      threshold,
      share,
      progress: line.show,
    });
  } finally {
    line.clear();
  }
  out.write(json ? jsonOf(result) : result.table);
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await textOf(file, result));
  writeOutputs(files, COMPARISON, (file) => texts.get(file) ?? "");
  return result.ok ? 0 : DRIFTS;
}

async function textOf(file: string, result: DriftResult): Promise<string> {
  switch (extname(file)) {
    case ".svg":
      return await result.svg();
    case ".html":
      return await result.html();
    default:
      return jsonOf(result);
  }
}

function jsonOf({ answer }: DriftResult): string {
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

/** A share such as `10%` or `0.1`. */
function shareIn(
  name: string,
  text: string | undefined,
  issues: Issue[],
): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ??
    [];
  const value = Number(digits) / (percent === "%" ? 100 : 1);
  if (value >= 0 && value < Infinity) return value;
  issues.push({
    path: `--${name}`,
    message: `--${name} is not valid`,
    value: text,
    allowed: "a share such as 10% or 0.1",
  });
  return undefined;
}
