/**
 * The degraded routes of one revision, and the backends behind them.
 *
 * @module
 */
import type { Host, Issue, Route, RouteHooks } from "../../../core/plugin.ts";
import {
  Backend,
  type BackendReport,
  type EdgeCounter,
  type EdgeCounters,
  type EdgeState,
  type Exhaustion,
  type ExhaustionSettings,
  levelsOf,
  USUAL_CRASH,
} from "../edge/mod.ts";
import type { PressureSource } from "../pressure.ts";
import type { BrownOutState } from "./brown_out.ts";
import { InvalidRoute } from "./_invalid_route.ts";
import {
  Inputs,
  type Model,
  type ModelContext,
  prepareModel,
} from "./model.ts";
import { routeHooks } from "./route_hooks.ts";
import type { DegradeRouteOptions, DegradeSettings } from "./settings.ts";

/** A degraded route in figures. */
export interface DegradedRouteReport {
  /** Which model it follows. */
  readonly model: string;
  /** Which process it belongs to; null for the server. */
  readonly backend: string | null;
  /** How near the edge it is: 1 is at it. */
  readonly level: number;
  /** How many steps down it is, of a brown-out. */
  readonly step: number;
  /** Whether requests meet exhaustion. */
  readonly exhausted: boolean;
  /** How many have. */
  readonly refused: number;
  /** How many met a backend that was down. */
  readonly lost: number;
  /** How many failed before that. */
  readonly failed: number;
}

/** All that is modelled, in figures. */
export interface DegradeReport {
  /** By name; the server's own is called `""`. */
  readonly backends: Readonly<Record<string, BackendReport>>;
  /** By the route's id. */
  readonly routes: Readonly<Record<string, DegradedRouteReport>>;
}

/** What is modelled, of one revision. */
export interface Degrade {
  /**
   * Prepares one route.
   *
   * @returns undefined where it is not degraded
   * @throws Error with the issues of a PerfmockError, paths relative to the route
   */
  route(
    route: Route,
    options: Readonly<Partial<DegradeRouteOptions>>,
  ): RouteHooks | undefined;
  /** All of it in figures. */
  snapshot(): DegradeReport;
  /** Bytes, crashes, steps and signals start afresh. */
  reset(): void;
  /** The revision takes over. */
  adopt(): void;
  /** Inputs that name a route's pool which there is not; asked after all routes were prepared. Paths relative to the routes. */
  warnings(): Issue[];
}

/** What outlives a revision. */
interface Kept {
  readonly backends: Map<string, Backend>;
  readonly routes: Map<string, RouteState>;
}

/** What a route remembers. */
interface RouteState extends EdgeState, BrownOutState {
  /** When its signals began, on the clock; NaN until it was adopted. */
  origin: number;
}

/** A prepared route. */
interface Prepared {
  readonly state: RouteState;
  readonly backend: Backend;
  readonly inputs: Inputs;
  readonly report: (at: number) => DegradedRouteReport;
  /** Whether its backend must remember who is in service. */
  readonly tracked: boolean;
}

/** The backend of routes that name none. */
const SERVER = "";

/** A leak ends in a crash where nothing else is said. */
const LEAK_ENDS: ExhaustionSettings = {
  action: "crash",
  at: 1,
  ...USUAL_CRASH,
};

/**
 * Makes the models of one revision.
 *
 * @param host what core offers
 * @param pressure what real stress there is
 */
export function createDegrade(host: Host, pressure: PressureSource): Degrade {
  return new DegradedRoutes(host, pressure);
}

class DegradedRoutes implements Degrade {
  readonly #host: Host;
  readonly #pressure: PressureSource;
  readonly #kept: Kept;
  readonly #backends = new Map<string, Backend>();
  readonly #routes = new Map<string, Prepared>();

