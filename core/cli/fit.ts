/**
 * `perfmock fit` prints a distribution that has the durations in a file, with the goodness of fit.
 *
 * @module
 */
import { extname } from "node:path";
import type { FitResult, ReadProgress } from "../contract/importer.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import { ProgressLine } from "./load.ts";
import { InputFiles } from "./input_files.ts";
import {
  checkOutputs,
  type OutputKind,
  refuseInputs,
  writeOutputs,
} from "./outputs.ts";
import { INTERRUPTED, Interruption, type Terminal } from "./terminal.ts";

/** Options of `fit`. */
export interface FitCommandOptions
  extends Pick<ConfigurationOptions, "config" | "env"> {
  /** Unit of durations without one. */
  readonly unit?: string;
  /** Name of the format. */
  readonly format?: string;
  /** Labels as typed, `NAME=VALUE`. */
  readonly select?: readonly string[];
  /** True to take durations of different labels as one. */
  readonly merge?: boolean;
  /** Column with the durations. */
  readonly column?: string;
  /** True to print JSON. */
  readonly json?: boolean;
  /** Files to write the fit to. */
  readonly out?: readonly string[];
}

/** A fit as files. */
const FIT: OutputKind = {
  result: "the fit",
  extensions: [".yaml", ".json"],
  allowed: ".yaml for the distribution with comments, .json for all figures",
};

/**
 * Fits distributions to the durations in a file, and prints the best one.
 *
 * @returns 0, or 130 if a signal ended it
 * @throws PerfmockError with all errors of the file
 */
export async function fit(
  file: string,
  { out: files = [], json = false, ...options }: FitCommandOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files, FIT);
  const select = labelsIn(options.select ?? []);
  const configuration = await loadConfiguration(options, { optional: true });
  refuseInputs(files, FIT, [file, configuration.file]);
  await using server = await configuration.createServer({ listen: false });
  using interruption = new Interruption();
  const progress = new ProgressLine(out);
  const start = performance.now();
  try {
    using input = await InputFiles.read([file], interruption.signal);
    const result = await server.importer.fit(input.names[0], {
      paths: input.paths,
      unit: options.unit,
      format: options.format,
      column: options.column,
      merge: options.merge,
      select,
      signal: interruption.signal,
      progress: (reading) =>
        progress.show(
          { elapsed: performance.now() - start },
          readingInWords(reading),
        ),
    });
    progress.clear();
    out.write(json ? jsonOf(result) : result.table);
    writeOutputs(
      files,
      FIT,
      (name) => extname(name) === ".json" ? jsonOf(result) : result.block,
    );
    return 0;
  } catch (error) {
    progress.clear();
    if (interruption.signal.aborted) return INTERRUPTED;
    throw error;
  }
}

function jsonOf({ answer }: FitResult): string {
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

/** The labels that `--select` names. */
function labelsIn(texts: readonly string[]): Record<string, string> {
  const issues = texts.filter((text) => !/^[^=]+=/.test(text)).map((value) => ({
    path: "--select",
    message: "A label has a name and a value",
    value,
    allowed: 'NAME=VALUE, such as handler="/api/orders"',
  }));
  if (issues.length > 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot select", issues);
  }
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    // Quotes, as Prometheus writes them, are no part of the value.
    return [
      text.slice(0, at).trim(),
      text.slice(at + 1).replace(/^"(.*)"$/, "$1"),
    ];
  }));
}

/** Bytes in a MB. */
const MB = 1e6;

/** The progress of a reading as a line. */
export function readingInWords(
  { file, bytes, size, lines }: ReadProgress,
): string {
  return `${file}: ${(bytes / MB).toFixed(0)} of ${
    (size / MB).toFixed(0)
  } MB, ${lines} lines`;
}
