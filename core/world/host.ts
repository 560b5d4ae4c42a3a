/**
 * The host of a plugin: everything that core offers to it.
 *
 * @module
 */
import { meant } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { spansElsewhere } from "../fleet/fleet_figures.ts";
import { createStream, streamKey } from "../lib/random/mod.ts";
import { MetricRegistry } from "../observe/metric_registry.ts";
import { inFlightOf } from "../pipeline/pipeline.ts";
import type { Host, Journal, SharedStore } from "../plugin.ts";
import { VERSION } from "../version.ts";
import type { PluginDoor } from "./plugin_door.ts";
import type { Services } from "./plugin_lifecycle.ts";
import type { Settings } from "./settings.ts";
import type { CarriedState, WorldState } from "./state.ts";

/** Returns the host of the plugin of a name. */
export function hostFor(
  name: string,
  { settings, services, carried, door, shared, world }: {
    readonly settings: Settings;
    readonly services: Services;
    readonly carried: CarriedState;
    readonly door: PluginDoor;
    readonly shared: SharedStore | undefined;
    readonly world: WorldState;
  },
): Host {
  const { config, kit, families, parse } = settings;
  return {
    clock: door.clock(world.clock),
    // The metrics of sessions belong to the plugins of the server's own world.
    metrics: world.metrics instanceof MetricRegistry
      ? world.metrics.ownedBy(name)
      : world.metrics,
    version: VERSION,
    seed: config.seed,
    kit,
    families,
    shared,
    session: world.session,
    serves: world.serves,
    segment: world.segment,
    get url() {
      return world.url();
    },
    inFlight: inFlightOf(world.flow),
    journal: journalOf(world, config),
    dials: world.dials,
    update: world.update,
    keep: (key, create) => carried.keep(`${name}\0${key}`, create),
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
    find: (key) => services.find(key),
    suggest: (name, candidates) => meant(name, [...candidates]),
    log: (level, message) => world.log(level, `${name}: ${message}`),
  };
}

/** The journals as the plugins of a revision see them. */
function journalOf(
  { fleet, journals }: Pick<WorldState, "fleet" | "journals">,
  config: Settings["config"],
): Journal {
  return {
    capacity: config.journal.capacity,
    ...fleet !== undefined && {
      elsewhere: (spans) => spansElsewhere(fleet, config, spans),
    },
    bySpan: (span) => journals.bySpan(span),
    read: (place, limit) => journals.read(place, limit),
  };
}
