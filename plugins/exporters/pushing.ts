/**
 * The exporters that push, as one part of the plugin.
 *
 * @module
 */
import type { HealthReport, Host } from "../../core/plugin.ts";
import {
  createOtlpExporter,
  type OtlpExporter,
  type OtlpFigures,
  type OtlpOptions,
} from "./otlp/mod.ts";
import { KeptExporter } from "./push/mod.ts";
import {
  createStatsdExporter,
  openUdp,
  type StatsdExporter,
  type StatsdFigures,
  type StatsdOptions,
} from "./statsd/mod.ts";

/** Which exporters push; absent and false are off. */
export interface PushingOptions {
  /** StatsD and DogStatsD, over UDP. */
  readonly statsd?: StatsdOptions | false;
  /** OpenTelemetry's protocol, over HTTP. */
  readonly otlp?: OtlpOptions | false;
}

/** The figures of those that are on. */
export interface PushingFigures {
  /** Those of StatsD. */
  readonly statsd?: StatsdFigures;
  /** Those of OpenTelemetry. */
  readonly otlp?: OtlpFigures;
}

/** What the plugin's instance is completed with. */
export interface Pushing {
  /** Begins to deliver with these settings. */
  adopt(): void;
  /** The state of each. */
  health(): HealthReport;
  /** The figures of each. */
  snapshot(): PushingFigures;
}

/**
 * Prepares the exporters that push. They outlive the revision: the next one goes on with them, and they deliver a last time
 * when none asks for them.
 *
 * @param host keeps them
 * @param options which are on
 */
export async function preparePushing(
  host: Host,
  { statsd = false, otlp = false }: PushingOptions,
): Promise<Pushing> {
  // Kept even while they are off: to turn one off is to end it, which only the revision that takes over may do.
  const kept = {
    statsd: host.keep("statsd", () => new KeptExporter<StatsdExporter>(host)),
    otlp: host.keep("otlp", () => new KeptExporter<OtlpExporter>(host)),
  };
  if (statsd !== false) await kept.statsd.prepare();
  if (otlp !== false) await kept.otlp.prepare();
  const running = () =>
    Object.entries(kept).flatMap(([name, { exporter }]) =>
      exporter === undefined ? [] : [[name, exporter] as const]
    );
  return {
    adopt() {
      if (statsd === false) kept.statsd.end();
      else {
        const { ledger } = kept.statsd;
        kept.statsd.adopt(statsd, () =>
          createStatsdExporter(host, {
            options: statsd,
            ledger,
            open: openUdp,
          }));
      }
      if (otlp === false) kept.otlp.end();
      else {
        kept.otlp.adopt(
          otlp,
          () => createOtlpExporter(host, otlp, kept.otlp),
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
  };
}
