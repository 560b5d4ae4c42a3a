/**
 * Finds which route makes a page slow, and where it breaks: loads the page many times while the response times of routes change by a
 * plan, and answers with numbers.
 *
 * ```yaml
 * page: { url: "http://localhost:5173/shop", figure: LCP }
 * budget: { LCP: 2.5s }
 * cliffs: [ { route: cart, dial: delay, to: 2s } ]
 * ```
 *
 * Everything that it changes goes through dials: `delay` and `speedup` of routes, and the dial of a cliff. However an experiment ends,
 * they are back where they were. See docs/find.md.
 *
 * @module
 */
import { FINDER, LOAD_HOST, TextReader } from "../../core/find.ts";
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { findEndpoints } from "./endpoints.ts";
import type { Finder } from "./finder.ts";
import { Runs } from "./runs/runs.ts";
import { Underway } from "./underway.ts";

/** The plugin `bottleneck_finder`. */
const plugin: Plugin = definePlugin({
  name: "bottleneck_finder",
  version: "1.0.0",
  summary:
    "Experiments that find which route makes a page slow, and where it breaks",
  scope: "server",
  setup(host) {
    const underway = host.keep("underway", () => new Underway());
    const runs = host.keep("runs", () => new Runs());
    const texts = host.keep("texts", () => new TextReader());
    const loadHost = host.use(LOAD_HOST);
    // Loaded for the first script: a server that serves needs neither probes nor their statistics.
    const finder = async (): Promise<Finder> => {
      const { Finder } = await import("./finder.ts");
      return new Finder({ host, loadHost, texts, underway });
    };
    host.provide(FINDER, {
      find: async (...given) => await (await finder()).find(...given),
      sweep: async (...given) => await (await finder()).sweep(...given),
      check: async (...given) => await (await finder()).check(...given),
      schema: async () => (await finder()).schema(),
    });
    return {
      control: findEndpoints({ kit: host.kit, runs, finder, texts, underway }),
      adopt: () => underway.updated(),
      health: () => ({
        reasons: [],
        active: {
          experiments: runs.all.filter(({ isOver }) => !isOver)
            .map(({ id }) => id),
        },
      }),
      snapshot: () => ({ runs: runs.all.map(({ report }) => report) }),
    };
  },
});
export default plugin;
