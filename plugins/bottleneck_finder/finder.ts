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
import type { Host } from "../../core/plugin.ts";
import {
  findHtml,
  findMarkdown,
  findTable,
  sweepHtml,
  sweepMarkdown,
  sweepTable,
} from "./report/mod.ts";
import { runFind, type RunTools } from "./runs/find_run.ts";
import { probeOf } from "./runs/probe_of.ts";
import { runSweep } from "./runs/sweep_run.ts";
import { scriptJsonSchema } from "./script/json_schema.ts";
import { parseScript } from "./script/parse.ts";
import type { Script } from "./script/script.ts";
import type { Underway } from "./underway.ts";

/** Parts of a server that experiments need. */
export interface FinderOptions {
  readonly host: Pick<
    Host,
    | "clock"
    | "dials"
    | "find"
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
  /** Makes the probe of a script. Default: the one that its settings ask for. */
  readonly probe?: typeof probeOf;
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
    const { host, probe = probeOf, underway } = this.#options;
    const { updates } = underway;
    return underway.run(signal, (signal) =>
      run(script, {
        host,
        updates: () => underway.updates - updates,
        probe: probe(script.probe, host.url, host),
        holder: "a bottleneck experiment",
        signal,
        planned,
        progress,
      }));
  }
}
