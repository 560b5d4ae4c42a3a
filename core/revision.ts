/**
 * One configuration, built: plugins loaded and set up, every setting validated, routes planned. Nothing of it serves until all
 * of it stands; where anything is wrong, everything that is wrong is said at once and nothing is left behind.
 *
 * @module
 */
import { Hono } from "hono";
import {
  type PerfmockConfig,
  type RouteSettings,
  suggest,
  toPointer,
} from "./config/mod.ts";
import { addEndpoints, addFallback } from "./control/endpoints.ts";
import { refuse } from "./control/guard.ts";
import { openapi } from "./control/openapi.ts";
import { type Issue, PerfmockError } from "./errors.ts";
import {
  hookFaults,
  type OfferedHooks,
  planHooks,
  resets,
  summaries,
} from "./hooks.ts";
import { engineFaults, engineFor } from "./engine.ts";
import { prepareFaults } from "./faults/mod.ts";
import { Edge } from "./http.ts";
import type { MetricRegistry } from "./metrics/mod.ts";
import type { Endpoint, Host, Metrics, Route } from "./plugin.ts";
import { problem } from "./problem.ts";
import { createStream, streamKey } from "./random/mod.ts";
import { disposeAll, type RunningPlugin, Services, setUp } from "./registry.ts";
import { createAnswer } from "./routes/answer.ts";
import {
  BuiltRoute,
  RouteView,
  type SharedParts,
} from "./routes/built_route.ts";
import { createFallback } from "./routes/fallback.ts";
import { decodedPattern, Matcher } from "./routes/matcher.ts";
import { createSourced } from "./routes/sourced.ts";
import { answersOf } from "./routes/sources/mod.ts";
import { ownPath } from "./routes/own_path.ts";
import { readSettings, type Settings, type SettingsInput } from "./settings.ts";
import type { TraceIds } from "./trace.ts";
import { VERSION } from "./version.ts";

/** What outlives a revision and what all of its parts share. */
export interface ServerParts extends SharedParts {
  /** All metrics. */
  readonly metrics: MetricRegistry;
  /** Where traceparents come from. */
  readonly traces: TraceIds;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn" | "error", message: string) => void;
}

/** A configuration, built. */
export interface Revision {
  /** The configuration, complete and frozen. */
  readonly config: PerfmockConfig;
  /** The HTTP server it needs. */
  readonly engine: "deno" | "node";
  /** What a user should know. */
  readonly warnings: readonly Issue[];
  /** In the order in which they are matched. */
  readonly routes: readonly BuiltRoute[];
  /** In the order in which they were set up. */
  readonly plugins: readonly RunningPlugin[];
  /** The route keys that each plugin reads, by its name. */
  readonly routeKeys: ReadonlyMap<string, readonly string[]>;
  /** All of it as a Hono app: control API, endpoints, mock routes, fallback. */
  readonly app: Hono;
  /** The same answers by a shorter way. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Disposes the plugins; after the revision's last exchange. */
  dispose(): Promise<void>;
}

/**
 * Builds a configuration.
 *
 * @param input as a user wrote it, and where it stands
 * @param parts what outlives it
 * @param builtin makes the control API's own endpoints, once the routes and plugins are known
 * @throws PerfmockError with all faults
 */
export async function buildRevision(
  input: SettingsInput,
  parts: ServerParts,
  builtin: (
    routes: readonly BuiltRoute[],
    plugins: readonly RunningPlugin[],
  ) => readonly Endpoint[],
): Promise<Revision> {
  const settings = await readSettings(input);
  const services = new Services();
  const plugins = await setUp(
    settings.plugins,
    (entry) => hostFor(entry.plugin.name, { settings, services, parts }),
  );
  try {
    const routes = await buildRoutes(settings, plugins, parts);
    const { config } = settings;
    const warnings = [...settings.warnings, ...warningsOf(plugins)];
    const endpoints = endpointsOf(plugins, builtin(routes, plugins), config);
    const faults = [
      ...clashes(routes, endpoints, config),
      ...engineFaults(config, routes),
    ];
    if (faults.length > 0) throw invalid(faults);
    return {
      config,
      engine: engineFor(config, routes),
      warnings,
      routes,
      plugins,
      routeKeys: settings.routeKeys,
      ...assemble(routes, endpoints, { config, parts }),
      async dispose() {
        for (const error of await disposeAll(plugins)) {
          parts.log("error", `Cannot dispose a plugin: ${error}`);
        }
      },
    };
  } catch (error) {
    await disposeAll(plugins);
    throw error;
  }
}

