/**
 * What a plugin is given to work with.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { Kept } from "./kept.ts";
import { MetricRegistry } from "../observe/metric_registry.ts";
import type { Host } from "../plugin.ts";
import { createStream, streamKey } from "../lib/random/mod.ts";
import type { Services } from "./registry.ts";
import type { Settings } from "./settings.ts";
import type { TenantParts } from "./tenant_parts.ts";
import { inFlightOf } from "../pipeline/in_flight.ts";
import { VERSION } from "../version.ts";

/** What a revision gives the hosts of its plugins. */
export interface HostParts {
  /** The configuration. */
  readonly settings: Settings;
  /** What plugins provide to each other. */
  readonly services: Services;
  /** What they keep. */
  readonly kept: Kept;
  /** What outlives the revision. */
  readonly parts: TenantParts;
}

/** The host of the plugin of a name. */
export function hostFor(
  name: string,
  { settings, services, kept, parts }: HostParts,
): Host {
  const { config, kit, families, parse } = settings;
  return {
    clock: parts.clock,
    // A session's plugins make what the server's own have made.
    metrics: parts.metrics instanceof MetricRegistry
      ? parts.metrics.ownedBy(name)
      : parts.metrics,
    version: VERSION,
    seed: config.seed,
    kit,
    families,
    session: parts.session,
    get url() {
      return parts.url();
    },
    inFlight: inFlightOf(parts.flow),
    dials: parts.dials,
    update: parts.update,
    keep: (key, create) => kept.keep(`${name}\0${key}`, create),
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
    suggest,
    log: (level, message) => parts.log(level, `${name}: ${message}`),
  };
}
