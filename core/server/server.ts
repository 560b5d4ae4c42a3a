/**
 * Mock server: the world of its own configuration, the worlds of its sessions, and the parts that they share.
 *
 * @module
 */
import { Hono } from "hono";
import {
  copyData,
  type PerfmockConfig,
  type PerfmockInput,
  Powers,
} from "../config/mod.ts";
import type {
  BottleneckFinder,
  FindAnswer,
  FindOptions,
  FindResult,
  SweepAnswer,
} from "../contract/finder.ts";
import type { Importer } from "../contract/importer.ts";
import type { LoadEngine, LoadOptions, LoadSummary } from "../contract/load.ts";
import {
  builtinEndpoints,
  type Health,
  type RouteDescription,
} from "../control/builtin_endpoints.ts";
import {
  mergedRouteIssues,
  mergeRoutes,
  type PatchAdvice,
  patchConfig,
  putConfig,
} from "../control/config_edits.ts";
import { ownPath } from "../control/endpoints.ts";
import type { SessionRequest } from "../control/session_endpoints.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { problem } from "../lib/problem.ts";
import { describeThrown, stackOf } from "../lib/thrown.ts";
import { isVirtual, PreciseClock } from "../lib/time/mod.ts";
import { Failures } from "../observe/failures.ts";
import { figuresPart } from "../observe/figures.ts";
import { LagSampler } from "../observe/health.ts";
import type { JournalFilter } from "../observe/journal.ts";
import { listRequests } from "../observe/journal_query.ts";
import { MetricRegistry, seriesLimitFor } from "../observe/metric_registry.ts";
import { followProcess } from "../observe/read_process.ts";
import { Recorder } from "../observe/recorder.ts";
import type { Stats } from "../observe/stats.ts";
import { RecentHistogram } from "../observe/windows.ts";
import { wantedMethod } from "../pipeline/cors.ts";
import { forget } from "../pipeline/edge.ts";
import type { Incoming, Peer } from "../pipeline/incoming.ts";
import { type Tracing, tracingFor } from "../pipeline/trace_context.ts";
import { fleetFigures } from "../fleet/fleet_figures.ts";
import type { Awaitable, Clock, JournalEntry, Key } from "../plugin.ts";
import { VERSION } from "../version.ts";
import { PluginDoor } from "../world/plugin_door.ts";
import { FINDER, IMPORTER, LOAD_ENGINE } from "../world/service_keys.ts";
import { culprit, describePlugins } from "../world/plugin_reports.ts";
import type { SettingsInput } from "../world/settings.ts";
import type { Log } from "../world/state.ts";
import { stateOf } from "../world/handover.ts";
import { createVirtualWorld } from "../world/virtual_world.ts";
import { World, type WorldOptions } from "../world/world.ts";
import type { Perfmock, PerfmockOptions } from "./perfmock.ts";
import { type Handover, type ReplicaOptions, takeOverAll } from "./handover.ts";
import { healthOf } from "./health_report.ts";
import { HeldBack } from "./held_back.ts";
import { NOWHERE, virtualClock } from "./listen_errors.ts";
import { logToConsole, safeLog } from "./safe_log.ts";
import { listen, type Listener } from "./serve.ts";
import { certificateFor } from "./serve_certificate.ts";
import { SessionMetrics } from "./session_metrics.ts";
import { Replica } from "./replica.ts";
import { SharedState } from "./shared_state.ts";
import { nameInHost, Sessions, unknownSession } from "./sessions.ts";

/** Longest time that disposal waits for answers that are being written, in ms. */
const FLUSH_LIMIT = 1000;

/** Period that `health` considers, in ms. */
const RECENTLY = 10_000;

/** Options of a server in core itself. */
export interface ServerOptions extends PerfmockOptions, ReplicaOptions {
  /** False for a server that only shows its configuration; see {@linkcode Host.serves}. Default true. */
  readonly serves?: boolean;
  /** Called once the configuration is built, before the server listens. */
  readonly built?: (server: Server) => Awaitable<void>;
}

