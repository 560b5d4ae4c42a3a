/**
 * A mock server: one revision at a time, and what outlives it.
 *
 * @module
 */
import type { Hono } from "hono";
import type { PerfmockConfig } from "./config/mod.ts";
import {
  builtinEndpoints,
  type Health,
  type PluginDescription,
  type RouteDescription,
  type Stats,
} from "./control/builtin_endpoints.ts";
import { type Issue, PerfmockError } from "./errors.ts";
import { LiveExchange } from "./exchange.ts";
import type { Flow } from "./flow.ts";
import { reasons } from "./health.ts";
import { forget } from "./http.ts";
import {
  LagSampler,
  MetricRegistry,
  RecentHistogram,
  Recorder,
  seriesLimitFor,
} from "./metrics/mod.ts";
import { abandon, createFlow } from "./pipeline.ts";
import type { SequenceCounter } from "./plan.ts";
import type { Perfmock, PerfmockOptions } from "./perfmock.ts";
import type { Clock } from "./plugin.ts";
import { buildRevision, type Revision, type ServerParts } from "./revision.ts";
import type { BuiltRoute } from "./routes/built_route.ts";
import type { SettingsInput } from "./settings.ts";
import { listen, type Listener } from "./serve.ts";
import { certificateFor } from "./serve_certificate.ts";
import { PreciseClock } from "./time/mod.ts";
import { TraceIds } from "./trace.ts";
import { VERSION } from "./version.ts";

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