/** What plugins say of the configuration, now that all routes are known. */
function warningsOf(plugins: readonly RunningPlugin[]): Issue[] {
  return plugins.flatMap(({ instance, key }) =>
    (instance.warnings?.() ?? []).map((issue) => ({
      ...issue,
      path: toPointer(["plugins", key]) + issue.path,
    }))
  );
}

function invalid(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "CONFIG_INVALID",
    `Cannot use the configuration: ${issues.length} ${
      issues.length === 1 ? "fault" : "faults"
    }`,
    issues,
  );
}

function hostFor(
  name: string,
  { settings, services, parts }: {
    readonly settings: Settings;
    readonly services: Services;
    readonly parts: ServerParts;
  },
): Host {
  const { config, kit, families, parse } = settings;
  return {
    clock: parts.clock,
    metrics: parts.metrics as Metrics,
    version: VERSION,
    seed: config.seed,
    kit,
    families,
    distribution(value) {
      const result = parse(value);
      if (result.issues === undefined) return result.value;
      throw new PerfmockError(
        "CONFIG_INVALID",
        "Cannot make this distribution",
        result.issues,
      );
    },
    stream: async (seed, name) =>
      createStream(await streamKey(seed, name), name),
    provide: (key, service) => services.provide(key, service),
    use: (key) => services.use(key),
    suggest,
    log: (level, message) => parts.log(level, `${name}: ${message}`),
  };
}

async function buildRoutes(
  { config, written, routeKeys }: Settings,
  plugins: readonly RunningPlugin[],
  parts: ServerParts,
): Promise<BuiltRoute[]> {
  const keys = await Promise.all(
    config.routes.map((route) => streamKey(config.seed, route.id)),
  );
  const faults: Issue[] = [];
  const routes = config.routes.map((route, index) => {
    const view = new RouteView(route, keys[index], parts.sequences);
    const at = `/routes/${index}`;
    const offers: OfferedHooks[] = [];
    for (const { instance, plugin } of plugins) {
      try {
        const own = routeKeys.get(plugin.name) ?? [];
        const hooks = instance.route?.(view, pick(route, own));
        if (hooks) offers.push({ plugin: plugin.name, hooks });
      } catch (error) {
        faults.push(...faultsOf(error, at, plugin.name));
      }
    }
    faults.push(...hookFaults(offers).map((fault) => ({ ...fault, path: at })));
    const context = { cors: config.server.cors, traces: parts.traces };
    const { body, settings } = answerParts(route, {
      route: view,
      metrics: parts.metrics,
    });
    return new BuiltRoute({
      route: view,
      hooks: planHooks(offers),
      faults: prepareFaults(route.faults, {
        stream: view.stream("fault"),
        counter: (fault) => parts.recorder.fault(route.id, fault),
        answer: (settings) => createAnswer(settings, context),
      }),
      resets: resets(offers) ||
        route.faults.some(({ action }) => action === "connection-reset"),
      summaries: summaries(offers),
      settings: written[index],
      status: route.response.status,
      answer: createAnswer(settings, context),
      body,
    }, parts);
  });
  if (faults.length > 0) throw invalid(faults);
  return routes;
}

function pick(
  route: RouteSettings,
  keys: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, route.plugins[key]]));
}

/** A plugin's refusal of a route: its own issues where it has some. */
function faultsOf(error: unknown, path: string, plugin: string): Issue[] {
  const issues = (error as { issues?: readonly Issue[] } | null)?.issues ?? [];
  if (issues.length > 0) {
    return issues.map((issue) => ({ ...issue, path: path + issue.path }));
  }
  const message = error instanceof Error ? error.message : String(error);
  return [{ path, message: `Plugin "${plugin}" cannot take it: ${message}` }];
}

/** What a route answers, bound; what its bodies need beside the answer itself. */
function answerParts(
  settings: RouteSettings,
  parts: { readonly route: Route; readonly metrics: Metrics },
) {
  const { status, headers } = settings.response;
  const { source, ...answers } = answersOf(settings, parts);
  const body = source === undefined
    ? undefined
    : createSourced({ source, wire: settings.wire, ...parts });
  return {
    body,
    settings: { status, headers, ...answers, sourced: body?.sourced },
  };
}

