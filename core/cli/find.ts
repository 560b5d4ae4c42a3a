/**
 * `perfmock find` finds which routes make a page slow, and where it breaks; `perfmock sweep` measures the page at multiples of each
 * route's response time.
 *
 * @module
 */
import { extname } from "node:path";
import type {
  BottleneckFinder,
  FindAnswer,
  FindOptions,
  FindResult,
  SweepAnswer,
} from "../contract/finder.ts";
import { describeThrown } from "../lib/thrown.ts";
import { UnhandledErrors } from "./unhandled.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import { findWarnings, readFindScript } from "./find_script.ts";
import { ProgressLine } from "./load.ts";
import {
  checkOutputs,
  type OutputKind,
  refuseInputs,
  writeOutputs,
} from "./outputs.ts";
import { DEFAULT_PORT } from "./serve_files.ts";
import {
  describeWarnings,
  INTERRUPTED,
  Interruption,
  printError,
  type Terminal,
} from "./terminal.ts";
import { PerfmockError } from "../errors.ts";
import { oneLine } from "../lib/terminal_text.ts";

/** Exit status where a budget is broken. */
const BUDGET_BROKEN = 99;

/** Options of `find` and `sweep`. */
export interface FindCommandOptions extends ConfigurationOptions {
  /** Files to write the answer to. */
  readonly out?: readonly string[];
}

/** Result of either command. */
type Result = FindResult<FindAnswer> | FindResult<SweepAnswer>;

/** Answer of an experiment, as files. */
const ANSWER: OutputKind = {
  result: "the answer",
  extensions: [".json", ".md", ".html"],
  allowed: ".json, .md for Markdown, .html for a page with drawings",
};

/**
 * Runs an experiment against a server with the configuration and prints its answer.
 *
 * @returns 0; 99 if a budget is broken, 130 if a signal ended it
 * @throws PerfmockError with all issues of the configuration or of the script, or where the page gives no figure
 */
export function find(
  file: string,
  options: FindCommandOptions,
  out: Terminal,
): Promise<number> {
  return run(file, options, out, (finder, ...args) => finder.find(...args));
}

/**
 * Runs a sweep against a server with the configuration and prints its answer.
 *
 * @returns and throws as {@linkcode find}
 */
export function sweep(
  file: string,
  options: FindCommandOptions,
  out: Terminal,
): Promise<number> {
  return run(file, options, out, (finder, ...args) => finder.sweep(...args));
}

async function run(
  file: string,
  { out: files = [], ...options }: FindCommandOptions,
  out: Terminal,
  begin: (
    finder: BottleneckFinder,
    script: unknown,
    options: FindOptions,
  ) => Promise<Result>,
): Promise<number> {
  checkOutputs(files, ANSWER);
  const script = await readFindScript(file, options);
  const configuration = await loadConfiguration(options);
  refuseInputs(files, ANSWER, [file, configuration.file]);
  const { port = DEFAULT_PORT } = configuration.input.server ?? {};
  await using server = await configuration.createServer({ listen: true, port });
  using interruption = new Interruption();
  out.writeError(describeWarnings(findWarnings(script, file)));
  const progress = new ProgressLine(out);
  using _unhandled = new UnhandledErrors({
    unhandled: unawaited((line) => {
      progress.clear();
      out.writeError(`${line}\n`);
    }),
  });
  try {
    const value = await script.typedBy(server.finder);
    const result = await script.locate(() =>
      begin(server.finder, value, {
        folder: script.folder,
        signal: interruption.signal,
        planned: (line) => {
          progress.clear();
          out.writeError(`${line}\n`);
        },
        progress: progress.show,
      })
    );
    progress.clear();
    out.write(result.table);
    const texts = new Map<string, string>();
    for (const name of files) texts.set(name, await textOf(name, result));
    writeOutputs(files, ANSWER, (name) => texts.get(name) ?? "");
    if (interruption.signal.aborted) return INTERRUPTED;
    return result.ok ? 0 : BUDGET_BROKEN;
  } catch (error) {
    progress.clear();
    if (!interruption.signal.aborted || !(error instanceof PerfmockError)) {
      throw error;
    }
    printError(error, out);
    return INTERRUPTED;
  }
}

/** Text of an answer in the format that a file's extension names. */
async function textOf(file: string, result: Result): Promise<string> {
  switch (extname(file)) {
    case ".md":
      return result.markdown;
    case ".html":
      return await result.html();
    default:
      return `${JSON.stringify(result.answer, undefined, 2)}\n`;
  }
}

/** Maximum number of different errors that nothing has caught which are shown. */
const MOST_UNAWAITED = 10;

/** Shows errors that nothing has caught, such as those of a module of actions that awaits nothing: each once. They end no load. */
function unawaited(
  show: (line: string) => void,
): (where: string, thrown: unknown) => void {
  const shown = new Set<string>();
  return (where, thrown) => {
    const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
    const place = stack.split("\n").find((line) => /^\s+at /.test(line));
    const line = `warning: An error that nothing caught (${where}): ${
      describeThrown(thrown)
    }${place === undefined ? "" : ` ${place.trim()}`}`;
    if (shown.has(line) || shown.size >= MOST_UNAWAITED) return;
    shown.add(line);
    show(oneLine(line));
  };
}
