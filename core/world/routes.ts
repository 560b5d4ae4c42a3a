/**
 * The mock routes of a revision: every plugin prepares each of them, and a plan binds what an exchange needs.
 *
 * @module
 */
import {
  type FaultSettings,
  type PerfmockConfig,
  type RouteSettings,
  toPointer,
} from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { ByteMap } from "../lib/bounded.ts";
import { type StreamKey, streamKey } from "../lib/random/mod.ts";
import { inSlices } from "../lib/time/mod.ts";
import { formatDuration } from "../lib/units.ts";
import { messageOfThrown } from "../lib/thrown.ts";
import { unknownRouteIssue } from "../lib/unknown_route.ts";
import { methodLabel } from "../observe/recorder.ts";
import {
  Generation,
  type HookReport,
  type Plan,
  type RouteDials,
} from "../pipeline/exchange.ts";
import { type Cors, corsOf } from "../pipeline/cors.ts";
import {
  type FaultAnswer,
  injectedBy,
  inWords,
  prepareFaults,
  type RouteFaults,
} from "../pipeline/faults.ts";
import {
  hookIssues,
  type OfferedHooks,
  planHooks,
  resets,
  summaries,
} from "../pipeline/hooks.ts";
import type { Conditional } from "../pipeline/choice.ts";
import { RouteConditions } from "../pipeline/conditions.ts";
import { createFlow } from "../pipeline/pipeline.ts";
import { SequenceNumbers } from "../pipeline/sequence.ts";
import {
  allowsOverrides,
  type Meaning,
  MEANING_BYTES,
  prepareOverride,
  REMEMBERED_BYTES,
} from "../pipeline/overrides.ts";
import { type Turning, turnsOn } from "../pipeline/turns.ts";
import type { Dial, Issue, Route } from "../plugin.ts";
import { createAnswer } from "../respond/answer.ts";
import { prepareWebSocket } from "../respond/websocket.ts";
import { Backend, backendInWords } from "./backend.ts";
import { coreDials } from "./core_dials.ts";
import type { PlacedDial } from "./dials.ts";
import type { RunningPlugin } from "./plugin_lifecycle.ts";
import { prepareAnswers } from "./route_answers.ts";
import { RouteView } from "./route_view.ts";
import type { Settings } from "./settings.ts";
import type { WorldState } from "./state.ts";

/** The parts of a {@linkcode Plan} that do not depend on the request's method or on the moment the revision takes over. */
type RouteTemplate =
  & Omit<
    Plan,
    | "sequence"
    | "turns"
    | "recorder"
    | "clock"
    | "flow"
    | "report"
    | "faults"
  >
  & Pick<Conditional, "when" | "readsBody">
  & {
    /** Settings of the turns; undefined where all requests get the same. */
    readonly turning: Turning | undefined;
    /** First turn of each response that can be built without a request. */
    readonly trials: readonly number[];
    /** True if each answer ends its connection. */
    readonly closes: boolean;
  };

/** The parts of a world that plans bind. */
export type RouteWorld = Pick<
  WorldState,
  "clock" | "counterOf" | "flow" | "recorder" | "report" | "sequences"
>;

const UNRECORDED: Plan["recorder"] = { arrived() {}, observe() {} };

/** A mock route with a plan for each method that occurs. */
export class MockRoute implements Conditional {
  readonly methods: readonly string[];
  readonly path: string;
  readonly when: RouteConditions | undefined;
  readonly readsBody: boolean;
  readonly #template: RouteTemplate;
  readonly #world: RouteWorld;
  readonly #plans = new Map<string, Plan>();

  /**
   * Binds no series and no sequence number yet: a rejected revision leaves no trace.
   *
   * @param template parts of the plans
   * @param world state that outlives the revision
   * @param faults prepared faults; undefined where the route has none
   * @param summaries descriptions of the hooks and faults, in words
   * @param written the route as written
   */
  constructor(
    template: RouteTemplate,
    world: RouteWorld,
    readonly faults: RouteFaults | undefined,
    readonly summaries: readonly string[],
    readonly written: Readonly<Record<string, unknown>>,
  ) {
    this.methods = template.route.methods;
    this.path = template.route.path;
    this.when = template.when;
    this.readsBody = template.readsBody;
    this.#template = template;
    this.#world = world;
  }

  /** Id of the route. */
  get id(): string {
    return this.#template.route.id;
  }

  /** True if connections may be reset before the first byte. */
  get resets(): boolean {
    return this.#template.resets;
  }

  /** True if the route opens WebSockets. */
  get opens(): boolean {
    return this.#template.opens;
  }

