/**
 * The service of the plugin: it runs a script in real time or in virtual time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { LoadEngine, LoadOptions, LoadResult } from "../../core/load.ts";
import { progressLine } from "./figures/formats.ts";
import type { Runs, RunsOptions } from "./runs/runs.ts";
import { readScript } from "./script/parse.ts";
import { simulate } from "./simulation/mod.ts";

/** The load engine of one revision. */
export class Engine implements LoadEngine {
  readonly #runs: Runs;
  readonly #options: RunsOptions;
  readonly #ending = new AbortController();
  readonly #simulations = new Set<Promise<unknown>>();

  constructor(runs: Runs, options: RunsOptions) {
    this.#runs = runs;
    this.#options = options;
  }

  async load(
    script: unknown,
    { folder, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const run = await this.#runs.start(valueOf(script), folder);
    const stop = () => run.cut("it was stopped");
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    const unlisten = run.listen({
      progress: (tick) => progress?.(tick, progressLine(tick)),
      ended: () => {},
    });
    await run.over;
    unlisten();
    signal?.removeEventListener("abort", stop);
    if (run.result !== undefined) return run.result;
    throw new Error(`Run ${run.id} failed: ${run.error ?? "it did not start"}`);
  }

  async simulate(
    script: unknown,
    { folder, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const { host, loadHost, targets, stress } = this.#options;
    const simulation = simulate(valueOf(script), {
      kit: host.kit,
      stream: (seed, name) => host.stream(seed, name),
      suggest: (name, candidates) => host.suggest(name, candidates),
      folder: folder ?? fileURLToPath(loadHost.thread.folder),
      server: { stress, targets },
      virtualWorld: () => loadHost.virtualWorld(),
      signal: signal === undefined
        ? this.#ending.signal
        : AbortSignal.any([signal, this.#ending.signal]),
      tick: (tick) => progress?.(tick, progressLine(tick)),
    });
    this.#simulations.add(simulation);
    try {
      return await simulation;
    } finally {
      this.#simulations.delete(simulation);
    }
  }

  /** Ends all simulations. Runs are ended by their owner. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#simulations);
  }
}

function valueOf(script: unknown): unknown {
  return typeof script === "string" ? readScript(script) : script;
}