/** Endpoints with the path they lie under. */
interface Group {
  readonly base: string;
  readonly tag: string;
  readonly endpoints: readonly Endpoint[];
}

function endpointsOf(
  plugins: readonly RunningPlugin[],
  builtin: readonly Endpoint[],
  config: PerfmockConfig,
): Group[] {
  const base = config.control.path;
  const groups: Group[] = [{ base, tag: "control", endpoints: builtin }];
  for (const { plugin: { name }, instance } of plugins) {
    const { control = [], endpoints = [] } = instance;
    if (control.length > 0) {
      groups.push({ base: `${base}/${name}`, tag: name, endpoints: control });
    }
    if (endpoints.length > 0) groups.push({ base: "", tag: name, endpoints });
  }
  const description: Endpoint = {
    method: "GET",
    path: "/openapi.json",
    summary: "This description",
    answer: { type: "object" },
    handle: () => openapi(groups, VERSION),
  };
  groups.push({ base, tag: "control", endpoints: [description] });
  return groups;
}

/** Paths that two would answer. */
function clashes(
  routes: readonly BuiltRoute[],
  groups: readonly Group[],
  config: PerfmockConfig,
): Issue[] {
  const faults: Issue[] = [];
  const taken = new Map<string, string>();
  for (const { base, tag, endpoints } of groups) {
    for (const { method, path } of endpoints) {
      const key = `${method} ${base}${path}`;
      const owner = taken.get(key);
      if (owner === undefined) taken.set(key, tag);
      else {
        faults.push({
          path: "/plugins",
          message: `Plugins "${owner}" and "${tag}" both answer ${key}`,
          value: key,
        });
      }
    }
  }
  const own = new Map(
    [...taken].map(([key, tag]) => [key.slice(key.indexOf(" ") + 1), tag]),
  );
  for (const [index, route] of routes.entries()) {
    const tag = route.path === config.control.path ||
        route.path.startsWith(`${config.control.path}/`)
      ? "the control API"
      : own.get(route.path);
    if (tag === undefined) continue;
    faults.push({
      path: `/routes/${index}/path`,
      message: `This path is answered by ${
        tag === "the control API" ? tag : `plugin "${tag}"`
      }`,
      value: route.path,
      allowed: "a path of its own",
    });
  }
  return faults;
}

/** The Hono app, and the edge that takes the shorter way to the same answers. */
function assemble(
  routes: readonly BuiltRoute[],
  groups: readonly Group[],
  { config, parts }: {
    readonly config: PerfmockConfig;
    readonly parts: ServerParts;
  },
): Pick<Revision, "app" | "fetch"> {
  const base = config.control.path;
  const { cors } = config.server;
  const app = new Hono();
  app.onError((error) => {
    parts.log("error", `Cannot answer a request: ${error.message}`);
    return problem({ status: 500, title: "perfmock failed to answer this" });
  });
  app.use(`${base}/*`, async (context, next) => {
    const refusal = refuse(context.req.raw, config.control);
    if (refusal !== undefined) return refusal;
    await next();
  });
  for (const group of groups) addEndpoints(app, group.base, group.endpoints);
  addFallback(app, base);

  const matcher = new Matcher(routes);
  const fallback = createFallback(matcher, routes, { cors });
  const own = new Matcher(
    groups.filter((group) => group.base === "").flatMap(({ endpoints }) =>
      endpoints.map(({ path }) => ({ methods: ["*"], path }))
    ),
  );
  const edge = new Edge({
    matcher,
    flow: parts.flow,
    cors,
    reserved: (path) =>
      path === base || path.startsWith(`${base}/`) ||
      own.find("GET", path) !== undefined,
    otherwise: (request) => app.fetch(request),
    unmatched(request, path) {
      const response = fallback(request, path);
      parts.recorder.unmatched(request.method, response.status);
      return response;
    },
  });
  for (const route of routes) {
    for (const method of route.methods) {
      const handler = (context: { req: { raw: Request } }) =>
        edge.run(route, context.req.raw);
      if (method === "*") app.all(decodedPattern(route.path), handler);
      else app.on(method, decodedPattern(route.path), handler);
    }
  }
  app.all("*", (context) => edge.unmatched(context.req.raw, ownPath(context)));
  return { app, fetch: edge.fetch };
}
