/**
 * A mock server: its own configuration in force, its sessions, and what they all share.
 *
 * @module
 */
import type { Hono } from "hono";
import type { PerfmockConfig, PerfmockInput } from "../config/mod.ts";
import {
  builtinEndpoints,
  type Health,
  type RouteDescription,
} from "../control/builtin_endpoints.ts";
import type { Issue } from "../errors.ts";
import type { Peer } from "../pipeline/exchange.ts";
import type { Flow } from "../pipeline/flow.ts";
import { reasons } from "../observe/health.ts";
import { forget } from "../pipeline/edge.ts";
import type { JournalEntry, JournalFilter } from "../observe/journal.ts";
import { figures } from "../observe/figures.ts";
import { LagSampler } from "../observe/health.ts";
import { MetricRegistry, seriesLimitFor } from "../observe/metric_registry.ts";
import { followProcess } from "../observe/read_process.ts";
import { Recorder } from "../observe/recorder.ts";
import { RecentHistogram } from "../observe/windows.ts";
import type { Stats } from "../observe/stats.ts";
import { loadEngineIn } from "../world/load_engine.ts";
import {
  mergeRoutes,
  patchConfig,
  putConfig,
} from "../control/config_edits.ts";
import { mountedApp } from "./mounted_app.ts";
import type { Perfmock, PerfmockOptions } from "./perfmock.ts";
import type { Clock } from "../plugin.ts";
import type { LoadEngine, LoadOptions, LoadSummary } from "../contract/load.ts";
import { problem } from "../lib/problem.ts";
import {
  describePlugins,
  healthReports,
  reporter,
} from "../world/reporting.ts";
import type { BuiltRoute } from "../world/built_route.ts";
import { listen, type Listener } from "./serve.ts";
import { certificateFor } from "./serve_certificate.ts";
import type { SessionRequest } from "../control/session_endpoints.ts";
import { SessionMetrics } from "./session_metrics.ts";
import { nameInHost, Sessions, unknownSession } from "./sessions.ts";
import type { SettingsInput } from "../world/settings.ts";
import {
  type CommonParts,
  Tenant,
  type TenantOptions,
} from "../world/tenant.ts";
import { PreciseClock } from "../lib/time/mod.ts";
import { TraceIds } from "../lib/trace.ts";
import { VERSION } from "../version.ts";

/** How long disposal waits for answers that are being written, in milliseconds. */
const FLUSH_LIMIT = 1000;

/** How far back `health` looks, in milliseconds. */
const RECENTLY = 10_000;

/** The URL of a server that does not listen: no request leaves for port 0, and the control API takes the name as local. */
const PLACEHOLDER = "http://localhost:0/";

/** Standard error, a line at a time. */
function logToConsole(level: "info" | "warn" | "error", message: string): void {
  // deno-lint-ignore no-console -- this is the log
  console.error(`perfmock: ${level}: ${message}`);
}

/** What a server is made with, as core itself makes one. */
export interface ServerOptions extends PerfmockOptions {
  /** Whether plugins of scope `server` are left out, as in a world in virtual time. */
  readonly sessionPluginsOnly?: boolean;
}

