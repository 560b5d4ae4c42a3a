/**
 * The service of the plugin: it runs a script in real time or in virtual time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { LoadEngine, LoadOptions, LoadResult } from "../../core/load.ts";
import { progressLine } from "./figures/formats.ts";
import type { Runs, RunsOptions } from "./runs/runs.ts";
import { parseScript, readScript, type ScriptTexts } from "./script/parse.ts";
import { simulateApart } from "./simulation/apart.ts";
import { beyondLimit, simulate } from "./simulation/simulate.ts";

/** Limits of simulations. */
export interface SimulationLimits {
  /** Maximum time of one, in ms. */
  readonly time: number;
  /** Maximum memory that the objects of one take, in bytes. */
  readonly memory: number;
  /** Maximum number at once. */
  readonly atOnce: number;
}

/** Tools of the load engine of one revision. */
export interface EngineOptions extends RunsOptions {
  /** Limits of simulations. */
  readonly simulations: SimulationLimits;
}

/** The load engine of one revision. */
export class Engine implements LoadEngine {
  readonly #runs: Runs;
  readonly #texts: ScriptTexts;
  readonly #options: EngineOptions;
  readonly #ending = new AbortController();
  readonly #simulations = new Set<Promise<unknown>>();

  constructor(runs: Runs, options: EngineOptions, texts: ScriptTexts) {
    this.#texts = texts;
    this.#runs = runs;
    this.#options = options;
  }

  async load(
    script: unknown,
    { folder, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const run = await this.#runs.start(await this.#valueOf(script), folder);
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

  simulate(
    script: unknown,
    { folder, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const { loadHost, targets, stress, simulations } = this.#options;
    return this.#bounded(
      signal,
      async (ending) =>
        await simulate(await this.#valueOf(script), {
          ...this.#tools(folder),
          server: { stress, targets },
          virtualWorld: () => loadHost.virtualWorld(),
          signal: ending,
          memory: simulations.memory,
          tick: (tick) => progress?.(tick, progressLine(tick)),
        }),
    );
  }

  /** The same on a thread of its own, so that this one goes on. Plugins that were given as objects keep it on this one. */
  simulateApart(script: unknown, options: LoadOptions): Promise<LoadResult> {
    const { host, loadHost, targets, stress, simulations } = this.#options;
    if (loadHost.thread.partial) return this.simulate(script, options);
    return this.#bounded(options.signal, async (ending) => {
      const value = await this.#valueOf(script);
      const tools = this.#tools(undefined);
      await parseScript(value, {
        ...tools,
        unread: () => {},
        server: { dials: host.dials, stress, targets },
      });
      return await simulateApart({
        input: loadHost.thread,
        script: value,
        folder: tools.folder,
        targets,
        memory: simulations.memory,
      }, ending);
    });
  }

  async #valueOf(script: unknown): Promise<unknown> {
    return typeof script === "string"
      ? await readScript(script, this.#texts)
      : script;
  }

  #tools(folder: string | undefined) {
    const { host, loadHost } = this.#options;
    return {
      kit: host.kit,
      stream: (seed: number | string, name: string) => host.stream(seed, name),
      suggest: (name: string, candidates: Iterable<string>) =>
        host.suggest(name, candidates),
      folder: folder ?? fileURLToPath(loadHost.thread.folder),
    };
  }

  /** Runs a simulation within the limits of time and number. */
  async #bounded(
    signal: AbortSignal | undefined,
    run: (ending: AbortSignal) => Promise<LoadResult>,
  ): Promise<LoadResult> {
    const { host: { clock }, simulations: { time, atOnce } } = this.#options;
    if (this.#simulations.size >= atOnce) {
      throw beyondLimit(
        `${atOnce} simulations are under way, and no more are allowed at once`,
        429,
      );
    }
    const late = new AbortController();
    const timer = clock.at(
      clock.now() + time,
      () => late.abort(beyondLimit(`it has taken more than ${time / 1000} s`)),
      undefined,
    );
    const simulation = run(
      AbortSignal.any([
        late.signal,
        this.#ending.signal,
        ...signal === undefined ? [] : [signal],
      ]),
    );
    this.#simulations.add(simulation);
    try {
      return await simulation;
    } finally {
      this.#simulations.delete(simulation);
      clock.cancel(timer);
    }
  }

  /** Ends all simulations. Runs are ended by their owner. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#simulations);
  }
}