/** A mock server, from its start to its end. */
export class Server implements Perfmock {
  readonly #ownClock: PreciseClock | undefined;
  readonly #options: PerfmockOptions;
  readonly #parts: ServerParts;
  readonly #recorder: Recorder;
  readonly #metrics: MetricRegistry;
  readonly #recentLag = new RecentHistogram(RECENTLY);
  readonly #overflowing = new Set<string>();
  readonly #reported = new Set<string>();
  readonly #lag: LagSampler;
  readonly #started: number;
  readonly #sequences = new Map<string, SequenceCounter>();
  #revision: Revision | undefined;
  #number = 0;
  #listener: Listener | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: PerfmockOptions) {
    this.#options = options;
    const log = options.log ?? logToConsole;
    this.#ownClock = options.clock === undefined
      ? new PreciseClock()
      : undefined;
    const clock = options.clock ?? this.#ownClock as Clock;
    this.#metrics = new MetricRegistry({
      onOverflow: (metric) => {
        this.#overflowing.add(metric);
        log("warn", `Metric ${metric} has more series than are kept`);
      },
    });
    this.#recorder = new Recorder(this.#metrics);
    this.#metrics.gauge({
      name: "perfmock_build_info",
      help: "Always 1; the version is in the label",
      labels: ["version"],
    }).series(VERSION).set(1);
    this.#started = clock.now();
    this.#lag = new LagSampler(clock, {
      record: (milliseconds) => {
        this.#recorder.lag.record(milliseconds);
        this.#recentLag.record(milliseconds, clock.now());
      },
    });
    this.#parts = {
      clock,
      flow: createFlow(),
      recorder: this.#recorder,
      sequences: this.#sequences,
      metrics: this.#metrics,
      traces: new TraceIds(),
      log,
      // One line for each kind of failure: a hook that always throws must not fill the log at the rate of requests.
      report: (error, { id }) => {
        const failure = new PerfmockError(
          "HOOK_FAILED",
          `A hook of route "${id}" failed: ${error}`,
          [],
          { cause: error },
        );
        if (this.#reported.size > 100) return;
        if (this.#reported.has(failure.message)) return;
        this.#reported.add(failure.message);
        log("error", `${failure.message} [${failure.code}]`);
      },
    };
  }

  /**
   * Builds the configuration and, unless told otherwise, listens.
   *
   * @throws PerfmockError with all faults, or where the port cannot be had
   */
  async start(input: SettingsInput): Promise<void> {
    this.#revision = await buildRevision(
      input,
      this.#parts,
      () =>
        builtinEndpoints({
          health: () => this.health(),
          routes: () => this.routes,
          plugins: () => this.#plugins(),
          stats: () => this.stats(),
          reset: () => this.reset(),
        }),
    );
    this.#number++;
    this.#metrics.seriesLimit = seriesLimitFor(this.#revision.routes.length);
    const { server } = this.config;
    // Wall-clock time, which no Clock knows: a certificate of the run is valid from the start of the process.
    const certificate = await certificateFor(
      server.tls,
      performance.timeOrigin,
    );
    if (this.#options.listen === false) return;
    // Its thread takes a moment to start, and the first answers are to be as exact as all others.
    await this.#ownClock?.start();
    this.#listener = await listen(
      { ...server, certificate, engine: this.#current.engine },
      (request) => this.fetch(request),
    );
    this.#lag.start();
  }

  get #current(): Revision {
    if (this.#revision === undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot use a server that was not started",
      );
    }
    return this.#revision;
  }

  get url(): URL {
    return this.#listener?.url ?? new URL(PLACEHOLDER);
  }

  get app(): Hono {
    return this.#current.app;
  }

  readonly fetch = (request: Request): Response | Promise<Response> =>
    this.#current.fetch(request);

  get config(): PerfmockConfig {
    return this.#current.config;
  }

  get warnings(): readonly Issue[] {
    return this.#current.warnings;
  }

  get routes(): readonly RouteDescription[] {
    return this.#current.routes.map(({ parts }) => ({
      id: parts.route.id,
      methods: parts.route.methods,
      path: parts.route.path,
      does: parts.summaries,
      settings: parts.settings,
    }));
  }

  /** The mock routes as built, for what drives them without HTTP. */
  get builtRoutes(): readonly BuiltRoute[] {
    return this.#current.routes;
  }

  /** The exchanges under way. */
  get flow(): Flow {
    return this.#parts.flow;
  }

  get inFlight(): number {
    return this.#parts.flow.size;
  }

  #plugins(): PluginDescription[] {
    const { plugins, routeKeys } = this.#current;
    return plugins.map(({ key, options, plugin: { name, version } }) => ({
      name,
      version,
      key,
      options,
      routeKeys: routeKeys.get(name) ?? [],
    }));
  }

  draw(id: string, sequence: number, key?: string): number {
    const route = this.#current.routes.find(({ parts }) =>
      parts.route.id === id
    );
    if (route === undefined) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        `Cannot draw for a route "${id}": there is none`,
      );
    }
    const x = new LiveExchange(
      route.plan(route.methods[0]),
      "GET",
      undefined,
    );
    x.sequence = sequence;
    // Whatever header the route samples by, this is its value.
    x.header = () => key ?? null;
    return route.parts.hooks.serve?.(x) ?? 0;
  }

  stats(): Stats {
    return {
      revision: this.#number,
      routes: this.#recorder.snapshot(),
      plugins: Object.fromEntries(
        this.#current.plugins.flatMap(({ plugin: { name }, instance }) =>
          instance.snapshot === undefined ? [] : [[
            name,
            // One that throws must not take the figures of all others away.
            attempt(
              () => instance.snapshot?.(),
              (error) => ({ error: `${error}` }),
            ),
          ]]
        ),
      ),
    };
  }

  health(): Health {
    const now = this.#parts.clock.now();
    const found = reasons({
      lateness: this.#recorder.lateness,
      lag: this.#recentLag,
      clock: () => this.#ownClock?.reason,
      overflowing: () => [...this.#overflowing],
      plugins: () =>
        this.#current.plugins.flatMap(({ plugin: { name }, instance }) =>
          attempt(
            () => instance.health?.() ?? [],
            (error) => [`Plugin "${name}" cannot tell how it is: ${error}`],
          )
        ),
    }, now);
    return {
      status: found.length === 0 ? "ok" : "degraded",
      version: VERSION,
      uptimeMs: now - this.#started,
      revision: this.#number,
      reasons: found,
    };
  }

  reset(): void {
    for (const sequence of this.#sequences.values()) sequence.next = 0;
    for (const { parts } of this.#current.routes) parts.faults?.reset();
    this.#recorder.reset();
  }

  async drain(): Promise<void> {
    if (this.#ended !== undefined) return this.#ended;
    const { flow, clock } = this.#parts;
    flow.draining = true;
    const limit = clock.now() + this.config.server.drainTimeout;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = clock.at(limit, resolve, undefined);
    await Promise.race([flow.emptied(), late]);
    clock.cancel(timer);
    await this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    const { flow } = this.#parts;
    flow.draining = true;
    this.#lag.stop();
    const cut: LiveExchange[] = [];
    flow.endAll((x) => {
      abandon(x, "cut");
      cut.push(x);
    });
    // Connections first: a promise that is settled before they are gone could still become an answer, an early one.
    if (cut.length > 0) await this.#listener?.cut();
    else await this.#listener?.close(FLUSH_LIMIT);
    for (const x of cut) forget(x);
    await this.#revision?.dispose();
    await this.#ownClock?.[Symbol.asyncDispose]();
  }
}

function attempt<T>(work: () => T, otherwise: (error: unknown) => T): T {
  try {
    return work();
  } catch (error) {
    return otherwise(error);
  }
}
