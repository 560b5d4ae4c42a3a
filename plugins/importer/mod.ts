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
import { recordingEndpoints, Recordings } from "./recording/endpoints.ts";

/** The plugin `importer`. */
const plugin: Plugin = definePlugin({
  name: "importer",
  version: "1.0.0",
  summary: "Settings from what other tools have measured",
  scope: "server",
  setup(host) {
    const recordings = host.keep("recordings", () => new Recordings());
    // Loaded when a file is read: a server that serves needs no readers of other tools' files.
    const importer = async () => {
      const { FileImporter } = await import("./importer.ts");
      return new FileImporter(host, recordings);
    };
    host.provide(IMPORTER, {
      fit: async (...given) => await (await importer()).fit(...given),
      import: async (...given) => await (await importer()).import(...given),
      record: async (...given) => await (await importer()).record(...given),
      compare: async (...given) => await (await importer()).compare(...given),
    });
    return { control: recordingEndpoints(recordings) };
  },
});
export default plugin;
