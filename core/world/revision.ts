/**
 * One configuration, built: plugins loaded and set up, every setting validated, routes planned. Nothing of it serves until all
 * of it stands; where anything is wrong, everything that is wrong is said at once and nothing is left behind.
 *
 * @module
 */
import { assemble, type Assembly } from "./assembly.ts";
import {
  invalidConfig,
  type PerfmockConfig,
  toPointer,
} from "../config/mod.ts";
import type { PlacedDial } from "./dials.ts";
import { clashes, endpointsOf } from "./endpoint_groups.ts";
import { engineFaults, engineFor } from "./engine.ts";
import type { Issue } from "../errors.ts";
import { Generation } from "../pipeline/flow.ts";
import { hostFor } from "./host.ts";
import { disposeValues, Kept } from "./kept.ts";
import type { LoadHost } from "../contract/load.ts";
import type { Dial, Endpoint, Key, Kit } from "../plugin.ts";
import { disposeAll, type RunningPlugin, Services, setUp } from "./registry.ts";
import { buildRoutes } from "./route_building.ts";
import type { BuiltRoute } from "./built_route.ts";
import { Matcher } from "../pipeline/matcher.ts";
import { type Ground, readSettings, type SettingsInput } from "./settings.ts";
import type { TenantParts } from "./tenant_parts.ts";

/** The key of core/load.ts, by name: that door stands above this room. */
const LOAD_HOST: Key<LoadHost> = { name: "perfmock.load_host" };

/** A configuration, built. */
export interface Revision extends Assembly {
  /** As written. */
  readonly input: SettingsInput;
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
  /** Whether a path belongs to a plugin of scope `server`, of which sessions have none of their own. */
  readonly ofServer: (path: string) => boolean;
  /** What can be turned. */
  readonly dials: readonly PlacedDial[];
  /** What its plugins provide. */
  readonly services: Services;
  /** What its plugins keep. */
  readonly kept: Kept;
  /** What it was read by. */
  readonly ground: Ground;
  /** Its exchanges. */
  readonly generation: Generation;
  /**
   * Disposes the plugins, after the revision's last exchange.
   *
   * @param values what they kept and nobody goes on with
   */
  dispose(values: readonly unknown[]): Promise<void>;
}

/** What a revision is built from. */
export interface RevisionParts {
  /** What outlives it. */
  readonly parts: TenantParts;
  /** What the revision before it keeps; undefined for the first. */
  readonly before: Kept | undefined;
  /** What the revision before it was read by; undefined to read everything afresh. */
  readonly ground: Ground | undefined;
  /** Makes the control API's own endpoints. */
  readonly builtin: (kit: Kit) => readonly Endpoint[];
}

/**
 * Builds a configuration.
 *
 * @param input as a user wrote it, and where it stands
 * @throws PerfmockError with all faults
 */
export async function buildRevision(
  input: SettingsInput,
  { parts, before, ground, builtin }: RevisionParts,
): Promise<Revision> {
  const settings = await readSettings(input, ground);
  await nextTurn();
  const services = new Services();
  services.provide(LOAD_HOST, {
    thread: {
      value: settings.input.value,
      folder: settings.input.folder.href,
      builtin: settings.input.builtin.module,
    },
    virtualWorld: () => parts.virtualWorld(settings.input),
  });
  const kept = new Kept(before);
  let plugins: RunningPlugin[] = [];
  try {
    plugins = await setUp(
      settings.plugins.filter(({ plugin }) =>
        !parts.sessionPluginsOnly || plugin.scope !== "server"
      ),
      ({ plugin }) => hostFor(plugin.name, { settings, services, kept, parts }),
    );
    await nextTurn();
    const generation = new Generation();
    const built = await buildRoutes(settings, { plugins, generation, parts });
    await nextTurn();
    const { routes } = built;
    const { config } = settings;
    const endpoints = endpointsOf(plugins, builtin(settings.kit), config);
    const faults = [
      ...clashes(routes, endpoints, config),
      ...engineFaults(config, routes),
    ];
    if (faults.length > 0) throw invalidConfig(faults);
    return {
      input: settings.input,
      config,
      engine: engineFor(config, routes),
      warnings: [...settings.warnings, ...warningsOf(plugins)],
      routes,
      plugins,
      routeKeys: settings.routeKeys,
      ofServer: pathsOfServer(plugins, config.control.path),
      dials: [...built.dials, ...dialsOf(plugins)],
      services,
      kept,
      ground: settings.ground,
      generation,
      ...assemble(routes, endpoints, { config, parts }),
      async dispose(values) {
        const errors = [
          ...await disposeAll(plugins),
          ...await disposeValues(values),
        ];
        for (const error of errors) {
          parts.log("error", `Cannot dispose a plugin: ${error}`);
        }
      },
    };
  } catch (error) {
    await disposeAll(plugins);
    await disposeValues(kept.beyond(before));
    throw error;
  }
}

/** A change is made between requests: none of its steps may hold up what falls due meanwhile. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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

/** What plugins let turn beyond routes. */
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

/** The control calls and endpoints of plugins of scope `server`. */
function pathsOfServer(
  plugins: readonly RunningPlugin[],
  base: string,
): (path: string) => boolean {
  const own = plugins.filter(({ plugin }) => plugin.scope === "server");
  const bases = own.map(({ plugin: { name } }) => `${base}/${name}/`);
  const endpoints = new Matcher(
    own.flatMap(({ instance }) => instance.endpoints ?? []).map(({ path }) => ({
      methods: ["*"],
      path,
    })),
  );
  return (path) =>
    bases.some((base) => path.startsWith(base)) ||
    endpoints.find("GET", path) !== undefined;
}
