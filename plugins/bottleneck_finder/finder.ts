/**
 * The service of the plugin: it checks scripts and runs experiments, one at a time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type {
  BottleneckFinder,
  FindAnswer,
  FindOptions,
  FindResult,
  LoadHost,
  SweepAnswer,
} from "../../core/find.ts";
import { readScript, type ScriptTexts } from "../../core/find.ts";
import { type Host, PerfmockError } from "../../core/plugin.ts";
import type { Probe } from "./probes/probe.ts";
import {
  findHtml,
  findMarkdown,
  findTable,
  sweepHtml,
  sweepMarkdown,
  sweepTable,
} from "./report/mod.ts";
import { runFind, type RunTools } from "./runs/find_run.ts";
import { runSweep } from "./runs/sweep_run.ts";
import { scriptJsonSchema } from "./script/json_schema.ts";
import { parseScript } from "./script/parse.ts";
import type { ProbeSettings, Script } from "./script/script.ts";

/** Parts of a server that experiments need. */
export interface FinderOptions {
  readonly host: Pick<
    Host,
    | "clock"
    | "dials"
    | "inFlight"
    | "journal"
    | "kit"
    | "metrics"
    | "seed"
    | "stream"
    | "suggest"
    | "url"
  >;
  readonly loadHost: Pick<LoadHost, "thread">;
  readonly texts: ScriptTexts;
  readonly underway: Underway;
  /** Makes the probe of a script. */
  readonly probe: (settings: ProbeSettings, url: URL | undefined) => Probe;
}

/** Experiments of a server: at most one at a time, since two would disturb each other. It ends with the server. */
export class Underway implements AsyncDisposable {
  readonly #ending = new AbortController();
  #running: Promise<unknown> | undefined;
  #updates = 0;

  /** Number of times that the configuration was changed while an experiment was under way. */
  get updates(): number {
    return this.#updates;
  }

  /** The configuration was changed. */
  updated(): void {
    if (this.busy) this.#updates++;
  }

  /** True while an experiment is under way. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Runs an experiment.
   *
   * @param run receives a signal that ends it
   * @throws PerfmockError `FIND_FAILED` if another one is under way, or the server is ending
   */
  async run<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.check();
    const { signal: ending } = this.#ending;
    const running = run(
      signal === undefined ? ending : AbortSignal.any([signal, ending]),
    );
    this.#running = running.catch(() => {});
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** @throws PerfmockError `FIND_FAILED` if no experiment can begin now */
  check(): void {
    if (this.#ending.signal.aborted) {
      throw new PerfmockError(
        "FIND_FAILED",
        "Cannot begin an experiment: the server is ending",
        [],
        { status: 503 },
      );
    }
    if (this.busy) {
      throw new PerfmockError(
        "FIND_FAILED",
        "Cannot begin an experiment: another one is under way, and they would disturb each other",
        [],
        { status: 429 },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

/** The finder of one revision. */
export class Finder implements BottleneckFinder {
  readonly #options: FinderOptions;

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  async find(
    script: unknown,
    options: FindOptions = {},
  ): Promise<FindResult<FindAnswer>> {
    const parsed = await this.#parse(script, options);
    return await this.findParsed(parsed, options);
  }

  async sweep(
    script: unknown,
    options: FindOptions = {},
  ): Promise<FindResult<SweepAnswer>> {
    const parsed = await this.#parse(script, options);
    return await this.sweepParsed(parsed, options);
  }

  /** Runs the experiment of a script that was parsed. */
  async findParsed(
    script: Script,
    options: FindOptions,
  ): Promise<FindResult<FindAnswer>> {
    const answer = await this.#run(script, options, runFind);
    return {
      answer,
      ok: answer.budget?.kept !== false,
      table: findTable(answer),
      markdown: findMarkdown(answer),
      html: () => findHtml(answer),
    };
  }

  /** Runs the sweep of a script that was parsed. */
  async sweepParsed(
    script: Script,
    options: FindOptions,
  ): Promise<FindResult<SweepAnswer>> {
    const answer = await this.#run(script, options, runSweep);
    const { budget, routes } = answer;
    return {
      answer,
      ok: budget === null ||
        routes.every(({ figures: [first] }) =>
          first === null || first === undefined || first.value <= budget
        ),
      table: sweepTable(answer),
      markdown: sweepMarkdown(answer),
      html: () => sweepHtml(answer),
    };
  }

  async check(
    script: unknown,
    options: Pick<FindOptions, "folder"> = {},
  ): Promise<void> {
    await this.#parse(script, options);
  }

  /**
   * Parses a script, as a call of the control API does before it begins.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all issues
   */
  parse(value: unknown, folder?: string): Script {
    const { host, loadHost } = this.#options;
    return parseScript(value, {
      kit: host.kit,
      dials: host.dials,
      journal: host.journal.capacity,
      seed: host.seed,
      folder: folder ?? fileURLToPath(loadHost.thread.folder),
      suggest: (name, candidates) => host.suggest(name, candidates),
    });
  }

  schema(): Record<string, unknown> {
    return scriptJsonSchema(this.#options.host.kit);
  }

  async #parse(
    script: unknown,
    { folder }: Pick<FindOptions, "folder">,
  ): Promise<Script> {
    const value = typeof script === "string"
      ? await readScript(script, this.#options.texts)
      : script;
    return this.parse(value, folder);
  }

  #run<Answer>(
    script: Script,
    { signal, progress, planned }: FindOptions,
    run: (script: Script, tools: RunTools) => Promise<Answer>,
  ): Promise<Answer> {
    const { host, probe, underway } = this.#options;
    const { updates } = underway;
    return underway.run(signal, (signal) =>
      run(script, {
        host,
        updates: () => underway.updates - updates,
        probe: probe(script.probe, host.url),
        holder: "a bottleneck experiment",
        signal,
        planned,
        progress,
      }));
  }
}