  /** True if each answer ends its connection. */
  get closes(): boolean {
    return this.#template.closes;
  }

  /** The revision takes over: makes what the first requests need. */
  adopt(): void {
    for (const method of this.methods) this.plan(method);
  }

  /**
   * Returns plans that leave no trace and run no hook, to build each response once; none for those of a proxy, whose answers come from
   * elsewhere.
   *
   * @param report takes errors of the response
   */
  trials(report: HookReport): Plan[] {
    const { turning } = this.#template;
    return this.#template.trials.map((turn) => ({
      ...this.#template,
      hooks: planHooks([]),
      faults: undefined,
      override: undefined,
      journal: undefined,
      identify: undefined,
      prepare: undefined,
      dials: { scale: 1, delay: 0, speedup: 0 },
      sequence: new SequenceNumbers({ index: turn, count: 1 }),
      turns: turning &&
        turnsOn({ ...turning, counted: undefined }, { turns: undefined }),
      recorder: UNRECORDED,
      clock: this.#world.clock,
      flow: createFlow(),
      generation: new Generation(),
      report,
    }));
  }

  /** Returns a plan of the route, for any one of its methods. */
  anyPlan(): Plan {
    return this.plan(this.methods[0]);
  }

  /** Returns the plan for a request's method. A rebuilt route goes on with its sequence number. */
  plan(method: string): Plan {
    const label = methodLabel(method);
    let plan = this.#plans.get(label);
    if (plan === undefined) {
      const { clock, flow, recorder, report } = this.#world;
      const { turning } = this.#template;
      const { id } = this;
      const sequence = this.#world.counterOf(id);
      plan = {
        ...this.#template,
        faults: this.faults,
        sequence,
        turns: turning && turnsOn(turning, sequence),
        recorder: recorder.route(id, this.path, label),
        clock,
        flow,
        report,
      };
      this.#plans.set(label, plan);
    }
    return plan;
  }
}

/** The routes of a revision, and everything that is wrong with them. */
export interface BuiltRoutes {
  /** Routes in the order in which they are matched. */
  readonly routes: readonly MockRoute[];
  /** Pace of the whole backend. */
  readonly backend: Backend;
  /** Dials of the whole backend and of the routes. */
  readonly dials: readonly PlacedDial[];
  /** Issues that plugins found, paths relative to the configuration. */
  readonly issues: readonly Issue[];
}

/** Number of keys of random streams that are computed at once. */
const KEYS_AT_ONCE = 64;

/** Builds the routes, in slices. */
export async function buildRoutes(
  settings: Settings,
  plugins: readonly RunningPlugin[],
  { world, generation }: {
    readonly world: WorldState;
    readonly generation: Generation;
  },
): Promise<BuiltRoutes> {
  const { routes, seed } = settings.config;
  const keys: StreamKey[] = [];
  while (keys.length < routes.length) {
    keys.push(
      ...await Promise.all(
        routes.slice(keys.length, keys.length + KEYS_AT_ONCE)
          .map(({ id }) => streamKey(seed, id)),
      ),
    );
  }
  // Few configurations need it, and it takes long to load.
  const sampler =
    routes.some(({ response, responses = [response] }) =>
        responses.some(({ schema }) => schema !== undefined)
      )
      ? (await import("../lib/schema_sample.ts")).sampleOf
      : undefined;
  return await inSlices(
    routeSteps(settings, plugins, { keys, sampler, world, generation }),
  );
}

function* routeSteps(
  settings: Settings,
  plugins: readonly RunningPlugin[],
  { keys, sampler, world, generation }: {
    readonly keys: readonly StreamKey[];
    readonly sampler: ((schema: object) => unknown) | undefined;
    readonly world: WorldState;
    readonly generation: Generation;
  },
): Generator<void, BuiltRoutes> {
  const issues: Issue[] = [];
  const backend = new Backend(settings.config.backend);
  const dials = backend.dials(settings.kit);
  const cors = corsOf(settings.config.server.cors);
  const overrides = new ByteMap<Meaning>(REMEMBERED_BYTES, MEANING_BYTES);
  const routes: MockRoute[] = [];
  for (const [index, route] of settings.config.routes.entries()) {
    const view = new RouteView(route, keys[index], world.sequences);
    const path = toPointer(["routes", settings.routeIndices[index]]);
    const offers = offersFor(route, view, {
      plugins,
      routeKeys: settings.routeKeys,
      path,
      issues,
    });
    const built = buildRoute(route, view, {
      offers,
      place: toPointer(["routes", settings.routeIndices[index], "when"]),
      settings,
      world,
      generation,
      overrides,
      backend,
      cors,
      written: settings.written[index],
      example: (schema, at) => {
        try {
          return JSON.stringify(sampler?.(schema) ?? null);
        } catch (error) {
          issues.push(schemaIssue(`${path}${at}/schema`, error));
          return "null";
        }
      },
    });
    for (const [dial, turned] of Object.entries(built.dials)) {
      const address = { kind: "route", of: route.id, dial };
      dials.push({ address, dial: turned });
    }
    routes.push(built.route);
    yield;
  }
  return { routes, backend, dials, issues };
}

