/**
 * A plugin that never ends.
 *
 * @module
 */
import { definePlugin, type Plugin } from "../../core/plugin.ts";

const plugin: Plugin = definePlugin({
  name: "stubborn",
  version: "1.0.0",
  setup: () => ({
    [Symbol.asyncDispose]: () => new Promise<void>(() => {}),
  }),
});
export default plugin;
