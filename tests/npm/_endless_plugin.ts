/**
 * A plugin whose first request never lets the thread go.
 *
 * @module
 */
import { definePlugin, type Plugin } from "../../core/plugin.ts";

const plugin: Plugin = definePlugin({
  name: "endless",
  version: "1.0.0",
  setup: () => ({
    route: () => ({
      degrade() {
        for (;;);
      },
    }),
  }),
});
export default plugin;