  constructor(host: Host, pressure: PressureSource) {
    this.#host = host;
    this.#pressure = pressure;
    this.#kept = host.keep("degrade", (): Kept => ({
      backends: new Map(),
      routes: new Map(),
    }));
  }

  route(
    route: Route,
    { degrade: settings }: Readonly<Partial<DegradeRouteOptions>>,
  ): RouteHooks | undefined {
    if (settings === undefined) return undefined;
    const state = this.#kept.routes.get(route.id) ?? newState();
    const context: ModelContext = {
      host: this.#host,
      pressure: this.#pressure,
      backend: this.#backend(settings.backend ?? SERVER),
      apart: settings.backend !== undefined,
      route,
      state,
      origin: () => state.origin,
      servers: settings.model === "erlang-c" ? settings.servers : undefined,
    };
    const inputs = new Inputs(context);
    const model = prepareModel(settings, inputs, context);
    const exhaustion = this.#exhaustion(settings, model, inputs);
    if (inputs.faults.length > 0) throw new InvalidRoute(inputs.faults);
    this.#routes.set(route.id, {
      state,
      backend: context.backend,
      inputs,
      tracked: exhaustion?.settings.action === "crash" ||
        context.apart && settings.model === "gc-pause",
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
    const edge = {
      backend: context.backend,
      state,
      inFlight: this.#host.inFlight,
      counters: this.#counters(route.id),
    };
    return routeHooks(edge, { settings, route, model, exhaustion });
  }

  snapshot(): DegradeReport {
    const now = this.#host.clock.now();
    const figures = <T, R>(all: Map<string, T>, of: (one: T) => R) =>
      Object.fromEntries([...all].map(([name, one]) => [name, of(one)]));
    return {
      backends: figures(this.#backends, (backend) => backend.report(now)),
      routes: figures(this.#routes, (route) => route.report(now)),
    };
  }

  reset(): void {
    for (const backend of this.#backends.values()) backend.reset();
    for (const { state } of this.#routes.values()) {
      Object.assign(state, newState());
      this.#begin(state);
    }
  }

  adopt(): void {
    const { backends, routes } = this.#kept;
    const prepared = [...this.#routes.values()];
    backends.clear();
    for (const [name, backend] of this.#backends) {
      const members = prepared.filter((one) => one.backend === backend);
      backend.tracked = members.some(({ tracked }) => tracked);
      backend.measured = members.some(({ inputs }) =>
        inputs.bound.some(({ loaded }) => loaded)
      );
      backends.set(name, backend);
    }
    routes.clear();
    for (const [id, { state, inputs }] of this.#routes) {
      if (Number.isNaN(state.origin)) this.#begin(state);
      routes.set(id, state);
      for (const { bind } of inputs.bound) bind?.();
    }
  }

  #counters(route: string): EdgeCounters {
    const faults = this.#host.metrics.counter({
      name: "perfmock_faults_total",
      help: "Injected faults that took effect",
      labels: ["route", "fault"],
    });
    // A series begins with the first fault: most never come, and metrics hold a limited number of series.
    const counter = (fault: string): EdgeCounter => {
      let series: EdgeCounter | undefined;
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

  warnings(): Issue[] {
    return [...this.#routes].flatMap(([id, { inputs }]) =>
      inputs.bound.filter(({ bind }) => bind?.() === false).map(({ name }) => ({
        path: "",
        message: `Route "${id}" reads "${name}", a pool that there is not`,
        value: name,
        allowed: "the pool that a route's limiter defines inline",
      }))
    );
  }

  #begin(state: RouteState): void {
    state.origin = this.#host.clock.now();
    state.restarts = this.#pressure.restarts();
  }

  #backend(name: string): Backend {
    let backend = this.#backends.get(name);
    if (backend === undefined) {
      backend = this.#kept.backends.get(name) ?? new Backend();
      this.#backends.set(name, backend);
    }
    return backend;
  }

  /** What happens at the edge, and where that is. */
  #exhaustion(
    settings: DegradeSettings,
    model: Model,
    inputs: Inputs,
  ): Exhaustion | undefined {
    const leaks = settings.model === "leak";
    const edge = settings.exhaustion ?? (leaks ? LEAK_ENDS : undefined);
    if (edge === undefined) return undefined;
    const own = edge.input === undefined
      ? undefined
      : inputs.bind(edge.input, "/degrade/exhaustion/input");
    const level = own === undefined ? model.level : own.arriving ?? own.share;
    const name = edge.input ?? settings.input ?? model.reads;
    const pressure = name === "stress" || name === "stress:memory"
      ? this.#pressure
      : undefined;
    return {
      settings: edge,
      threshold: levelsOf(edge, leaks ? 1 : undefined),
      level: pressure === undefined
        ? level
        : (at) => pressure.exhausted() ? Math.max(1, level(at)) : level(at),
      pressure,
    };
  }
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
