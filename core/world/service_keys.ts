/**
 * Keys of the services that core itself uses or provides. They stand apart, so that a plugin's module graph has the names without
 * what core does with them.
 *
 * @module
 */
import type { BottleneckFinder } from "../contract/finder.ts";
import type { Importer } from "../contract/importer.ts";
import type { LoadEngine, LoadHost } from "../contract/load.ts";
import type { Key } from "../plugin.ts";

/** The key under which a plugin provides the load engine that `createPerfmock().load()` and `simulate()` use. */
export const LOAD_ENGINE: Key<LoadEngine> = { name: "load_engine.engine" };

/** The key under which a plugin provides the finder that `createPerfmock().find()` and `sweep()` use. */
export const FINDER: Key<BottleneckFinder> = {
  name: "bottleneck_finder.finder",
};

/** The key under which a plugin provides the importer that the commands `fit` and `import` use. */
export const IMPORTER: Key<Importer> = { name: "importer.importer" };

/** The key under which core provides a {@linkcode LoadHost} to plugins of scope `server`. */
export const LOAD_HOST: Key<LoadHost> = { name: "perfmock.load_host" };
