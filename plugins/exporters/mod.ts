/**
 * The plugin `exporters`: what perfmock measures, in the formats of monitoring systems.
 *
 * On by default, with Prometheus' text format and OpenMetrics, as a scrape asks for, at `/metrics`. Another path, or none:
 *
 * ```yaml
 * plugins:
 *   exporters: { prometheus: { path: /internal/metrics } }   # or { prometheus: false }
 * ```
 *
 * It provides the key `exporters.promClient`: a registry for the metrics that plugin authors make with prom-client, which are
 * then part of `/metrics`.
 *
 * @module
 */
import type { Plugin } from "../../core/plugin.ts";
import { PROM_CLIENT } from "./prom_client.ts";
import { Prometheus } from "./prometheus.ts";

/** The options of the plugin `exporters`. */
export interface ExportersOptions {
  /** Prometheus' text format; false turns it off. */
  readonly prometheus: PrometheusOptions | false;
}

/** Where Prometheus finds its text. */
export interface PrometheusOptions {
  /** The path of the endpoint, `/metrics` where absent. */
  readonly path: string;
}

/** The plugin `exporters`. */
const plugin: Plugin<ExportersOptions> = {
  name: "exporters",
  version: "0.1.0",
  options: ({ z }) =>
    z.strictObject({
      prometheus: z.union([
        z.literal(false),
        z.strictObject({
          path: z.string().regex(
            /^\/[^\s:*?#{}]*$/,
            "The path must begin with / and hold no pattern, query or space",
          ).default("/metrics"),
        }),
      ]).default({ path: "/metrics" }),
    }),
  setup(host, { prometheus }) {
    const scrapes = new Prometheus(host);
    host.provide(PROM_CLIENT, scrapes.registry);
    if (prometheus === false) return {};
    return {
      endpoints: [scrapes.endpoint(prometheus.path)],
      health: () => scrapes.reasons,
    };
  },
};
export default plugin;