/** A mock server, from its start to its end. */
export class Server implements Perfmock {
  readonly #ownClock: PreciseClock | undefined;
  readonly #clock: Clock;
  readonly #options: ServerOptions;
  readonly #common: CommonParts;
  readonly #recorder: Recorder;
  readonly #metrics: MetricRegistry;
  readonly #recentLag = new RecentHistogram(RECENTLY);
  readonly #overflowing = new Set<string>();
  readonly #lag: LagSampler;
  readonly #started: number;
  readonly #main: Tenant;
  readonly #sessions: Sessions;
  #app: Hono | undefined;
  #engine: "deno" | "node" | undefined;
  #listener: Listener | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    const log = options.log ?? logToConsole;
    this.#ownClock = options.clock === undefined
      ? new PreciseClock()
      : undefined;
    const clock = this.#clock = options.clock ?? this.#ownClock as Clock;
    this.#metrics = new MetricRegistry({
      onOverflow: (metric) => {
        this.#overflowing.add(metric);
        log("warn", `Metric ${metric} has more series than are kept`);
      },
    });
    this.#started = clock.now();
    this.#recorder = new Recorder(this.#metrics, this.#started);
    this.#metrics.gauge({
      name: "perfmock_build_info",
      help: "Always 1; the version is in the label",
      labels: ["version"],
    }).series(VERSION).set(1);
    if (this.#ownClock !== undefined) {
      followProcess(this.#metrics, performance.timeOrigin / 1000);
    }
    this.#lag = new LagSampler(clock, {
      record: (milliseconds) => {
        this.#recorder.lag.record(milliseconds);
        this.#recentLag.record(milliseconds, clock.now());
      },
    });
    this.#common = {
      clock,
      started: this.#started,
      eventLoopLag: () => figures(this.#recentLag.histogram(clock.now())),
      traces: new TraceIds(),
      log,
      report: reporter(log),
      url: () => this.#listener?.url,
      // Loaded where it is asked for: it builds servers itself.
      virtualWorld: async (input) =>
        await (await import("../simulation/mod.ts") as unknown as {
          createVirtualWorld: CommonParts["virtualWorld"];
        }).createVirtualWorld(input),
    };
    this.#sessions = new Sessions({
      clock,
      settings: () => this.config.sessions,
      create: (name, request) => this.#createSession(name, request),
      url: () => this.#listener?.url,
      report: (error) => log("error", `Cannot end a session: ${error}`),
    });
    this.#main = this.#tenant({
      metrics: this.#metrics,
      recorder: this.#recorder,
      sessionPluginsOnly: options.sessionPluginsOnly ?? false,
      adopted: ({ routes }) => {
        this.#metrics.seriesLimit = seriesLimitFor(routes.length);
      },
    });
  }

  #tenant(
    options: Omit<TenantOptions, "common" | "builtin" | "engine">,
  ): Tenant {
    return new Tenant({
      ...options,
      common: this.#common,
      engine: () => this.#engine,
      builtin: (tenant, kit) =>
        builtinEndpoints({
          tenant,
          kit,
          sessions: this.#sessions,
          health: () => this.health(),
          plugins: () => describePlugins(tenant.revision),
        }),
    });
  }

  async #createSession(
    name: string,
    { seed, routes = {} }: SessionRequest,
  ): Promise<Tenant> {
    const metrics = new SessionMetrics(this.#metrics);
    const tenant = this.#tenant({
      session: name,
      metrics,
      recorder: new Recorder(metrics, this.#clock.now()),
      sessionPluginsOnly: true,
    });
    const { input } = this.#main.revision;
    const ids = this.config.routes.map(({ id }) => id);
    const merged = mergeRoutes(
      { value: structuredClone(input.value), ids },
      routes,
    );
    const value = seed === undefined ? merged : patchConfig(
      { value: merged, ids },
      { seed },
    );
    await tenant.start({ ...input, value });
    return tenant;
  }

  /**
   * Builds the configuration and, unless told otherwise, listens.
   *
   * @throws PerfmockError with all faults, or where the port cannot be had
   */
  async start(input: SettingsInput): Promise<void> {
    await this.#main.start(input);
    const { server } = this.config;
    // Wall-clock time, which no Clock knows: a certificate of the run is valid from the start of the process.
    const certificate = await certificateFor(
      server.tls,
      performance.timeOrigin,
    );
    if (this.#options.listen === false) return;
    // Its thread takes a moment to start, and the first answers are to be as exact as all others.
    await this.#ownClock?.start();
    const { engine } = this.#main.revision;
    this.#listener = await listen(
      { ...server, certificate, engine },
      this.fetch,
    );
    this.#engine = engine;
    this.#lag.start();
  }

  get url(): URL {
    return this.#listener?.url ?? new URL(PLACEHOLDER);
  }

  get app(): Hono {
    return this.#app ??= mountedApp((request) => this.fetch(request));
  }

  readonly fetch = (
    request: Request,
    peer?: Peer,
  ): Response | Promise<Response> =>
    this.#sessions.used
      ? this.#inSession(request, peer)
      : this.#main.fetch(request, peer);

  /** A session is named by a header, or else by the host. */
  #inSession(request: Request, peer?: Peer): Response | Promise<Response> {
    const named = request.headers.get(this.config.sessions.header);
    const name = named ?? nameInHost(request.url);
    if (name === undefined) return this.#main.fetch(request, peer);
    const tenant = this.#sessions.find(name);
    if (tenant !== undefined) {
      return this.#main.revision.ofServer(new URL(request.url).pathname)
        ? this.#main.fetch(request, peer)
        : tenant.fetch(request, peer);
    }
    // Any name may stand before .localhost, but not that of a session that has ended.
    if (named === null && !this.#sessions.isPast(name)) {
      return this.#main.fetch(request, peer);
    }
    const { code, message } = unknownSession(name);
    return problem({ status: 404, title: message, code });
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

  /** The server's own configuration in force. */
  get tenant(): Tenant {
    return this.#main;
  }

  /** What runs load scripts. */
  get loadEngine(): LoadEngine {
    return loadEngineIn(this.#main.revision.services);
  }

  async load(script: unknown, options?: LoadOptions): Promise<LoadSummary> {
    return (await this.loadEngine.load(script, options)).summary;
  }

  async simulate(
    script: unknown,
    options?: LoadOptions,
  ): Promise<LoadSummary> {
    return (await this.loadEngine.simulate(script, options)).summary;
  }

  /** The mock routes as built, for what drives them without HTTP. */
  get builtRoutes(): readonly BuiltRoute[] {
    return this.#main.revision.routes;
  }

  /** The exchanges under way. */
  get flow(): Flow {
    return this.#main.flow;
  }

  get inFlight(): number {
    let size = this.#main.flow.size;
    for (const { flow } of this.#sessions.tenants()) size += flow.size;
    return size;
  }

  draw(id: string, sequence: number, key?: string): number {
    return this.#main.draw(id, sequence, key);
  }

  stats(): Stats {
    return this.#main.stats();
  }

  requests(filter: Partial<JournalFilter> = {}): JournalEntry[] {
    return this.#main.journal.entries({ limit: Infinity, ...filter });
  }

  async update(patch: PerfmockInput): Promise<void> {
    await this.#main.changeWritten((written) => patchConfig(written, patch));
  }

  /**
   * Puts another configuration in the place of the present one, as PUT config does.
   *
   * @throws PerfmockError with all faults, or `RESTART_REQUIRED`; nothing has changed then
   */
  async replace(
    { value, folder }: Pick<SettingsInput, "value" | "folder">,
  ): Promise<
    void
  > {
    await this.#main.change((input) => ({
      ...input,
      value: putConfig({ value: input.value, ids: [] }, value),
      folder,
    }), { afresh: true });
  }

  health(): Health {
    const now = this.#clock.now();
    const reports = healthReports(this.#main.revision);
    const found = reasons({
      lateness: this.#recorder.lateness,
      lag: this.#recentLag,
      clock: () => this.#ownClock?.reason,
      overflowing: () => [...this.#overflowing],
      plugins: () => reports.flatMap(({ reasons }) => reasons),
    }, now);
    return {
      status: found.length === 0 ? "ok" : "degraded",
      version: VERSION,
      uptimeMs: now - this.#started,
      revision: this.#main.number,
      reasons: found,
      active: Object.assign({}, ...reports.map(({ active }) => active)),
      exporters: Object.assign(
        {},
        ...reports.map(({ exporters }) => exporters),
      ),
    };
  }

  reset(): void {
    this.#main.reset();
  }

  async drain(): Promise<void> {
    if (this.#ended !== undefined) return this.#ended;
    this.#sessions.close();
    const flows = [this.#main, ...this.#sessions.tenants()].map(({ flow }) =>
      flow
    );
    for (const flow of flows) flow.draining = true;
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
    this.#lag.stop();
    this.#sessions.close();
    const tenants = [this.#main, ...this.#sessions.tenants()];
    const cut = tenants.flatMap((tenant) => tenant.cut());
    // Connections first: a promise that is settled before they are gone could still become an answer, an early one.
    if (cut.length > 0) await this.#listener?.cut();
    else await this.#listener?.close(FLUSH_LIMIT);
    for (const x of cut) forget(x);
    await this.#sessions.end();
    await this.#main.end();
    await this.#ownClock?.[Symbol.asyncDispose]();
  }
}
