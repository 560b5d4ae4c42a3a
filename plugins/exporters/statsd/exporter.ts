import type { Host } from "../../../core/plugin.ts";
import {
  DeliveryError,
  type Ledger,
  messageOf,
  PushExporter,
  type PushOptions,
} from "../push/mod.ts";
import { type DatagramFigures, Flusher } from "./flusher.ts";
import { LineWriter } from "./lines.ts";
import type { StatsdOptions } from "./options.ts";
import type { Channel, openUdp } from "./udp.ts";

/** How long a flush may take, in milliseconds. */
const TIMEOUT = 10_000;

/** The StatsD exporter's figures. */
export interface StatsdFigures extends Readonly<DatagramFigures> {
  /** `starting`, `ok`, or `failing: ` and the reason. */
  readonly state: string;
  /** How many flushes were tried. */
  readonly flushes: number;
  /** How many of them failed. */
  readonly failed: number;
}

/** What a {@linkcode StatsdExporter} needs of its host. */
export type StatsdHost = Pick<Host, "clock" | "metrics" | "log">;

/** A StatsD exporter. */
export class StatsdExporter extends PushExporter {
  readonly #figures: DatagramFigures;

  /**
   * Use {@linkcode createStatsdExporter}.
   *
   * @param options what is delivered, and when
   * @param figures filled by what delivers
   */
  constructor(
    options: PushOptions,
    figures: DatagramFigures,
  ) {
    super(options);
    this.#figures = figures;
  }

  /** Its figures. */
  get figures(): StatsdFigures {
    return {
      state: this.state,
      flushes: this.deliveries,
      failed: this.failures,
      ...this.#figures,
    };
  }
}

/** What a StatsD exporter is made of. */
export interface StatsdParts {
  /** Its settings. */
  readonly options: StatsdOptions;
  /** What was delivered. */
  readonly ledger: Ledger;
  /** Opens the way to the receiver. */
  readonly open: (
    ...args: Parameters<typeof openUdp>
  ) => Promise<Channel>;
}

/** Makes a StatsD exporter that has not started. */
export function createStatsdExporter(
  host: StatsdHost,
  { options, ledger, open }: StatsdParts,
): StatsdExporter {
  const figures = { datagrams: 0, dropped: 0, overflowed: 0 };
  const writer = new LineWriter(options);
  const flusher = new Flusher({ host, ledger, writer, figures });
  return new StatsdExporter({
    name: "statsd",
    interval: options.interval,
    timeout: TIMEOUT,
    clock: host.clock,
    log: host.log,
    async deliver(signal) {
      let channel: Channel;
      try {
        channel = await open(options.address, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        throw new DeliveryError(
          `Cannot resolve ${options.address.host}: ${messageOf(error)}`,
        );
      }
      try {
        await flusher.flush(channel, signal);
      } finally {
        channel.close();
      }
    },
  }, figures);
}
