/**
 * A world: one configuration in force, the server's own, a session's or a simulation's. It has one revision at a time, and the
 * state that outlives revisions.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import {
  BackendControl,
  type BackendValues,
  type PreparedPace,
  unknownPreset,
} from "../control/backend_control.ts";
import type { RouteDescription } from "../control/builtin_endpoints.ts";
import type { WrittenConfig } from "../control/config_edits.ts";
import { revisionsIn } from "../control/config_endpoints.ts";
import { PerfmockError } from "../errors.ts";
import { describeThrown } from "../lib/thrown.ts";
import { inSlices } from "../lib/time/mod.ts";
import { endFeed } from "../fleet/fleet_figures.ts";
import type { Describe } from "../observe/figures.ts";
import { ExchangeJournal } from "../observe/journal.ts";
import { Journals } from "../observe/journals.ts";
import { LiveFeed } from "../observe/live_feed.ts";
import { collected } from "../observe/sliced_json.ts";
import {
  type Stats,
  type StatsOptions,
  StatsSource,
} from "../observe/stats.ts";
import type { Recorder } from "../observe/recorder.ts";
import { Edge, forget } from "../pipeline/edge.ts";
import type { Flow, HookReport, LiveExchange } from "../pipeline/exchange.ts";
import { abandon, createFlow, drawServiceTime } from "../pipeline/pipeline.ts";
import type { Clock, Endpoint, Host, Kit, Metrics } from "../plugin.ts";
import { type Segment, WHOLE } from "../scale/segment.ts";
import { AgreedChanges } from "./agreed_changes.ts";
import { DialBoard } from "./dials.ts";
import { forgetSequences } from "./forgotten_sequences.ts";
import { buildLayered } from "./layered_revision.ts";
import { hookReporter } from "./plugin_door.ts";
import { Numbering } from "./numbering.ts";
import { PresetSwitch } from "./preset_switch.ts";
import { presetsIn, withKnownPreset } from "./presets.ts";
import { restartIssues, sessionIssues } from "./refused_changes.ts";
import type { Revision } from "./revision.ts";
import { type MockRoute, routeOf } from "./routes.ts";
import type { SettingsInput } from "./settings.ts";
import type { Log, WorldState } from "./state.ts";
import { copySteps, writtenRoutes } from "./written_settings.ts";

/** Options of a world: the parts that its server shares between worlds, and its own. */
export interface WorldOptions extends
  Pick<
    WorldState,
    | "clock"
    | "control"
    | "engine"
    | "failures"
    | "fleet"
    | "log"
    | "metrics"
    | "powers"
    | "recorder"
    | "scope"
    | "serves"
    | "share"
    | "session"
    | "traces"
    | "url"
    | "virtualWorld"
  >,
  Pick<StatsOptions, "started" | "eventLoopLag"> {
  /** Returns the control API's own endpoints. */
  readonly endpoints: (world: World, kit: Kit) => readonly Endpoint[];
  /** Returns the journals of the sessions, which the plugins of this world read too. Default none. */
  readonly sessionJournals?: () => Iterable<ExchangeJournal>;
  /** Called with each revision that takes over. */
  readonly adopted?: (revision: Revision) => void;
  /** Called when a dial begins to switch to another preset; {@linkcode World.switching} is the end of it. */
  readonly switches?: () => void;
}

/** Demands of a change. */
export interface ChangeOptions {
  /** Revisions that the change was made for; undefined for any. */
  readonly revisions?: readonly number[] | undefined;
  /** True to read plugins, profiles and their files again. Default false. */
  readonly reload?: boolean;
  /** False if the presets are known to be valid. Default true. */
  readonly presets?: boolean;
}

/** Number of routes that are prepared for their first request before a revision takes over. The others follow in slices. */
const PREPARED = 100;