/** Mock server from its start to its end: its own world, its sessions, and the parts that they share. */
export class Server implements Perfmock {
  /** Answers a request. It is the edge of the server's own world, without a step between. */
  readonly fetch: (
    request: Request,
    peer?: Peer,
  ) => Response | Promise<Response>;
  readonly #ownClock: PreciseClock | undefined;
  readonly #clock: Clock;
  readonly #options: ServerOptions;
  readonly #log: Log;
  readonly #traces: Tracing;
  readonly #powers = new Powers();
  readonly #recorder: Recorder;
  readonly #metrics: MetricRegistry;
  readonly #recentLag = new RecentHistogram(RECENTLY);
  readonly #failures: Failures;
  readonly #overflowing = new Set<string>();
  readonly #lag: LagSampler;
  readonly #heldBack: HeldBack;
  readonly #shared: SharedState;
  readonly #replica: Replica;
  readonly #started: number;
  readonly #main: World;
  readonly #sessions: Sessions;
  #app: Hono | undefined;
  #listener: Listener | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    const log = this.#log = safeLog(options.log ?? logToConsole);
    this.#ownClock = options.clock === undefined
      ? new PreciseClock({
        failed: (error) => this.#internal("clock", error),
      })
      : undefined;
    const clock = this.#clock = options.clock ?? this.#ownClock as Clock;
    this.#metrics = new MetricRegistry({
      onOverflow: (metric) => {
        this.#overflowing.add(metric);
        log("warn", `Metric ${metric} has more series than are kept`);
      },
      onFailure: (plugin, error) =>
        plugin === undefined
          ? this.#internal("metrics", error)
          : new PluginDoor(plugin, this.#failures).failed(
            "metric.follow",
            error,
          ),
    });
    this.#traces = tracingFor(this.#metrics);
    this.#failures = new Failures({ log, metrics: this.#metrics });
    this.#started = clock.now();
    this.#recorder = new Recorder(this.#metrics, this.#started);
    this.#metrics.gauge({
      name: "perfmock_build_info",
      help: "Always 1; the version is in the label",
      labels: ["version"],
      merge: "max",
    }).series(VERSION).set(1);
    if (this.#ownClock !== undefined) {
      followProcess(this.#metrics, performance.timeOrigin / 1000);
    }
    const serves = options.serves ?? true;
    this.#shared = new SharedState({ clock, serves, log });
    this.#replica = new Replica(options, log, (request) => this.fetch(request));
    this.#heldBack = new HeldBack({ clock, log, metrics: this.#metrics });
    this.#lag = new LagSampler(clock, {
      record: (milliseconds) => {
        this.#recorder.lag.record(milliseconds);
        this.#recentLag.record(milliseconds, clock.now());
      },
    });
    this.#sessions = new Sessions({
      clock,
      elsewhere: this.#replica.sessionsElsewhere(() => this.config),
      settings: () => this.config.sessions,
      create: (name, request) => this.#createSession(name, request),
      ended: ({ journal }) => this.#main.journals.ended(journal),
      url: () => this.#listener?.url,
      report: (error) => this.#internal("sessions", error),
    });
    this.#main = this.#world({
      session: undefined,
      scope: "server",
      metrics: this.#metrics,
      recorder: this.#recorder,
      sessionJournals: () =>
        this.#sessions.worlds().map(({ journal }) => journal),
      adopted: ({ routes }) => {
        this.#metrics.seriesLimit = seriesLimitFor(routes.length);
      },
    });
    this.fetch = this.#main.edge.fetch;
  }

  /** Counts and logs an error of perfmock itself. */
  #internal(part: string, error: unknown): void {
    this.#failures.report(
      { plugin: undefined, member: part },
      error,
      () =>
        `An error of perfmock (${part}): ${
          stackOf(error) || describeThrown(error)
        }`,
    );
  }

  /** Takes an error that nothing has caught: laid at the door of the plugin whose file is in its stack, if there is one. */
  unhandled(where: "promise" | "event or timer", thrown: unknown): void {
    const plugin = culprit(thrown, this.#main.revision.plugins);
    if (plugin === undefined) this.#internal(`unhandled ${where}`, thrown);
    else new PluginDoor(plugin, this.#failures).failed(where, thrown);
  }

  /** Makes a world with the parts that all worlds of this server share. */
  #world(
    options: Pick<
      WorldOptions,
      | "adopted"
      | "metrics"
      | "recorder"
      | "scope"
      | "session"
      | "sessionJournals"
    >,
  ): World {
    const clock = this.#clock;
    const fleet = () =>
      this.#replica.fleetOf(options.session, this.#shared.store);
    return new World({
      ...options,
      clock,
      log: this.#log,
      failures: this.#failures,
      traces: this.#traces,
      started: this.#started,
      eventLoopLag: (describe) =>
        describe(this.#recentLag.histogram(clock.now())),
      serves: this.#options.serves ?? true,
      share: (settings) => this.#shared.share(settings),
      url: () => this.#listener?.url,
      control: () => this.config.control,
      powers: this.#powers,
      get fleet() {
        return fleet();
      },
      virtualWorld: (input) => createVirtualWorld(input, this.#log),
      engine: () => this.#listener?.engine,
      endpoints: (world, kit) =>
        builtinEndpoints({
          world,
          kit,
          sessions: world.session === undefined
            ? this.#sessions
            : this.#sessions.seenFrom(world.session),
          health: (part) => this.#health(world, part),
          fleet: world.fleet &&
            fleetFigures(world.fleet, world, () => this.config),
          bySpans: (spans) =>
            spans.flatMap((span) => world.journals.bySpan(span) ?? []),
          plugins: () =>
            describePlugins(world.revision.plugins, world.revision.routeKeys),
        }),
    });
  }

  async #createSession(
    name: string,
    { seed, routes = {} }: SessionRequest,
  ): Promise<World> {
    const world = this.#sessionWorld(name);
    const { input } = this.#main.revision;
    const ids = this.#main.writtenIds;
    const merged = mergeRoutes(
      { value: copyData(input.value), ids },
      routes,
    );
    const value = seed === undefined ? merged : patchConfig(
      { value: merged, ids },
      { seed },
    );
    try {
      await world.start({ ...input, value });
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const { code, message, cause, status } = error;
      throw new PerfmockError(
        code,
        message,
        mergedRouteIssues(error.issues, { ids }, routes),
        { cause, ...status !== undefined && { status } },
      );
    }
    return world;
  }

  #sessionWorld(name: string): World {
    // From the first session on, each request is checked for the name of a session.
    this.#main.edge.inSession ??= (incoming) => this.#inSession(incoming);
    const metrics = new SessionMetrics(this.#metrics);
    return this.#world({
      session: name,
      scope: "session",
      metrics,
      recorder: new Recorder(metrics, this.#clock.now()),
    });
  }

  /**
   * Builds the configuration and listens, unless the options say not to.
   *
   * @throws PerfmockError with all errors, or if it cannot listen on the port
   */
  async start(input: SettingsInput): Promise<void> {
    const listens = this.#options.listen !== false;
    if (listens && isVirtual(this.#clock)) throw virtualClock();
    await this.#powers.own(async () => {
      await this.#main.start(input);
      await takeOverAll(this.#options.handover, {
        main: this.#main,
        sessions: this.#sessions,
        makeWorld: (name) => this.#sessionWorld(name),
      });
    });
    await this.#replica.join(this.#main, this.#shared.store);
    await this.#options.built?.(this);
    const { server } = this.config;
    // A generated certificate is valid from the start of the process. A Clock does not know this wall-clock time.
    const certificate = listens || server.tls !== "self-signed"
      ? await certificateFor(
        server.tls,
        performance.timeOrigin,
        (sentence) => this.#log("info", sentence),
      )
      : undefined;
    if (!listens) return;
    const { edge, revision: { resets } } = this.#main;
    const { sharedPort } = this.#options;
    this.#listener = await listen({
      server: sharedPort === undefined
        ? server
        : { ...server, port: sharedPort, reusePort: true },
      ownPort: sharedPort !== undefined,
      certificate,
      resets,
      edge,
      log: this.#log,
      failed: (engine, error) => this.#internal(`engine ${engine}`, error),
      heldBack: this.#heldBack.count,
      clock: this.#ownClock,
    });
    this.#lag.start();
    await this.#replica.listens(this.url, server);
  }

  get url(): URL {
    return this.#listener?.url ?? new URL(NOWHERE);
  }

  /** URL at which the other replicas reach this one alone; undefined if it does not listen, or stands alone. */
  get ownUrl(): URL | undefined {
    return this.#listener?.own;
  }

  /** State that another replica takes over. */
  state(): Handover {
    return { main: stateOf(this.#main), sessions: this.#sessions.state() };
  }

  get app(): Hono {
    return this.#app ??= new Hono().all("*", (context) => {
      const { raw } = context.req;
      const url = new URL(raw.url);
      const path = ownPath(context);
      if (path === url.pathname) return this.fetch(raw);
      // The app is mounted in another: the prefix is removed, so that routes match and an upstream receives its own path.
      url.pathname = path;
      return this.fetch(new Request(url, raw));
    });
  }

  /** Takes a request that names a session, by a header or by its host; returns false if it names none. */
  #inSession(incoming: Incoming): boolean {
    const { url } = incoming;
    const named = incoming.header(this.config.sessions.header.toLowerCase());
    const name = named ?? nameInHost(url);
    if (name === undefined) return false;
    const world = this.#sessions.find(name);
    if (world !== undefined) {
      const { pathname } = new URL(url);
      const { ofServer } = this.#main.revision;
      if (ofServer(wantedMethod(incoming), pathname)) return false;
      world.edge.receive(incoming);
      return true;
    }
    // Other hosts below .localhost reach the server itself, but the name of a session that has ended is an error.
    if (named === null && !this.#sessions.isPast(name)) return false;
    const { code, message } = unknownSession(name);
    incoming.respond(problem({ status: 404, title: message, code }));
    return true;
  }

  get config(): PerfmockConfig {
    return this.#main.config;
  }

  get revision(): number {
    return this.#main.number;
  }

  get warnings(): readonly Issue[] {
    return this.#main.revision.warnings;
  }

  get routes(): readonly RouteDescription[] {
    return this.#main.routes;
  }

  /** World of the server itself. */
  get world(): World {
    return this.#main;
  }

  /** Load engine, which runs load scripts. Throws as {@linkcode Server.#service} does. */
  get loadEngine(): LoadEngine {
    return this.#service(LOAD_ENGINE, "run the script", "load engine");
  }

  /** Finder of bottlenecks. Throws as {@linkcode Server.#service} does. */
  get finder(): BottleneckFinder {
    return this.#service(FINDER, "run the script", "bottleneck finder");
  }

  /** Importer of what other tools have measured or written. Throws as {@linkcode Server.#service} does. */
  get importer(): Importer {
    return this.#service(IMPORTER, "read the file", "importer");
  }

  /**
   * Finds the service of a plugin.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` if the configuration switches the plugin off, `SERVER_NOT_STARTED` after the end
   */
  #service<T>(key: Key<T>, action: string, name: string): T {
    if (this.#ended !== undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        `Cannot ${action}: the server has ended`,
      );
    }
    const service = this.#main.revision.services.find(key);
    if (service !== undefined) return service;
    const plugin = name.replace(" ", "_");
    throw new PerfmockError("ARGUMENT_INVALID", `Cannot ${action}`, [{
      path: `/plugins/${plugin}`,
      message: `The configuration switches the ${name} off`,
      value: false,
      allowed: `the plugin ${plugin}, switched on`,
    }]);
  }

  async load(script: unknown, options?: LoadOptions): Promise<LoadSummary> {
    return (await this.loadEngine.load(script, options)).summary;
  }

  readonly simulate: Perfmock["simulate"] = async (script, options) =>
    (await this.loadEngine.simulate(script, options)).summary;

  async find(
    script: unknown,
    options?: FindOptions,
  ): Promise<FindResult<FindAnswer>> {
    return await this.finder.find(script, options);
  }

  async sweep(
    script: unknown,
    options?: FindOptions,
  ): Promise<FindResult<SweepAnswer>> {
    return await this.finder.sweep(script, options);
  }

  readonly record: Perfmock["record"] = async (options) =>
    await this.importer.record(options);

  get inFlight(): number {
    let size = this.#main.flow.size;
    for (const { flow } of this.#sessions.worlds()) size += flow.size;
    return size;
  }

  draw(id: string, sequence: number, key?: string): number {
    return this.#main.draw(id, sequence, key);
  }

  stats(): Stats {
    return this.#main.stats();
  }

  /** Figures as {@linkcode Server.stats}, each histogram with its content, to be merged with those of other replicas. */
  statsPart(): Stats {
    return this.#main.stats(figuresPart);
  }

  requests(filter: Partial<JournalFilter> = {}): JournalEntry[] {
    return listRequests(this.#main, filter);
  }

  async update(patch: PerfmockInput, advice?: PatchAdvice): Promise<void> {
    await this.#powers.own(() =>
      this.#main.changeWritten((written) => patchConfig(written, patch, advice))
    );
  }

  /**
   * Replaces the configuration, as PUT config does.
   *
   * @throws PerfmockError with all errors, or `RESTART_REQUIRED`; nothing has changed then
   */
  async replace(
    { value, folder }: Pick<SettingsInput, "value" | "folder">,
  ): Promise<void> {
    await this.#powers.own(() =>
      this.#main.change((input) => ({
        ...input,
        value: putConfig({ value: input.value, ids: [] }, value),
        folder,
      }), { reload: true })
    );
  }

  health(): Health {
    return this.#health(this.#main);
  }

  /** Health of the process, with revision and activities of one world; with `part`, as a part of the health of all replicas. */
  #health(world: World, part = false): Health {
    const { engine, reason } = this.#listener ?? {};
    return healthOf(world, {
      now: this.#clock.now(),
      started: this.#started,
      engine,
      engineReason: reason,
      ending: this.#main.flow.draining ? this.inFlight : undefined,
      sources: {
        lateness: this.#recorder.lateness,
        lag: this.#recentLag,
        clock: () => this.#ownClock?.reason,
        overflowing: () => [...this.#overflowing],
      },
      shared: this.#shared.health,
      agrees: this.#replica.ready,
      further: () => [
        ...this.#failures.reasons(),
        ...this.#heldBack.reasons,
        ...this.#shared.reasons,
        ...this.#replica.reasons(part),
      ],
    });
  }

  reset(): void {
    this.#main.reset();
  }

  async drain(): Promise<void> {
    if (this.#ended !== undefined) return this.#ended;
    this.#sessions.close();
    const flows = [this.#main, ...this.#sessions.worlds()].map(({ flow }) =>
      flow
    );
    for (const flow of flows) {
      flow.draining = true;
      flow.each((x) => x.leave?.());
    }
    const limit = this.#clock.now() + this.config.server.drainTimeout;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.at(limit, resolve, undefined);
    const emptied = Promise.all(flows.map((flow) => flow.emptied()));
    await Promise.race([emptied, late]);
    this.#clock.cancel(timer);
    await this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#replica.fleet.preparations.abandon();
    this.#lag.stop();
    this.#sessions.close();
    const worlds = [this.#main, ...this.#sessions.worlds()];
    const cut = worlds.flatMap((world) => world.cut());
    // Connections end first. If exchanges were settled before, their answers could still be sent, too early.
    if (cut.length > 0) await this.#listener?.cut();
    else await this.#listener?.close(FLUSH_LIMIT);
    for (const x of cut) forget(x);
    await this.#sessions.end();
    await this.#replica[Symbol.asyncDispose]();
    await this.#main.end();
    await this.#shared[Symbol.asyncDispose]();
    await this.#ownClock?.[Symbol.asyncDispose]();
  }
}
