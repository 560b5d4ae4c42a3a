/**
 * All runs of a server: several at once, over all revisions of its configuration, and none beyond its end.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { LoadHost } from "../../../core/load.ts";
import { type Clock, type Host, PerfmockError } from "../../../core/plugin.ts";
import { ownDestination, resolveTarget } from "../http/mod.ts";
import { parseScript } from "../script/parse.ts";
import type { Script, StressScenarios } from "../script/script.ts";
import type { ThreadWorker } from "./load_thread_handle.ts";
import { Run } from "./run.ts";
import { loadMetrics, RunSeries } from "./series.ts";

/** How many runs there may be at once: each has a thread of its own. */
const MOST_AT_ONCE = 16;

/** How many runs that have ended are remembered. */
const MOST_REMEMBERED = 50;

/** What a revision gives to the runs that begin in it. */
export interface RunsOptions {
  /** The plugin's. */
  readonly host: Pick<
    Host,
    | "clock"
    | "dials"
    | "kit"
    | "log"
    | "metrics"
    | "stream"
    | "suggest"
    | "url"
  >;
  /** Thread input and virtual world of the server. */
  readonly loadHost: LoadHost;
  /** The origins beyond this machine that load may be sent to. */
  readonly targets: readonly string[];
  /** Who lays loads on the machine; undefined where that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** Starts the worker of a load thread; a thread of its own where absent. */
  readonly startWorker?: () => ThreadWorker;
}

/** A server's runs. */
export class Runs implements AsyncDisposable {
  #options: RunsOptions;
  readonly #runs = new Map<string, Run>();
  readonly #seriesOf: ReturnType<typeof loadMetrics>;
  readonly #clock: Clock;
  #count = 0;
  #disposed = false;

  /**
   * None at first.
   *
   * @param options the first revision's
   */
  constructor(options: RunsOptions) {
    this.#options = options;
    this.#clock = options.host.clock;
    this.#seriesOf = loadMetrics(options.host.metrics);
  }

  /** From now on runs begin with another revision's options; those under way go on with theirs. */
  adopt(options: RunsOptions): void {
    this.#options = options;
  }

  /** Whether no further run may begin until one ends. */
  get full(): boolean {
    return this.active.length >= MOST_AT_ONCE;
  }

  /** Those that have not ended. */
  get active(): readonly Run[] {
    return this.all.filter((run) => !run.isOver);
  }

  /** Those there are, and the latest of those that have ended; in the order of their start. */
  get all(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** A run by its id. */
  find(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  /**
   * Begins a run.
   *
   * @param value the script as written
   * @param folder the absolute path of the folder that its relative paths start from; the configuration's where absent
   * @throws PerfmockError `SCRIPT_INVALID` with all faults; nothing was started then
   */
  async start(value: unknown, folder?: string): Promise<Run> {
    this.#checkRoom();
    const options = this.#options;
    const { host, loadHost, stress, startWorker } = options;
    const from = folder ?? fileURLToPath(loadHost.thread.folder);
    const script = await this.#read(value, from, options);
    const destination = await destinationOf(script, options);
    // Others may have begun since.
    this.#checkRoom();
    const run = new Run({
      id: `${script.name}-${++this.#count}`,
      script,
      order: {
        input: loadHost.thread,
        script: value,
        folder: from,
        destination,
      },
      clock: this.#clock,
      dials: host.dials,
      stress,
      series: new RunSeries(this.#seriesOf, this.#clock),
      startWorker,
    });
    this.#remember(run);
    return run;
  }

  /** Ends all runs at once; settles once nothing of them is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const { active } = this;
    for (const run of active) run.cut("the server ended");
    await Promise.all(active.map(({ over }) => over));
  }

  #checkRoom(): void {
    if (!this.#disposed && !this.full) return;
    throw new PerfmockError(
      "SCRIPT_INVALID",
      this.#disposed
        ? "Cannot begin a run: the server is ending"
        : `Cannot begin a run: ${MOST_AT_ONCE} are under way, and each takes a thread`,
    );
  }

  #read(value: unknown, folder: string, options: RunsOptions): Promise<Script> {
    const { host, stress, targets } = options;
    const { kit, dials } = host;
    return parseScript(value, {
      kit,
      stream: (seed, name) => host.stream(seed, name),
      suggest: (name, candidates) => host.suggest(name, candidates),
      folder,
      server: { dials, stress, targets },
    });
  }

  #remember(run: Run): void {
    this.#runs.set(run.id, run);
    const { host } = this.#options;
    run.over.then(() => {
      if (run.state === "failed") {
        host.log("error", `Run ${run.id} failed: ${run.error}`);
      }
    });
    const over = this.all.filter((other) => other.isOver);
    for (const { id } of over.slice(0, -MOST_REMEMBERED)) this.#runs.delete(id);
  }
}

/** Where a script's requests go, once it was checked that they may. */
async function destinationOf(
  { target }: Script,
  { host, targets }: RunsOptions,
) {
  if (target !== undefined) return await resolveTarget(target, { targets });
  if (host.url !== undefined) return await ownDestination(host.url);
  throw new PerfmockError("SCRIPT_INVALID", "Cannot find a target", [{
    path: "/target",
    message: "The script names no target, and this server does not listen",
    allowed: "the URL of a server",
  }]);
}
