/**
 * Table of the built-in plugins, which are on by default. This is the only file of core that imports plugins.
 *
 * @module
 */
import bottleneckFinder from "../plugins/bottleneck_finder/mod.ts";
import degrade from "../plugins/degrade/mod.ts";
import distributions from "../plugins/distributions/mod.ts";
import exporters from "../plugins/exporters/mod.ts";
import importer from "../plugins/importer/mod.ts";
import limiter from "../plugins/limiter/mod.ts";
import loadEngine from "../plugins/load_engine/mod.ts";
import resourceStress from "../plugins/resource_stress/mod.ts";
import type { BuiltinPlugins } from "./world/settings.ts";

/** Built-in plugins by name, in the order in which they are set up. */
export const BUILTIN: BuiltinPlugins = {
  module: import.meta.url,
  plugins: {
    distributions,
    limiter,
    resource_stress: resourceStress,
    degrade,
    exporters,
    load_engine: loadEngine,
    bottleneck_finder: bottleneckFinder,
    importer,
  },
};
