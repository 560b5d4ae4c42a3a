/**
 * The degraded routes of one revision: their hooks, their figures, and the state that outlives the revision.
 *
 * @module
 */
import {
  type Host,
  type Issue,
  PerfmockError,
  type Route,
  type RouteHooks,
} from "../../core/plugin.ts";
import { AddedWaits } from "./added_waits.ts";
import { Backend, type BackendReport } from "./backend.ts";
import {
  checkArrival,
  enterService,
  type Exhaustion,
  type RefusalContext,
  type RefusalCounter,
  type RefusalCounters,
  type RefusalState,
} from "./exhaustion.ts";
import {
  NO_PRESSURE,
  POOLS,
  type PoolSource,
  PRESSURE,
  type PressureSource,
} from "./input.ts";
import {
  type BrownOutState,
  type Degradation,
  Inputs,
  type Model,
  type ModelContext,
  prepareModel,
  remainingPause,
} from "./models.ts";
import {
  type DegradeRouteOptions,
  type DegradeSettings,
  type InputSettings,
  LEAK_EXHAUSTION,
  thresholdOf,
} from "./settings.ts";

/** Figures of a degraded route. */
export interface DegradedRouteReport {
  /** Name of the model. */
  readonly model: string;
  /** Name of the process that the route belongs to; null for the server. */
  readonly backend: string | null;
  /** Level of the backend; 1 is its limit. */
  readonly level: number;
  /** Number of the present step of a brown-out, 0 for none. */
  readonly step: number;
  /** True while requests are refused because of exhaustion. */
  readonly exhausted: boolean;
  /** Requests refused because of exhaustion. */
  readonly refused: number;
  /** Requests refused during a restart. */
  readonly lost: number;
  /** Requests that failed by chance before exhaustion. */
  readonly failed: number;
}

/** Figures of all degraded routes and their backends. */
export interface DegradeReport {
  /** Backends by name; the name of the server's own is `""`. */
  readonly backends: Readonly<Record<string, BackendReport>>;
  /** Routes by id. */
  readonly routes: Readonly<Record<string, DegradedRouteReport>>;
}

/** State that outlives a revision. */
interface LastingState {
  readonly backends: Map<string, Backend>;
  readonly routes: Map<string, RouteState>;
  readonly waits: WeakMap<PoolSource, AddedWaits>;
  /** Pressure that the routes have read last. */
  pressure: PressureSource;
}

/** State of a route. */
interface RouteState extends RefusalState, BrownOutState {
  /** Start of its signals, on the clock; NaN until the route is adopted. */
  origin: number;
}

/** A prepared route. */
interface Prepared {
  readonly settings: DegradeSettings;
  readonly state: RouteState;
  readonly backend: Backend;
  readonly inputs: Inputs;
  readonly report: (at: number) => DegradedRouteReport;
  /** True if the backend has to remember the exchanges in service. */
  readonly tracked: boolean;
}

/** Name of the backend of routes without one. */
const SERVER = "";

/** The degraded routes of one revision. */
export class DegradedRoutes {
  readonly #host: Host;
  readonly #lasting: LastingState;
  readonly #backends = new Map<string, Backend>();
  readonly #routes = new Map<string, Prepared>();

