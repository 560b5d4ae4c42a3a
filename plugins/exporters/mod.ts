/**
 * The plugin `exporters`: perfmock's metrics in the formats of monitoring systems.
 *
 * By default, `/metrics` answers in Prometheus' text format, in OpenMetrics or in protocol buffers with native histograms, as the
 * scrape asks for. The path can be changed, and the endpoint turned off:
 *
 * ```yaml
 * plugins:
 *   exporters: { prometheus: { path: /internal/metrics, token: true, buckets: coarse } }   # or { prometheus: false }
 * ```
 *
 * With `token`, scrapes need the token of the control API, `control.token`. `buckets` are the upper boundaries of the histograms of
 * durations, for Prometheus and OpenTelemetry; buckets.ts describes them.
 *
 * Metrics are pushed over StatsD or OpenTelemetry if an address is given:
 *
 * ```yaml
 * plugins:
 *   exporters:
 *     statsd: { address: "127.0.0.1:8125", format: dogstatsd, interval: 10s, prefix: shop, unit: ms, distributions: false }   # or format: plain
 *     otlp: { endpoint: "http://127.0.0.1:4318/v1/metrics", interval: 10s, timeout: 10s, headers: { X-Key: secret }, traces: true }
 * ```
 *
 * `health` shows their states, `stats` their figures. statsd.ts and otlp.ts describe what is sent and what can be lost.
 *
 * It provides the key `exporters.promClient`: a registry for metrics that plugin authors make with prom-client, which become
 * part of `/metrics`. prom_client.ts has an example.
 *
 * The key `exporters.pageReports` has the loads of pages, as browsers report them to the correlation; correlation/page_reports.ts has
 * its types.
 *
 * @module
 */
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { type Buckets, bucketsSchema, sizeWarnings } from "./buckets.ts";
import { Correlator } from "./correlation/correlator.ts";
import {
  correlationEndpoints,
  type CorrelationOptions,
  correlationSchema,
} from "./correlation/endpoints.ts";
import { PAGE_REPORTS } from "./correlation/page_reports.ts";
import { type OtlpOptions, otlpSchema, type OtlpSettings } from "./otlp.ts";
import { PROM_CLIENT } from "./prom_client.ts";
import { Prometheus } from "./prometheus.ts";
import { preparePushing, type PushingOptions } from "./pushing.ts";
import { type StatsdOptions, statsdSchema } from "./statsd.ts";
import type { LineOptions } from "./statsd_lines.ts";
import type { StatsdAddress } from "./statsd_udp.ts";

export type {
  Buckets,
  CorrelationOptions,
  LineOptions,
  OtlpOptions,
  OtlpSettings,
  PushingOptions,
  StatsdAddress,
  StatsdOptions,
};

/** Options of the plugin `exporters`. */
export interface ExportersOptions extends PushingOptions {
  /** The endpoint for Prometheus; false turns it off. */
  readonly prometheus: PrometheusOptions | false;
  /** Correlation of browsers with the server; false turns it off. */
  readonly correlation?: CorrelationOptions | false;
}

/** Options of the endpoint for Prometheus. */
export interface PrometheusOptions {
  /** Path of the endpoint. Default `/metrics`. */
  readonly path: string;
  /** True to check scrapes as calls of the control API are checked, by `control.token`. Default false: anyone may scrape. */
  readonly token?: boolean;
  /** Upper boundaries of the buckets of durations, ascending, in milliseconds; undefined for the default, `dense`. */
  readonly buckets?: Buckets;
}

/** The plugin `exporters`. */
const plugin: Plugin = definePlugin({
  name: "exporters",
  version: "0.1.0",
  summary: "Metrics for monitoring systems, and what browsers waited for",
  scope: "server",
  options(kit) {
    const { z, worded } = kit;
    const prometheus = z.strictObject(worded({
      path: z.string().regex(
        /^\/[^\s:*?#{}]*$/,
        "The path must begin with / and hold no pattern, query or space",
      ).default("/metrics"),
      token: z.boolean().optional(),
      buckets: bucketsSchema(kit),
    }, {
      path: "Path of the endpoint",
      token:
        "True to check scrapes as calls of the control API are checked, by control.token. Default false: anyone may scrape",
      buckets:
        "Upper boundaries of the histograms of durations: dense is at most 12 % apart from 1 ms to 10 s, coarse has three in each decade, or a list of durations. Default dense",
    }));
    return z.strictObject(worded({
      prometheus: z.union([z.literal(false), prometheus])
        .default(() => prometheus.parse({})),
      correlation: z.union([z.literal(false), correlationSchema(kit)])
        .prefault({}),
      statsd: z.union([z.literal(false), statsdSchema(kit)]).optional(),
      otlp: z.union([z.literal(false), otlpSchema(kit)]).optional(),
    }, {
      prometheus:
        "Endpoint for Prometheus and OpenMetrics; false turns it off. Default: on, at /metrics",
      correlation:
        "Correlation of browsers with the server; false turns it off",
      statsd: "Figures over StatsD or DogStatsD, by UDP. Default: off",
      otlp: "Figures and traces over OpenTelemetry's protocol. Default: off",
    }));
  },
  async setup(host, options) {
    const { correlation = false, prometheus } = options;
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
    const correlator = correlation === false
      ? undefined
      : host.keep("correlator", () => new Correlator(host));
    if (correlator !== undefined) {
      host.provide(PAGE_REPORTS, correlator.reports);
    }
    let routes = 0;
    return {
      ...pushing,
      control: correlation === false || correlator === undefined
        ? []
        : correlationEndpoints(correlator, host, correlation),
      route() {
        routes++;
        return undefined;
      },
      warnings: () => [
        ...pushing.warnings(),
        ...prometheus === false ? [] : sizeWarnings(prometheus.buckets, routes),
      ],
      adopt() {
        host.metrics.bucketDurations(
          prometheus === false ? undefined : prometheus.buckets,
        );
        pushing.adopt();
        if (correlation !== false && correlator !== undefined) {
          correlator.pages.capacity = correlation.pages;
        }
      },
      reset: () => correlator?.reset(),
      endpoints: prometheus === false
        ? []
        : [scrapes.endpoint(prometheus.path, prometheus.token)],
      health,
    };
  },
});
export default plugin;