/** Asks every plugin for its hooks; adds errors to `issues`. */
function offersFor(
  route: RouteSettings,
  view: Route,
  { plugins, routeKeys, path, issues }: {
    readonly plugins: readonly RunningPlugin[];
    readonly routeKeys: Settings["routeKeys"];
    readonly path: string;
    readonly issues: Issue[];
  },
): OfferedHooks[] {
  const offers: OfferedHooks[] = [];
  for (const { instance, plugin: { name } } of plugins) {
    try {
      const keys = routeKeys.get(name) ?? [];
      const own = Object.fromEntries(
        keys.map((key) => [key, route.plugins[key]]),
      );
      const hooks = instance.route?.(view, own);
      if (hooks) offers.push({ plugin: name, hooks });
    } catch (error) {
      issues.push(...issuesOf(error, path, name));
    }
  }
  for (const issue of hookIssues(offers)) issues.push({ ...issue, path });
  return offers;
}

function buildRoute(
  route: RouteSettings,
  view: Route,
  {
    offers,
    place,
    settings,
    world,
    generation,
    overrides,
    backend,
    cors,
    written,
    example,
  }: {
    readonly offers: readonly OfferedHooks[];
    /** JSON Pointer of the route's conditions. */
    readonly place: string;
    readonly settings: Settings;
    readonly world: WorldState;
    readonly generation: Generation;
    readonly overrides: ByteMap<Meaning>;
    readonly backend: Backend;
    readonly cors: Cors | undefined;
    readonly written: Readonly<Record<string, unknown>>;
    /** Makes an example of the JSON Schema of a response, whose place in the route is a JSON Pointer. */
    readonly example: (schema: object, at: string) => string;
  },
): { readonly route: MockRoute; readonly dials: Record<string, Dial> } {
  const { config, kit, parse } = settings;
  const closes = closesConnections(route);
  const when = route.when && new RouteConditions(route.when, place);
  const context = { cors, traces: world.traces, closes };
  const answers = prepareAnswers(route, view, {
    parts: { metrics: world.metrics, traces: world.traces },
    example,
    context,
  });
  const effects = {
    counter: (fault: string) => world.recorder.fault(route.id, fault),
    answer: (answer: FaultAnswer) => createAnswer(answer, context).answer,
  };
  const faults = prepareFaults(route.faults, {
    ...effects,
    stream: view.stream("fault"),
  });
  const dials: RouteDials = {
    scale: 1,
    delay: route.delay ?? 0,
    speedup: 0,
  };
  const needsReset = resets(offers) ||
    route.faults.some(({ action }) => action === "connection-reset");
  return {
    route: new MockRoute(
      {
        route: view,
        hooks: planHooks(offers),
        dials,
        generation,
        replayedBy: offers.map(({ hooks }) => hooks.replayedBy)
          .find((header) => header !== undefined),
        ...config.journal.capacity === 0
          ? { journal: undefined, identify: undefined }
          : {
            journal: world.journal,
            identify: (x) => world.traces.identify(x),
          },
        override: !allowsOverrides(config.overrides)
          ? undefined
          : prepareOverride({
            allowed: config.overrides,
            distribution: (text) => {
              const parsed = parse(text);
              return parsed.issues === undefined ? parsed.value : undefined;
            },
            fault: (kind) =>
              injectedBy(
                typeof kind === "number"
                  ? { status: kind }
                  : { action: kind as FaultSettings["action"] },
                effects,
              ),
            stream: view.stream("service"),
            resets: () =>
              needsReset || canReset(world.engine() ?? config.server.engine),
            route: route.id,
            remembered: overrides,
          }),
        resets: needsReset,
        opens: route.websocket !== undefined,
        closes,
        ...answers,
        when,
        ...route.websocket !== undefined &&
          prepareWebSocket(route.websocket, view, {
            headers: route.response.headers,
            otherwise: answers.answer ?? (() => {}),
            series: () => world.recorder.sockets(route.id),
            traces: world.traces,
          }),
      },
      world,
      faults,
      [
        ...when === undefined ? [] : [when.summary],
        ...summaries(offers),
        ...route.delay ? [`delay ${formatDuration(route.delay)}`] : [],
        ...route.faults.map(inWords),
        ...backendInWords(config.backend),
      ],
      written,
    ),
    dials: {
      ...coreDials(dials, {
        pace: backend.route(dials, faults),
        delay: route.delay ?? 0,
        faults,
        kit,
        lines: answers.lines,
        isProxied: answers.isProxied,
      }),
      ...Object.assign({}, ...offers.map(({ hooks }) => hooks.dials)),
    },
  };
}