  /**
   * Makes an empty list.
   *
   * @param host host of the plugin
   */
  constructor(host: Host) {
    this.#host = host;
    this.#lasting = host.keep("degrade", (): LastingState => ({
      backends: new Map(),
      routes: new Map(),
      waits: new WeakMap(),
      pressure: NO_PRESSURE,
    }));
  }

  /**
   * Prepares a route.
   *
   * @returns undefined if the route has no `degrade`
   * @throws PerfmockError `CONFIG_INVALID`; paths relative to the route
   */
  route(
    route: Route,
    { degrade: settings }: Readonly<Partial<DegradeRouteOptions>>,
  ): RouteHooks | undefined {
    if (settings === undefined) return undefined;
    const state = this.#lasting.routes.get(route.id) ?? newState();
    const context: ModelContext = {
      host: this.#host,
      pressure: this.#pressure,
      backend: this.#backend(settings.backend ?? SERVER),
      separate: settings.backend !== undefined,
      route,
      state,
      origin: () => state.origin,
      servers: settings.model === "erlang-c" ? settings.servers : undefined,
      waits: (pool) => this.#waitsOf(pool),
    };
    const inputs = new Inputs(context);
    const model = prepareModel(settings, inputs, context);
    const exhaustion = this.#exhaustion(settings, model, inputs);
    const [first] = inputs.issues;
    if (first !== undefined) {
      throw new PerfmockError("CONFIG_INVALID", first.message, inputs.issues);
    }
    this.#routes.set(route.id, {
      settings,
      state,
      backend: context.backend,
      inputs,
      tracked: exhaustion?.settings.action === "crash" ||
        context.separate && settings.model === "gc-pause",
      report: (at) => ({
        model: settings.model,
        backend: settings.backend ?? null,
        level: model.level(at),
        step: state.step,
        exhausted: state.exhausted,
        refused: state.refused,
        lost: state.lost,
        failed: state.failed,
      }),
    });
    const refusals = {
      backend: context.backend,
      state,
      inFlight: this.#host.inFlight,
      counters: this.#counters(route.id),
    };
    return routeHooks(refusals, { settings, route, model, exhaustion });
  }

  /** Present figures. */
  snapshot(): DegradeReport {
    const now = this.#host.clock.now();
    const figures = <T, R>(all: Map<string, T>, of: (one: T) => R) =>
      Object.fromEntries([...all].map(([name, one]) => [name, of(one)]));
    return {
      backends: figures(this.#backends, (backend) => backend.report(now)),
      routes: figures(this.#routes, (route) => route.report(now)),
    };
  }

  /** Resets bytes, crashes, steps, counts and the start of signals. */
  reset(): void {
    for (const backend of this.#backends.values()) backend.reset();
    for (const { state } of this.#routes.values()) {
      Object.assign(state, newState());
      this.#begin(state);
    }
  }

  /** Takes over from the revision before. */
  adopt(): void {
    const lasting = this.#lasting;
    const prepared = [...this.#routes.values()];
    lasting.backends.clear();
    for (const [name, backend] of this.#backends) {
      const members = prepared.filter((one) => one.backend === backend);
      backend.tracked = members.some(({ tracked }) => tracked);
      backend.measured = members.some(({ inputs }) =>
        inputs.bound.some(({ readsLoad }) => readsLoad)
      );
      lasting.backends.set(name, backend);
    }
    const pressure = this.#pressure;
    const moved = lasting.pressure !== pressure;
    lasting.pressure = pressure;
    lasting.routes.clear();
    for (const [id, { state, inputs }] of this.#routes) {
      if (Number.isNaN(state.origin)) this.#begin(state);
      // resource_stress was turned on or off: its count of restarts begins again, and that is no crash.
      else if (moved) state.restarts = pressure.restarts();
      lasting.routes.set(id, state);
      for (const { bind } of inputs.bound) bind?.();
    }
  }

  /**
   * Inputs that name the inline pool of a route without one, and waits that are modelled twice. Asked after all routes were prepared.
   */
  warnings(): Issue[] {
    const pools = this.#host.find(POOLS);
    const twice = [...this.#routes].flatMap(([id, { settings }]) => {
      if (settings.model !== "erlang-c" || pools === undefined) return [];
      return pools.queuesOf(id).slice(0, 1).map((pool) =>
        waitsTwice(id, pool, settings.input)
      );
    });
    const missing = [...this.#routes].flatMap(([id, { inputs }]) =>
      inputs.bound.filter(({ bind }) => bind?.() === false).map(({ name }) => ({
        path: "",
        message: `Route "${id}" reads "${name}", a pool that does not exist`,
        value: name,
        allowed: "the pool that a route's limiter defines inline",
      }))
    );
    return [...missing, ...twice];
  }

  #waitsOf(pool: PoolSource): AddedWaits {
    let waits = this.#lasting.waits.get(pool);
    if (waits === undefined) {
      waits = new AddedWaits();
      this.#lasting.waits.set(pool, waits);
    }
    return waits;
  }

  /** Looked up when routes are prepared, so that the order of the plugins does not matter. */
  get #pressure(): PressureSource {
    return this.#host.find(PRESSURE) ?? NO_PRESSURE;
  }

  #begin(state: RouteState): void {
    state.origin = this.#host.clock.now();
    state.restarts = this.#pressure.restarts();
  }

  #backend(name: string): Backend {
    let backend = this.#backends.get(name);
    if (backend === undefined) {
      backend = this.#lasting.backends.get(name) ?? new Backend();
      this.#backends.set(name, backend);
    }
    return backend;
  }

  #counters(route: string): RefusalCounters {
    const faults = this.#host.metrics.counter({
      name: "perfmock_faults_total",
      help: "Injected faults that took effect",
      labels: ["route", "fault"],
    });
    // Most faults never occur and the number of series is limited: a series is made for the first fault.
    const counter = (fault: string): RefusalCounter => {
      let series: RefusalCounter | undefined;
      return {
        add() {
          series ??= faults.series(route, fault);
          series.add();
        },
      };
    };
    return {
      exhausted: counter("exhausted"),
      down: counter("backend-down"),
      failing: counter("failing"),
    };
  }

  #exhaustion(
    settings: DegradeSettings,
    model: Model,
    inputs: Inputs,
  ): Exhaustion | undefined {
    const leaks = settings.model === "leak";
    const exhaustion = settings.exhaustion ??
      (leaks ? LEAK_EXHAUSTION : undefined);
    if (exhaustion === undefined) return undefined;
    const own = exhaustion.input === undefined
      ? undefined
      : inputs.bind(exhaustion.input, "/degrade/exhaustion/input");
    const level = own === undefined ? model.level : own.arriving ?? own.share;
    const name = exhaustion.input ?? settings.input ?? model.reads;
    const pressure = name === "stress" || name === "stress:memory"
      ? this.#pressure
      : undefined;
    return {
      settings: exhaustion,
      threshold: thresholdOf(exhaustion, leaks ? 1 : undefined),
      level: pressure === undefined
        ? level
        : (at) => pressure.exhausted() ? Math.max(1, level(at)) : level(at),
      pressure,
    };
  }
}

