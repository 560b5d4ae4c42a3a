/**
 * What the plugin offers to others: to run a script, in real time or in virtual time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  type Host,
  LOAD_HOST,
  type LoadEngine,
  type LoadOptions,
  type LoadResult,
} from "../../core/load.ts";
import { progressLine } from "./figures/mod.ts";
import type { Runs } from "./runs/mod.ts";
import { readScript, type StressScenarios } from "./script/mod.ts";
import { simulate } from "./simulation/mod.ts";

/** What an engine is made of. */
export interface EngineParts {
  /** The plugin's. */
  readonly host: Host;
  /** The server's runs. */
  readonly runs: Runs;
  /** The origins beyond loopback that requests may go to. */
  readonly targets: readonly string[];
  /** Who lays loads on the machine; undefined where that plugin is off. */
  readonly stress: StressScenarios | undefined;
}

/** The engine of one revision. */
export class Engine implements LoadEngine {
  readonly #parts: EngineParts;
  readonly #ending = new AbortController();
  readonly #simulations = new Set<Promise<unknown>>();

  /** @param parts what it is made of */
  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  async load(
    script: unknown,
    { folder, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const run = await this.#parts.runs.start(valueOf(script), folder);
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
    const { host, targets, stress } = this.#parts;
    const simulation = simulate(valueOf(script), {
      kit: host.kit,
      stream: (seed, name) => host.stream(seed, name),
      suggest: (name, candidates) => host.suggest(name, candidates),
      folder: folder ?? fileURLToPath(host.use(LOAD_HOST).thread.folder),
      server: { stress, targets },
      virtualWorld: () => host.use(LOAD_HOST).virtualWorld(),
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

  /** Ends what is simulated; runs are ended by their owner. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#simulations);
  }
}

function valueOf(script: unknown): unknown {
  return typeof script === "string" ? readScript(script) : script;
}
