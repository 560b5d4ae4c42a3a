/**
 * The exporters that push, as one part of the plugin.
 *
 * @module
 */
import type { HealthReport, Host, Issue } from "../../core/plugin.ts";
import {
  createOtlpExporter,
  metricsOptions,
  type OtlpExporter,
  type OtlpFigures,
  type OtlpSettings,
  tracesOptions,
} from "./otlp.ts";
import {
  createTracesExporter,
  journalWarnings,
  type TracesExporter,
  type TracesFigures,
  TracesProgress,
} from "./otlp_traces.ts";
import { PersistentExporter } from "./push.ts";
import {
  createStatsdExporter,
  type StatsdExporter,
  type StatsdFigures,
  type StatsdOptions,
} from "./statsd.ts";
import { openUdp } from "./statsd_udp.ts";

/** Settings of the exporters that push; absent and false are off. */
export interface PushingOptions {
  /** StatsD and DogStatsD, over UDP. */
  readonly statsd?: StatsdOptions | false;
  /** OpenTelemetry's protocol, over HTTP. */
  readonly otlp?: OtlpSettings | false;
}

/** Figures of the exporters that are on. */
export interface PushingFigures {
  /** Figures of the StatsD exporter. */
  readonly statsd?: StatsdFigures;
  /** Figures of the OpenTelemetry exporter of metrics. */
  readonly otlp?: OtlpFigures;
  /** Figures of that of traces. */
  readonly otlpTraces?: TracesFigures;
}

/** The pushing exporters' part of the plugin's instance. */
export interface Pushing {
  /** Begins to deliver with these settings. */
  adopt(): void;
  /** State of each exporter. */
  health(): HealthReport;
  /** Figures of each exporter. */
  snapshot(): PushingFigures;
  /** Warnings about the settings. */
  warnings(): readonly Issue[];
}

/**
 * Prepares the exporters that push. They outlive the revision: the next one continues with them, and they deliver a last time
 * if it does not ask for them.
 *
 * @param host keeps the exporters
 * @param options settings of the exporters
 */
export async function preparePushing(
  host: Host,
  { statsd = false, otlp = false }: PushingOptions,
): Promise<Pushing> {
  // Exporters are kept even while they are off: only the revision that takes over may end one.
  const exporters = {
    statsd: host.keep(
      "statsd",
      () => new PersistentExporter<StatsdExporter>(host),
    ),
    otlp: host.keep("otlp", () => new PersistentExporter<OtlpExporter>(host)),
    otlpTraces: host.keep(
      "otlpTraces",
      // Spans are no counts: none are marked as delivered.
      () =>
        new PersistentExporter<TracesExporter>({
          clock: host.clock,
          metrics: { all: () => [] },
        }),
    ),
  };
  const progress = host.keep("otlpTraces.progress", () => new TracesProgress());
  const metrics = otlp === false ? undefined : metricsOptions(otlp);
  const traces = otlp === false ? undefined : tracesOptions(otlp);
  if (statsd !== false) await exporters.statsd.prepare();
  if (metrics !== undefined) await exporters.otlp.prepare();
  const running = () =>
    Object.entries(exporters).flatMap(([name, { exporter }]) =>
      exporter === undefined ? [] : [[name, exporter] as const]
    );
  return {
    adopt() {
      // A command that only looks at the configuration must not send anything.
      if (!host.serves) return;
      if (statsd === false) exporters.statsd.end();
      else {
        const { delivered } = exporters.statsd;
        exporters.statsd.adopt(
          statsd,
          () =>
            createStatsdExporter(host, {
              options: statsd,
              delivered,
              open: openUdp,
            }),
        );
      }
      if (metrics === undefined) exporters.otlp.end();
      else {
        exporters.otlp.adopt(
          metrics,
          () => createOtlpExporter(host, metrics, exporters.otlp),
        );
      }
      if (traces === undefined) exporters.otlpTraces.end();
      else {
        if (exporters.otlpTraces.exporter === undefined) progress.begin(host);
        const { id } = exporters.otlp;
        exporters.otlpTraces.adopt(
          traces,
          () => createTracesExporter(host, traces, { progress, id }),
        );
      }
    },
    health: () => ({
      reasons: running().flatMap(([name, { reason }]) =>
        reason === undefined ? [] : [`Exporter ${name} fails: ${reason}`]
      ),
      exporters: Object.fromEntries(
        running().map(([name, { state }]) => [name, state]),
      ),
    }),
    snapshot: () =>
      Object.fromEntries(
        running().map(([name, exporter]) => [name, exporter.figures]),
      ),
    warnings: () =>
      traces === undefined ? [] : journalWarnings(host.journal.capacity),
  };
}
