/**
 * The service of the plugin: it runs a script in real time or in virtual time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  bareNumberIssues,
  type LoadCheck,
  type LoadEngine,
  type LoadOptions,
  type LoadResult,
  readScript,
  type ScriptTexts,
} from "../../core/load.ts";
import { progressLine } from "./figures/formats.ts";
import { resultOfShares } from "./figures/share.ts";
import { runOnWorkers } from "./workers/lead.ts";
import type { Runs, RunsOptions } from "./runs/runs.ts";
import { scriptJsonSchema } from "./script/json_schema.ts";
import { parseScript } from "./script/parse.ts";
import { simulateApart } from "./simulation/apart.ts";
import { beyondLimit, simulate } from "./simulation/simulate.ts";
import {
  SERVER_ENDS,
  type SimulationLimits,
  type SimulationsUnderWay,
} from "./simulation/under_way.ts";

/** Origin of a script's target; empty if it has none that can be read. */
function originOf(script: unknown): string[] {
  const { target } = Object(script) as { readonly target?: unknown };
  const url = typeof target === "string" ? URL.parse(target) : null;
  return url === null ? [] : [url.origin];
}

/** Tools of the load engine of one revision. */
export interface EngineOptions extends RunsOptions {
  /** Limits of simulations. */
  readonly simulations: SimulationLimits;
  /** Simulations of all revisions. */
  readonly underWay: SimulationsUnderWay;
}

/** The load engine of one revision. */
export class Engine implements LoadEngine {
  readonly #runs: Runs;
  readonly #texts: ScriptTexts;
  readonly #options: EngineOptions;

  constructor(runs: Runs, options: EngineOptions, texts: ScriptTexts) {
    this.#texts = texts;
    this.#runs = runs;
    this.#options = options;
  }

  async load(
    script: unknown,
    options: LoadOptions = {},
  ): Promise<LoadResult> {
    const { folder, segment, startAt, signal, progress } = options;
    const value = await this.#valueOf(script);
    if (options.workers !== undefined) {
      const { host, targets, stress } = this.#options;
      return await runOnWorkers(value, options, {
        ...this.#tools(folder),
        clock: host.clock,
        version: host.version,
        // Each worker decides on the targets that it may send to.
        server: {
          dials: host.dials,
          stress,
          targets: [...targets, ...originOf(value)],
        },
      });
    }
    const run = await this.#runs.start(value, { folder, segment, startAt });
    const stop = () => run.cut("it was stopped");
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    const unlisten = run.listen({
      progress: (tick) => progress?.(tick, progressLine(tick, run.report)),
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
    { folder, segment, signal, progress }: LoadOptions = {},
  ): Promise<LoadResult> {
    const { host, loadHost, targets, stress, simulations } = this.#options;
    return this.#bounded(
      signal,
      async (ending) =>
        await simulate(await this.#valueOf(script), {
          ...this.#tools(folder),
          segment: segment ?? host.segment,
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
      const order = {
        input: loadHost.thread,
        script: value,
        folder: tools.folder,
        segment: host.segment,
        seed: host.seed,
        targets,
        memory: simulations.memory,
      };
      try {
        return await simulateApart(order, ending);
      } catch (error) {
        // The run's thread ended when it handed over the figures.
        throw error === SERVER_ENDS
          ? beyondLimit("the server is ending", 503)
          : error;
      }
    });
  }

  async check(
    script: unknown,
    { folder, segment }: Pick<LoadOptions, "folder" | "segment"> = {},
  ): Promise<LoadCheck> {
    const { host, targets, stress } = this.#options;
    const value = await this.#valueOf(script);
    const { scenarios } = await parseScript(value, {
      ...this.#tools(folder),
      segment: segment ?? host.segment,
      server: { dials: host.dials, stress, targets },
    });
    return {
      scenarios: scenarios.length,
      warnings: bareNumberIssues(value, [], () => this.schema()),
    };
  }

  merge(
    shares: readonly { readonly source: string; readonly data: unknown }[],
  ): LoadResult {
    return resultOfShares(shares, this.#options.host.kit);
  }

  schema(): Record<string, unknown> {
    return scriptJsonSchema(this.#options.host.kit);
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
      seed: host.seed,
      stream: (seed: number | string, name: string) => host.stream(seed, name),
      suggest: (name: string, candidates: Iterable<string>) =>
        host.suggest(name, candidates),
      folder: folder ?? fileURLToPath(loadHost.thread.folder),
    };
  }

  /** Runs a simulation within the limits of time and number. */
  #bounded(
    signal: AbortSignal | undefined,
    run: (ending: AbortSignal) => Promise<LoadResult>,
  ): Promise<LoadResult> {
    const { host: { clock }, simulations, underWay } = this.#options;
    return underWay.run({ clock, limits: simulations, signal }, run);
  }
}
