/**
 * Makes settings from what other tools have measured: distributions of service times from percentile tables, histograms, logs and
 * summaries, with an honest statement of how well they fit.
 *
 * The commands `fit` and `import` use it. See docs/fit.md.
 *
 * @module
 */
import { IMPORTER } from "../../core/import.ts";
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { FileImporter } from "./importer.ts";

/** The plugin `importer`. */
const plugin: Plugin = definePlugin({
  name: "importer",
  version: "1.0.0",
  summary: "Settings from what other tools have measured",
  scope: "server",
  setup(host) {
    host.provide(IMPORTER, new FileImporter(host));
    return {};
  },
});
export default plugin;
