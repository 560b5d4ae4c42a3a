/**
 * The plugins that are on without being named: the one place where core knows plugins.
 *
 * @module
 */
import distributions from "../plugins/distributions/mod.ts";
import exporters from "../plugins/exporters/mod.ts";
import limiter from "../plugins/limiter/mod.ts";
import loadEngine from "../plugins/load_engine/mod.ts";
import resourceStress from "../plugins/resource_stress/mod.ts";
import type { Plugin } from "./plugin.ts";

/** By name, in the order in which they are set up. */
export const BUILTIN: Readonly<Record<string, Plugin>> = {
  distributions: distributions as Plugin,
  limiter: limiter as Plugin,
  resource_stress: resourceStress as Plugin,
  exporters: exporters as Plugin,
  load_engine: loadEngine as Plugin,
};