/** One configuration in force. */
export class World implements WorldState {
  readonly session: string | undefined;
  readonly scope: WorldState["scope"];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly recorder: Recorder;
  readonly traces: WorldState["traces"];
  readonly log: Log;
  readonly report: HookReport;
  readonly failures: WorldState["failures"];
  readonly engine: WorldState["engine"];
  readonly serves: boolean;
  readonly url: WorldState["url"];
  readonly control: WorldState["control"];
  readonly powers: WorldState["powers"];
  readonly virtualWorld: WorldState["virtualWorld"];
  readonly flow: Flow = createFlow();
  readonly #numbering: Numbering = new Numbering(this);
  #segment = WHOLE;
  readonly dials: DialBoard = new DialBoard();
  /** Pace and presets in the hands of the control API. */
  readonly backend: BackendControl = new BackendControl(this);
  readonly journal: ExchangeJournal;
  readonly journals: Journals;
  /** Takes requests. */
  readonly edge: Edge = new Edge();
  /** GET live. */
  readonly live: LiveFeed;
  readonly #options: WorldOptions;
  readonly #stats: StatsSource;
  readonly #switch: PresetSwitch;
  #revision: Revision | undefined;
  #number = 0;
  /** Changes of the configuration, and of the pace, that replicas share. */
  readonly changes: AgreedChanges;
  /** Revisions are disposed in their order, since a later one may carry state that an earlier one still uses. */
  #disposals: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.session = options.session;
    this.scope = options.scope;
    this.clock = options.clock;
    this.metrics = options.metrics;
    this.recorder = options.recorder;
    this.traces = options.traces;
    this.log = options.log;
    this.failures = options.failures;
    this.report = hookReporter(options.failures);
    this.engine = options.engine;
    this.serves = options.serves;
    this.url = options.url;
    this.control = options.control;
    this.powers = options.powers;
    this.virtualWorld = options.virtualWorld;
    this.#stats = new StatsSource({
      clock: options.clock,
      started: options.started,
      eventLoopLag: options.eventLoopLag,
      recorder: options.recorder,
      revision: () => this.#number,
      inFlight: () => this.flow.size,
      plugins: () =>
        this.revision.plugins.flatMap(({ plugin: { name }, door, instance }) =>
          instance.snapshot === undefined ? [] : [{
            name,
            report: instance.snapshot,
            failed: (error: unknown) => door.failed("snapshot", error),
          }]
        ),
    });
    this.live = new LiveFeed(this.#stats);
    this.changes = new AgreedChanges(this, {
      build: (edit, how) => this.#build(edit, how),
      adopt: (next, number) => {
        if (next === undefined) this.#number = number;
        else this.#adopt(next, number);
      },
      finish: ({ routes }) => inSlices(this.#preparing(routes)),
      drop: (next) => this.#drop(next),
    });
    this.#switch = new PresetSwitch({
      present: () => this.#ended ? null : this.preset,
      switchTo: (name) => this.switchPreset(name),
      begun: () => options.switches?.(),
      failed: (error, name) =>
        options.failures.report(
          { plugin: undefined, member: "presets" },
          error,
          () => `Cannot switch to preset "${name}": ${describeThrown(error)}`,
        ),
    });
    const own = this.journal = new ExchangeJournal(
      1,
      options.clock.now(),
      options.session ?? null,
      options.traces,
    );
    const { sessionJournals } = options;
    this.journals = new Journals(function* () {
      yield own;
      if (sessionJournals !== undefined) yield* sessionJournals();
    });
  }

  readonly update: Host["update"] = async (edit, ifMatch = null) => {
    await this.changeWritten(({ value }) => edit(value), revisionsIn(ifMatch));
    return this.#number;
  };

  readonly share: WorldState["share"] = async (settings) => {
    const store = await this.#options.share(settings);
    this.#numbering.share(store);
    return store;
  };

  readonly counterOf: WorldState["counterOf"] = (id) => this.#numbering.of(id);

  numbered(ids?: readonly string[]): Promise<void> {
    return this.#numbering.ready(ids);
  }

  get sequences(): WorldState["sequences"] {
    return this.#numbering.sequences;
  }

  endpoints(kit: Kit): readonly Endpoint[] {
    return this.#options.endpoints(this, kit);
  }

  get segment(): Segment {
    return this.#segment;
  }

  /** The revision in force. */
  get revision(): Revision {
    if (this.#revision === undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot use a server that was not started",
      );
    }
    return this.#revision;
  }

  /** Number of the revision in force, from 1. */
  get number(): number {
    return this.#number;
  }

  /** The configuration, complete and frozen. */
  get config(): PerfmockConfig {
    return this.revision.config;
  }

  /**
   * Builds the first revision and puts it in force.
   *
   * @throws PerfmockError with all errors
   */
  async start(input: SettingsInput): Promise<void> {
    this.#segment = input.segment ?? WHOLE;
    const first = await buildLayered(input, this, {
      presets: this.scope === "server",
    });
    this.#adopt(first, 1);
    await inSlices(this.#preparing(first.routes));
  }

  /** Gives the revision in force another number, that of another replica. */
  renumber(number: number): void {
    this.#number = number;
  }

  /**
   * Changes the configuration. Everything is built and validated first; the change takes over between two requests, and
   * exchanges in flight go on as they began. On an error nothing is changed.
   *
   * @param edit makes the new configuration, as written, from a copy of the present one
   * @throws PerfmockError `REVISION_STALE`, `RESTART_REQUIRED`, or with all errors; errors that `edit` throws
   */
  async change(
    edit: (input: SettingsInput) => SettingsInput,
    options: ChangeOptions = {},
  ): Promise<Revision> {
    const { reload, revisions } = options;
    await this.changes.expect(revisions);
    return await this.changes.make(async () => {
      if (revisions?.includes(this.#number) === false) {
        throw stale(revisions, this.#number);
      }
      const next = await this.#build(edit, options);
      await this.changes.adopt(next, { reload });
      return next;
    });
  }

  /**
   * Lays a preset over the configuration in place of the present one. Does nothing if it lies there already.
   *
   * @param name name of the preset; undefined for none
   * @throws PerfmockError `ARGUMENT_INVALID` if there is no such preset, or with all errors; nothing is changed then
   */
  async switchPreset(name: string | undefined): Promise<void> {
    await this.changes.make(async () => {
      if (name === this.preset) return;
      await this.changes.adopt(await this.#withPreset(name));
    });
  }

  async changeBackend(
    prepare: () => PreparedPace,
    preset: string | null | undefined,
  ): Promise<void> {
    await this.changes.make(async () => {
      const { pace, commit, discard } = prepare();
      try {
        const name = preset === undefined ? this.preset : preset ?? undefined;
        const next = name === this.preset
          ? undefined
          : await this.#withPreset(name);
        await this.changes.adopt(next, { pace });
      } catch (error) {
        discard();
        throw error;
      }
      commit();
    });
  }

  /** Name of the preset that lies over the configuration; undefined for none. */
  get preset(): string | undefined {
    return this.revision.input.preset;
  }

  /** Names of the presets of the configuration. */
  get presets(): readonly string[] {
    return Object.keys(presetsIn(this.written));
  }

  /** Pace of the whole backend: the values of dials, or the configuration's. */
  get pace(): BackendValues {
    return this.revision.backend.pace;
  }

  /** The switch to another preset that a dial has begun; undefined if there is none under way. */
  get switching(): Promise<void> | undefined {
    return this.#switch.switching;
  }

  /** Builds the configuration with another preset, which was validated with the configuration beneath it. */
  async #withPreset(name: string | undefined): Promise<Revision> {
    if (name !== undefined && !this.presets.includes(name)) {
      throw unknownPreset(name, this.presets);
    }
    return await this.#build((input) => ({ ...input, preset: name }), {
      presets: false,
    });
  }

  /** Builds a revision that can take over. */
  async #build(
    edit: (input: SettingsInput) => SettingsInput,
    { reload, presets = true }: ChangeOptions,
  ): Promise<Revision> {
    const before = this.revision;
    const { input } = before;
    this.recorder.begin();
    const edited = await inSlices(editSteps(input, edit));
    const next = await buildLayered(withKnownPreset(edited), this, {
      before,
      reload,
      presets: presets && this.scope === "server",
    });
    const refusal = this.#refusalOf(next, before);
    if (refusal === undefined) return next;
    await this.#drop(next);
    throw refusal;
  }

  /** Disposes a revision that is not to take over. */
  #drop(next: Revision): Promise<void> {
    return next.dispose(next.carried.beyond(this.revision.carried));
  }

  /** The error of a revision that is valid but cannot take over; undefined if it can. */
  #refusalOf(next: Revision, before: Revision): PerfmockError | undefined {
    if (this.#ended) {
      return new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot change a server that has ended",
      );
    }
    if (this.scope === "session") {
      const issues = sessionIssues(before, next);
      if (issues.length > 0) {
        return new PerfmockError(
          "SESSION_CONFINED",
          "Cannot change this in a session: it belongs to the server",
          issues,
        );
      }
    }
    const issues = restartIssues(before.config, next, this.engine());
    return issues.length === 0 ? undefined : new PerfmockError(
      "RESTART_REQUIRED",
      "Cannot change this while the server runs: it takes a restart",
      issues,
    );
  }

  /** The configuration as written. */
  get written(): unknown {
    return this.revision.input.value;
  }

  /** Ids of the routes of the configuration as written, without those that the present preset adds. */
  get writtenIds(): readonly string[] {
    const { input, routes } = this.revision;
    const count = writtenRoutes(input.value).length;
    return routes.slice(0, count).map(({ id }) => id);
  }

  /** Changes the configuration as written; see {@linkcode World.change}. */
  changeWritten(
    edit: (written: WrittenConfig) => unknown,
    revisions?: readonly number[],
  ): Promise<Revision> {
    return this.change((input) => ({
      ...input,
      value: edit({ value: input.value, ids: this.writtenIds }),
    }), { revisions });
  }

  /** Puts a revision in force. Synchronous: no request sees half of it. */
  #adopt(next: Revision, number: number): void {
    const before = this.#revision;
    this.journal.resize(Math.max(1, next.config.journal.capacity));
    for (const { instance } of next.plugins) instance.adopt?.();
    const presets = Object.keys(presetsIn(next.input.value));
    this.#switch.adopt(() =>
      this.dials.adopt([...next.dials, ...this.#switch.dials(presets)])
    );
    // Comes before the routes are kept, because it makes room for their series.
    this.#options.adopted?.(next);
    this.recorder.keep(next.routes.map(({ id }) => id));
    forgetSequences(this.sequences, next.routes);
    for (const route of next.routes.slice(0, PREPARED)) this.#prepare(route);
    this.#revision = next;
    this.edge.serve(next.served);
    this.#number = number;
    if (before !== undefined) this.#retire(before, next);
  }

  /** Makes what the first requests of a route need. */
  #prepare(route: MockRoute): void {
    route.adopt();
    this.recorder.prepare(route.id);
    if (route.opens) this.recorder.sockets(route.id);
  }

  *#preparing(routes: readonly MockRoute[]): Generator<void, void> {
    for (const route of routes.slice(PREPARED)) {
      this.#prepare(route);
      yield;
    }
  }

  #retire(before: Revision, next: Revision): void {
    const ended = Promise.withResolvers<void>();
    before.generation.retire(ended.resolve);
    next.carried.forget();
    // The values are listed now, so that the later disposal does not refer to the next revision and keep it in memory.
    const values = before.carried.beyond(next.carried);
    this.#disposals = disposeInTurn(this.#disposals, {
      before,
      ended: ended.promise,
      values,
    });
  }

  /** It is known once the first configuration says whether the server shares anything. */
  get fleet(): WorldState["fleet"] {
    return this.#options.fleet;
  }

  /** Figures since the start or the last reset. */
  stats(describe?: Describe): Stats {
    return this.#stats.stats(describe);
  }

  /**
   * The same figures as JSON, written in slices so that responses are not delayed.
   *
   * @param part true for each histogram with its content, to be merged with the figures of other replicas
   */
  async statsText(part = false): Promise<Uint8Array<ArrayBuffer>> {
    const slices = part ? this.#stats.part() : this.#stats.snapshot();
    return await collected(slices, this.clock) ?? new Uint8Array();
  }

  /** The mock routes, in the order in which they are matched. */
  get routes(): readonly RouteDescription[] {
    return this.revision.routes.map((
      { id, methods, path, summaries, written },
    ) => ({ id, methods, path, does: summaries, settings: written }));
  }

  /** Service time that an exchange of a route gets, in ms. */
  draw(id: string, sequence: number, key?: string): number {
    const plan = routeOf(this.revision.routes, id).anyPlan();
    return drawServiceTime(plan, sequence, key);
  }

  /** Starts sequence numbers, journal and figures from 0 again. */
  reset(): void {
    for (const sequence of this.sequences.values()) {
      sequence.restart();
    }
    for (const { faults } of this.revision.routes) faults?.reset();
    for (const { instance } of this.revision.plugins) instance.reset?.();
    this.journal.reset();
    this.recorder.reset(this.clock.now());
    if (this.session === undefined) {
      this.failures.reset();
      this.fleet?.peers.reset();
    }
  }

  /** Cuts the exchanges in flight and returns them: `forget` settles their promises once the connections are closed. */
  cut(): LiveExchange[] {
    this.#ended = true;
    this.live[Symbol.dispose]();
    endFeed(this);
    const { flow } = this;
    flow.draining = true;
    const cut: LiveExchange[] = [];
    flow.endAll((x) => {
      abandon(x, "cut");
      cut.push(x);
    });
    return cut;
  }

  /** Ends the world: cuts the exchanges in flight and disposes everything. */
  async end(): Promise<void> {
    for (const x of this.cut()) forget(x);
    this.#numbering[Symbol.dispose]();
    await this.changes.ended;
    await this.#disposals;
    await this.#revision?.dispose(this.#revision.carried.beyond(undefined));
  }
}

/** Edits a copy of a configuration. */
function* editSteps(
  input: SettingsInput,
  edit: (input: SettingsInput) => SettingsInput,
): Generator<void, SettingsInput> {
  const value = yield* copySteps(input.value);
  yield;
  const edited = edit({ ...input, value });
  // An edit of an object with many keys takes long.
  yield;
  return edited;
}

async function disposeInTurn(
  disposals: Promise<void>,
  { before, ended, values }: {
    readonly before: Revision;
    readonly ended: Promise<void>;
    readonly values: readonly unknown[];
  },
): Promise<void> {
  await disposals;
  await ended;
  await before.dispose(values);
}

function stale(asked: readonly number[], present: number): PerfmockError {
  return new PerfmockError(
    "REVISION_STALE",
    `Cannot change revision ${
      asked.join(", ") || "that If-Match names"
    }: the configuration is at revision ${present}`,
  );
}
