import type { Host } from "../../../core/plugin.ts";
import {
  DeliveryError,
  type Ledger,
  nextTurn,
  PushExporter,
  type PushOptions,
  wallTime,
} from "../push/mod.ts";
import type { OtlpOptions } from "./options.ts";
import { PayloadWriter } from "./payload.ts";
import { post, RefusedError } from "./post.ts";

/** The OpenTelemetry exporter's figures. */
export interface OtlpFigures {
  /** `starting`, `ok`, or `failing: ` and the reason. */
  readonly state: string;
  /** How many flushes were tried. */
  readonly flushes: number;
  /** How many of them failed. */
  readonly failed: number;
  /** How many requests the receiver took. */
  readonly requests: number;
  /** How many data points it rejected. */
  readonly dropped: number;
}

interface Counts {
  requests: number;
  dropped: number;
}

/** What an {@linkcode OtlpExporter} needs of its host. */
export type OtlpHost = Pick<Host, "clock" | "metrics" | "log" | "version">;

/** An OpenTelemetry exporter. */
export class OtlpExporter extends PushExporter {
  readonly #counts: Readonly<Counts>;

  /**
   * Use {@linkcode createOtlpExporter}.
   *
   * @param options what is delivered, and when
   * @param counts filled by what delivers
   */
  constructor(options: PushOptions, counts: Readonly<Counts>) {
    super(options);
    this.#counts = counts;
  }

  /** Its figures. */
  get figures(): OtlpFigures {
    return {
      state: this.state,
      flushes: this.deliveries,
      failed: this.failures,
      ...this.#counts,
    };
  }
}

/** Since when it counts, and as whom: the same for whatever settings, or a sum would go backwards. */
export interface OtlpOrigin {
  /** Knows where counting began. */
  readonly ledger: Ledger;
  /** When it began, in milliseconds of the server's clock. */
  readonly start: number;
  /** The instance id. */
  readonly id: string;
}

/** Makes an OpenTelemetry exporter that has not started. */
export function createOtlpExporter(
  host: OtlpHost,
  options: OtlpOptions,
  { ledger, start, id }: OtlpOrigin,
): OtlpExporter {
  const counts: Counts = { requests: 0, dropped: 0 };
  const { clock, log, version } = host;
  const now = () => clock.now();
  const writer = new PayloadWriter({
    version,
    instance: id,
    ledger,
    start,
  });
  let toldUntil = -Infinity;
  let said = "";

  /** The figures of all that is rejected are counted; the rest is delivered all the same. */
  async function deliver(signal: AbortSignal): Promise<void> {
    const begun = now();
    let refusal: DeliveryError | undefined;
    const all = writer.payloads(host.metrics.all(), now, toldUntil);
    for (const payload of all) {
      if (payload === undefined) {
        await nextTurn();
        continue;
      }
      signal.throwIfAborted();
      const { body, points } = payload;
      try {
        const { rejected, message } = await post(
          { ...options, body, signal },
          () => wallTime(now()),
        );
        counts.requests++;
        if (rejected > 0) {
          counts.dropped += rejected;
          refusal = new DeliveryError(
            `Cannot deliver all: the receiver rejected ${rejected} data points${
              message === "" ? "" : `: ${message}`
            }`,
          );
        } else if (message !== "" && message !== said) {
          said = message;
          log("warn", `Exporter otlp was told by its receiver: ${message}`);
        }
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        counts.dropped += points;
        refusal = error;
      }
    }
    toldUntil = begun;
    if (refusal !== undefined) throw refusal;
  }

  return new OtlpExporter({
    name: "otlp",
    interval: options.interval,
    timeout: options.timeout,
    clock,
    log,
    deliver,
  }, counts);
}
