/**
 * Makes settings from what other tools have measured: distributions of service times from percentile tables, histograms, logs and
 * summaries, with an honest statement of how well they fit.
 *
 * The commands `fit`, `import`, `record` and `drift` use it. See docs/fit.md, docs/import.md and docs/record.md.
 *
 * @module
 */
import { IMPORTER } from "../../core/import.ts";
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { FileImporter } from "./importer.ts";
import { recordingEndpoints, Recordings } from "./recording/endpoints.ts";

/** The plugin `importer`. */
const plugin: Plugin = definePlugin({
  name: "importer",
  version: "1.0.0",
  summary: "Settings from what other tools have measured",
  scope: "server",
  setup(host) {
    const recordings = host.keep("recordings", () => new Recordings());
    host.provide(IMPORTER, new FileImporter(host, recordings));
    return { control: recordingEndpoints(recordings) };
  },
});
export default plugin;