/** A route to make hooks for. */
interface DegradedRoute {
  readonly settings: DegradeSettings;
  readonly route: Route;
  readonly model: Model;
  readonly exhaustion: Exhaustion | undefined;
}

/** Hooks of a route: exhaustion is checked on arrival, service is entered after all pools have admitted the exchange. */
function routeHooks(
  refusals: RefusalContext,
  { settings, route, model, exhaustion }: DegradedRoute,
): RouteHooks {
  const enter = {
    order: "post",
    handler: enterService(refusals, exhaustion?.settings),
  } as const;
  const stream = route.stream("degrade failures");
  const failing = model.failing && {
    ...model.failing,
    chance: (sequence: number) => stream.uniform(sequence),
  };
  const action = exhaustion?.settings.action;
  return {
    summary: summaryOf(settings, model, exhaustion),
    admit: exhaustion === undefined && failing === undefined ? enter : [
      { order: "pre", handler: checkArrival(refusals, exhaustion, failing) },
      enter,
    ],
    degrade: degradation(refusals.backend, model.degrade),
    ...((action === "connection-reset" || action === "crash") &&
      { resets: true }),
  };
}

/** Sum of the model's time, the rest of the present pause, and the time that a cold start adds. */
function degradation(
  backend: Backend,
  model: Degradation | undefined,
): Degradation {
  return (exchange) => {
    const { service, start } = exchange;
    const pause = remainingPause(backend, start);
    const extra = model === undefined ? 0 : model(exchange);
    backend.serve(service, start);
    return pause + extra + service * backend.coldness(start);
  };
}

/** Warns that the requests of a route wait in a queue, and that `erlang-c` models the same wait. */
function waitsTwice(
  route: string,
  pool: string,
  input: InputSettings | undefined,
): Issue {
  const queue =
    `requests of route "${route}" wait in the queue of pool "${pool}"`;
  return {
    path: "",
    message: input === undefined
      ? `"erlang-c" adds no time: ${queue} already`
      : `"erlang-c" adds the mean wait twice: ${queue} as well`,
    value: "erlang-c",
    allowed:
      'either a pool with a queue, or "erlang-c" with "servers" on a route without one',
  };
}

const VERBS = {
  refuse: "refuses",
  "connection-reset": "resets",
  crash: "crashes",
} as const;

function summaryOf(
  { model, backend }: DegradeSettings,
  { reads }: Model,
  exhaustion: Exhaustion | undefined,
): string {
  const name = model === "none" ? [] : [`${model} by ${reads}`];
  const place = backend === undefined ? "" : ` on ${backend}`;
  const ends = exhaustion === undefined ? [] : [
    `${VERBS[exhaustion.settings.action]} at ${exhaustion.threshold.at}`,
  ];
  return [...name, ...ends].join(", ") + place;
}

function newState(): RouteState {
  return {
    origin: NaN,
    step: 0,
    exhausted: false,
    restarts: 0,
    refused: 0,
    lost: 0,
    failed: 0,
  };
}