function schemaIssue(path: string, error: unknown): Issue {
  return {
    path,
    message: `Cannot make an example: ${messageOfThrown(error)}`,
    allowed: "a JSON Schema with references to its own parts only",
  };
}

/** Returns true if a route asks for the end of each connection. No other value of the header is valid. */
function closesConnections({ response, responses }: RouteSettings): boolean {
  return (responses ?? [response]).some(({ headers }) =>
    Object.keys(headers).some((name) => name.toLowerCase() === "connection")
  );
}

/** Returns true if an HTTP server can reset a connection before any byte. */
function canReset(engine: string): boolean {
  return engine === "native" || engine === "node";
}

/** Issues of a plugin that refused a route. */
function issuesOf(error: unknown, path: string, plugin: string): Issue[] {
  const issues = error instanceof Error && "issues" in error &&
      Array.isArray(error.issues)
    ? error.issues as readonly Issue[]
    : [];
  if (issues.length > 0) {
    return issues.map((issue) => ({ ...issue, path: path + issue.path }));
  }
  const message = messageOfThrown(error);
  return [{ path, message: `Plugin "${plugin}" cannot take it: ${message}` }];
}

/**
 * Warns of resets that browsers hide: they repeat a request whose connection, used before, ends without a byte. Over HTTP/2, which
 * TLS brings, they do not repeat one whose stream is reset.
 */
export function hiddenResets(
  { server: { tls } }: Pick<PerfmockConfig, "server">,
  routes: readonly Pick<MockRoute, "id" | "resets" | "closes">[],
  indices: readonly number[],
): Issue[] {
  if (tls !== undefined) return [];
  const index = routes.findIndex(({ resets, closes }) => resets && !closes);
  if (index < 0) return [];
  const others = routes.filter(({ resets, closes }, other) =>
    other > index && resets && !closes
  ).map(({ id }) => id);
  return [{
    path: `/routes/${indices[index]}/response/headers`,
    message:
      `Browsers repeat a request that is reset on a connection which they have used before: a share of 0.01 reaches a page as about 0.0001${
        others.length === 0 ? "" : ` (also on ${others.join(", ")})`
      }`,
    suggestion:
      'Give this route, and all that the same page calls, the header "Connection: close": each request has a connection of its own then',
  }];
}

/** Finds what the configured HTTP server cannot do. */
export function engineIssues(
  { server: { engine, reusePort, tls } }: Pick<PerfmockConfig, "server">,
  routes: readonly Pick<MockRoute, "id" | "resets">[],
): Issue[] {
  const issues: Issue[] = [];
  const resetting = routes.find((route) => route.resets);
  if (engine === "deno" && resetting !== undefined) {
    issues.push({
      path: "/server/engine",
      message:
        `This engine cannot reset connections, as route "${resetting.id}" does`,
      value: engine,
      allowed: '"auto", "native" or "node"',
      suggestion: "auto",
    });
  }
  if (engine === "native" && tls !== undefined) {
    issues.push({
      path: "/server/engine",
      message: "This engine serves plain HTTP only, without TLS",
      value: engine,
      allowed: '"auto", "deno" or "node", or no server.tls',
      suggestion: "auto",
    });
  }
  if (
    reusePort && (engine === "deno" || engine === "node" || tls !== undefined)
  ) {
    issues.push({
      path: "/server/reusePort",
      message: "Only the engine native can share its port, without TLS",
      value: reusePort,
      allowed:
        'false, or true where server.engine is "native", or "auto" without TLS',
    });
  }
  return issues;
}

/**
 * Finds the route of an id.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where there is none
 */
export function routeOf(routes: readonly MockRoute[], id: string): MockRoute {
  const route = routes.find((route) => route.id === id);
  if (route !== undefined) return route;
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot draw for a route "${id}": there is none`,
    [unknownRouteIssue(id, routes.map(({ id }) => id))],
  );
}
