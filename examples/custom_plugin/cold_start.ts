/**
 * A plugin: the first request after a pause takes longer, as a cold start does.
 *
 * @module
 */
import { definePlugin, endpoint, type Plugin } from "@perfmock/perfmock/plugin";

const plugin: Plugin = definePlugin({
  name: "cold_start",
  version: "1.0.0",
  routeKeys: ({ z, duration }) => ({
    coldStart: z.strictObject({
      after: duration({ above: 0 }),
      takes: duration(),
    }).optional(),
  }),
  setup({ metrics }) {
    const starts = metrics.counter({
      name: "cold_starts_total",
      help: "Requests that met a cold start",
      labels: ["route"],
    });
    /** Latest start of service of each route with the key, in ms of the clock. */
    let latest = new Map<string, number>();
    return {
      route({ id }, { coldStart }) {
        if (coldStart === undefined) return undefined;
        const { after, takes } = coldStart;
        const started = starts.series(id);
        return {
          summary: `${takes} ms longer after ${after} ms without a request`,
          degrade({ start }) {
            const before = latest.get(id) ?? -Infinity;
            latest.set(id, start);
            if (start - before < after) return 0;
            started.add();
            return takes;
          },
        };
      },
      control: [endpoint({
        method: "POST",
        path: "/cool",
        summary: "Let all routes start cold",
        handle() {
          latest = new Map();
          return { ok: true };
        },
      })],
    };
  },
});
export default plugin;
