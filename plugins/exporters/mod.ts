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
 * StatsD and OpenTelemetry are sent to where an address is given:
 *
 * ```yaml
 * plugins:
 *   exporters:
 *     statsd: { address: "127.0.0.1:8125", format: dogstatsd, interval: 10s, prefix: shop }   # or format: plain
 *     otlp: { endpoint: "http://127.0.0.1:4318/v1/metrics", interval: 10s, timeout: 10s, headers: { X-Key: secret } }
 * ```
 *
 * Their states are in `health`, their figures in `stats`. What is sent, and what can be lost, is said where they are made:
 * statsd/mod.ts and otlp/mod.ts.
 *
 * It provides the key `exporters.promClient`: a registry for the metrics that plugin authors make with prom-client, which are
 * then part of `/metrics`.
 *
 * @module
 */
import type { Plugin } from "../../core/plugin.ts";
import { type OtlpOptions, otlpSchema } from "./otlp/mod.ts";
import { PROM_CLIENT } from "./prom_client.ts";
import { Prometheus } from "./prometheus.ts";
import { preparePushing, type PushingOptions } from "./pushing.ts";
import {
  type StatsdAddress,
  type StatsdOptions,
  statsdSchema,
} from "./statsd/mod.ts";

export type { OtlpOptions, PushingOptions, StatsdAddress, StatsdOptions };

/** The options of the plugin `exporters`. */
export interface ExportersOptions extends PushingOptions {
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
  scope: "server",
  options(kit) {
    const { z } = kit;
    return z.strictObject({
      prometheus: z.union([
        z.literal(false),
        z.strictObject({
          path: z.string().regex(
            /^\/[^\s:*?#{}]*$/,
            "The path must begin with / and hold no pattern, query or space",
          ).default("/metrics"),
        }),
      ]).default({ path: "/metrics" }),
      statsd: z.union([z.literal(false), statsdSchema(kit)]).optional(),
      otlp: z.union([z.literal(false), otlpSchema(kit)]).optional(),
    });
  },
  async setup(host, options) {
    const { prometheus } = options;
    const scrapes = new Prometheus(host);
    host.provide(PROM_CLIENT, scrapes.registry);
    const pushing = await preparePushing(host, options);
    const health = () => {
      const { reasons, exporters } = pushing.health();
      return {
        reasons: prometheus === false
          ? reasons
          : [...scrapes.reasons, ...reasons],
        exporters,
      };
    };
    return {
      ...pushing,
      endpoints: prometheus === false
        ? []
        : [scrapes.endpoint(prometheus.path)],
      health,
    };
  },
};
export default plugin;
