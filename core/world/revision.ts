/**
 * A revision: one configuration, built. Plugins are loaded and set up, every setting is validated, routes are planned. Nothing
 * of it serves until all of it stands. Where anything is wrong, all errors are reported at once and nothing is left behind.
 *
 * @module
 */
import {
  invalidConfig,
  type PerfmockConfig,
  toPointer,
} from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { inSlices } from "../lib/time/mod.ts";
import { describeThrown } from "../lib/thrown.ts";
import { nextTurn } from "../lib/turn.ts";
import type { Served } from "../pipeline/edge.ts";
import { Generation } from "../pipeline/exchange.ts";
import type { Dial, Issue, Plugin } from "../plugin.ts";
import type { Backend } from "./backend.ts";
import type { PlacedDial } from "./dials.ts";
import { clashes, endpointsOf, requestsOfServer, served } from "./endpoints.ts";
import { dividedCounts } from "./divided_counts.ts";
import { hostFor } from "./host.ts";
import { ownAddressIssues } from "./own_addresses.ts";
import {
  disposeAll,
  type RunningPlugin,
  Services,
  setUp,
} from "./plugin_lifecycle.ts";
import type { CodedIssue, LoadedPlugin } from "./plugin_loader.ts";
import { withPreset } from "./presets.ts";
import { patternIssues, proofIssues } from "./proof.ts";
import {
  buildRoutes,
  engineIssues,
  hiddenResets,
  type MockRoute,
} from "./routes.ts";
import {
  invalidSettings,
  type PluginSet,
  readSettings,
  type SettingsInput,
} from "./settings.ts";
import { LOAD_HOST } from "./service_keys.ts";
import { CarriedState, disposeValues, type WorldState } from "./state.ts";
import { copySteps } from "./written_settings.ts";

/** A configuration, built. */
export interface Revision {
  /** Configuration as written, and the name of the preset that lies over it. */
  readonly input: SettingsInput;
  /** Configuration, complete and frozen. */
  readonly config: PerfmockConfig;
  /** True if a route may reset connections before the first byte, which not all HTTP servers can do. */
  readonly resets: boolean;
  /** Warnings for the configuration's author. */
  readonly warnings: readonly Issue[];
  /** Mock routes in the order in which they are matched. */
  readonly routes: readonly MockRoute[];
  /** Plugins in the order in which they were set up. */
  readonly plugins: readonly RunningPlugin[];
  /** Route keys that each plugin reads, by its name. */
  readonly routeKeys: ReadonlyMap<string, readonly string[]>;
  /** Everything that the revision answers. */
  readonly served: Served;
  /** Plugins without an instance in this world: those of the server, in a session. */
  readonly absent: readonly LoadedPlugin[];
  /** Returns true if a request belongs to the server, although it names a session. */
  readonly ofServer: (method: string, path: string) => boolean;
  /** Pace of the whole backend. */
  readonly backend: Backend;
  /** Dials of routes and plugins. */
  readonly dials: readonly PlacedDial[];
  /** Services that its plugins provide. */
  readonly services: Services;
  /** State that its plugins carry over to the next revision. */
  readonly carried: CarriedState;
  /** Loaded plugins with their schemas, for the next revision. */
  readonly pluginSet: PluginSet;
  /** Exchanges in flight on this revision. */
  readonly generation: Generation;
  /** Disposes the plugins and the given carried values, after the last exchange. */
  dispose(values: readonly unknown[]): Promise<void>;
}

/**
 * Builds a configuration.
 *
 * @param input configuration as written
 * @param world state that outlives the revision
 * @param before the revision in force; undefined for the first
 * @param reload whether plugins, profiles and their files are read again
 * @throws PerfmockError with all errors
 */
