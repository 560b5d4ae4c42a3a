/**
 * `perfmock load`: a load script over HTTP, against a server, or the configuration itself.
 *
 * @module
 */
import { createServer } from "../app.ts";
import { PerfmockError } from "../errors.ts";
import {
  checkOutputs,
  finish,
  ProgressLine,
  readScriptFile,
} from "./_script_file.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./output.ts";

/** What a command ends with when something failed while it ran. */
const FAILED = 1;

/** What a command ends with that was interrupted. */
const INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The options of `load`. */
export interface LoadCommandOptions extends ConfigurationOptions {
  /** Where requests go, instead of where the script says. */
  readonly target?: string;
  /** Files that the run is written to. */
  readonly out?: readonly string[];
}

/**
 * Runs a script and prints what came of it. Without a target, it serves the configuration itself, on a free port.
 *
 * @returns 0, 99 where a threshold was not kept, 1 where the run failed, 130 where a signal ended it
 * @throws PerfmockError with all faults of the configuration, or of the script
 */
export async function load(
  file: string,
  { target, out: files = [], ...options }: LoadCommandOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files);
  const script = await readScriptFile(file);
  const value = target === undefined
    ? script.value
    : { ...script.value, target };
  const elsewhere = "target" in value;
  const { input, folder, use } = await loadConfiguration(options, elsewhere);
  await using server = await use(() =>
    createServer(
      elsewhere ? input : { ...input, server: { ...input.server, port: 0 } },
      { folder, listen: !elsewhere },
    )
  );
  using interruption = new Interruption();
  const progress = new ProgressLine(out);
  try {
    const result = await script.use(() =>
      server.loadEngine.load(value, {
        folder: script.folder,
        signal: interruption.signal,
        progress: progress.show,
      })
    );
    progress.clear();
    const status = await finish(result, files, out);
    return interruption.signal.aborted ? INTERRUPTED : status;
  } catch (error) {
    progress.clear();
    if (error instanceof PerfmockError || !(error instanceof Error)) {
      throw error;
    }
    out.complain(`${error.message}\n`);
    return interruption.signal.aborted ? INTERRUPTED : FAILED;
  }
}

/** Hears SIGINT and SIGTERM until it is disposed: the first ends the run with what it has, the second the process. */
class Interruption implements Disposable {
  readonly #controller = new AbortController();

  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#hear);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #hear = (): void => {
    if (this.signal.aborted) Deno.exit(INTERRUPTED);
    this.#controller.abort();
  };

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#hear);
  }
}