export async function buildRevision(
  input: SettingsInput,
  world: WorldState,
  { before, reload = false }: {
    readonly before?: Revision | undefined;
    readonly reload?: boolean;
  } = {},
): Promise<Revision> {
  const settings = await readSettings(
    withPreset(input),
    reload ? undefined : before?.pluginSet,
  );
  const written = input.preset === undefined
    ? settings.input
    : { ...input, value: await inSlices(copySteps(input.value)) };
  await nextTurn();
  const services = new Services();
  if (world.virtualWorld !== undefined) {
    const { virtualWorld } = world;
    services.provide(LOAD_HOST, {
      thread: {
        // Only as JSON do numbers in bodies keep their digits on their way to a thread.
        get json() {
          return JSON.stringify(settings.input.value);
        },
        folder: settings.input.folder.href,
        builtin: settings.input.builtin.module,
        ...settings.input.plugins.length > 0 && { partial: true },
        segment: world.segment,
      },
      virtualWorld: () => virtualWorld(written),
    });
  }
  const shared = await world.share(settings.config.shared);
  const carried = new CarriedState(before?.carried);
  let plugins: RunningPlugin[] = [];
  try {
    plugins = await setUp(
      settings.plugins.filter(({ plugin }) => hasInstance(world, plugin)),
      ({ plugin: { name } }, door) =>
        hostFor(name, { settings, services, carried, door, shared, world }),
      world,
    );
    await nextTurn();
    const generation = new Generation();
    const { routes, backend, dials, issues } = await buildRoutes(
      settings,
      plugins,
      {
        world,
        generation,
      },
    );
    await world.numbered(routes.map(({ id }) => id));
    await nextTurn();
    const { config } = settings;
    const absent = settings.plugins.filter(({ plugin }) =>
      !hasInstance(world, plugin)
    );
    const groups = endpointsOf(plugins, world.endpoints(settings.kit), config);
    const all = [
      ...issues,
      ...clashes(routes, groups, config, settings.routeIndices),
      ...engineIssues(config, routes),
      ...ownAddressIssues(settings, world.url()),
    ];
    if (settings.issues.length > 0) {
      // Settings that were read in part, to report the errors of the rest too. Plugins would warn of routes that were left out.
      throw invalidSettings([
        ...settings.issues,
        ...all.map((issue) => ({ code: "CONFIG_INVALID", issue } as const)),
      ], { warnings: settings.warnings });
    }
    const warnings = [
      ...settings.warnings,
      ...hiddenResets(config, routes, settings.routeIndices),
      ...dividedCounts(config.routes, settings.routeIndices, world.segment),
      ...warningsOf(plugins),
    ];
    if (all.length > 0) throw invalidConfig(all, { warnings });
    const answering = await proven(
      served(routes, groups, { config, world, absent }),
      routes,
      settings.routeIndices,
    );
    return {
      input: written,
      config,
      backend,
      resets: routes.some((route) => route.resets),
      warnings,
      routes,
      plugins,
      routeKeys: settings.routeKeys,
      absent,
      served: answering,
      ofServer: requestsOfServer(plugins, config.control.path),
      dials: [...dials, ...dialsOf(plugins)],
      services,
      carried,
      pluginSet: settings.pluginSet,
      generation,
      async dispose(values) {
        await disposeAll(plugins);
        for (const error of await disposeValues(values)) {
          world.log(
            "error",
            `Cannot dispose a plugin's state: ${describeThrown(error)}`,
          );
        }
      },
    };
  } catch (error) {
    await disposeAll(plugins);
    await disposeValues(carried.beyond(before?.carried));
    throw settings.asWritten(
      settings.issues.length > 0 && isPluginError(error)
        ? invalidSettings([...settings.issues, ...issuesOf(error)], {
          complete: false,
          warnings: settings.warnings,
        })
        : error,
    );
  }
}

/**
 * Builds what a revision answers, and matches and answers each route once.
 *
 * @throws PerfmockError with an issue for each route that would answer no request
 */
async function proven(
  work: Generator<void, Served>,
  routes: readonly MockRoute[],
  indices: readonly number[],
): Promise<Served> {
  let answering: Served;
  try {
    answering = await inSlices(work);
  } catch (error) {
    throw invalidConfig(patternIssues(routes, indices, error));
  }
  const issues = await inSlices(
    proofIssues(routes, answering.matcher, indices),
  );
  if (issues.length > 0) throw invalidConfig(issues);
  return answering;
}

/** Returns true if a world has an instance of a plugin. */
function hasInstance(
  { scope }: Pick<WorldState, "scope">,
  plugin: Plugin,
): boolean {
  return scope === "server" || plugin.scope !== "server" &&
      (scope === "simulation" || plugin.scope !== "process");
}

/** Returns true if the error says that a plugin could not be set up. */
function isPluginError(error: unknown): error is PerfmockError {
  return error instanceof PerfmockError && error.code.startsWith("PLUGIN_");
}

function issuesOf({ code, issues, message }: PerfmockError): CodedIssue[] {
  return (issues.length > 0 ? issues : [{ path: "/plugins", message }])
    .map((issue) => ({ code, issue }));
}

/** Asks plugins for warnings, once all routes are known. */
function warningsOf(plugins: readonly RunningPlugin[]): Issue[] {
  return plugins.flatMap(({ instance, key }) =>
    (instance.warnings?.() ?? []).map((issue) => ({
      ...issue,
      path: toPointer(["plugins", key]) + issue.path,
    }))
  );
}

/** Asks plugins for their dials beyond those of routes. */
function dialsOf(plugins: readonly RunningPlugin[]): PlacedDial[] {
  return plugins.flatMap(({ instance }) =>
    Object.entries(instance.dials?.() ?? {}).flatMap(([kind, owners]) =>
      Object.entries(owners).flatMap(([of, dials]) =>
        Object.entries(dials).map(([dial, turned]: [string, Dial]) => ({
          address: { kind, of, dial },
          dial: turned,
        }))
      )
    )
  );
}
