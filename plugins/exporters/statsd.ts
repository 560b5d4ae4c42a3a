/**
 * The StatsD exporter: sends the growth since the last flush as lines of StatsD or DogStatsD, over UDP.
 *
 * Lines of each flush; names are those of Prometheus, values in base units (seconds, bytes), except for histograms:
 *
 * | metric | lines |
 * |---|---|
 * | gauge | `name:value\|g` at each flush, if the value is finite |
 * | counter | `name:growth\|c`, if it grew |
 * | histogram | `name.count:growth\|c`, `name.sum:growth\|c` and `name.p50`, `.p90`, `.p95`, `.p99` as gauges, if it grew |
 *
 * Durations are in milliseconds, as users of StatsD expect, and their names say so: `perfmock_service_milliseconds.p95`. With
 * `unit: s` they are in seconds, and the names are those of Prometheus. The quantiles are those of the interval by nearest rank,
 * exact to 0.4 % whatever the buckets. No `|ms` lines are sent: a daemon computes its statistics from single timings, and would
 * count an aggregated one as a single request.
 *
 * With `distributions: true`, a histogram is a distribution of DogStatsD, whose percentiles Datadog computes over any tags and
 * time: `name:30.1:30.3|d|@0.5`, protocol 1.1. The sample rate 1/n means that each value occurred n times.
 *
 * With `dogstatsd`, labels are tags: `name:1|c|#route:orders`. With `plain`, each label and its value are part of the name:
 * `name.route.orders:1|c`. Letters, digits and `-` of a value stay, `_` is doubled, any other character is written as `_` and
 * two hexadecimal digits for each of its bytes, and an empty value as `_`: two series never have the same name.
 *
 * ## Lost figures
 * A UDP sender is not told of most losses. If a flush cannot be sent, because the name does not resolve or the system refuses a datagram, the
 * next flush includes its counts. Counts that were sent are never sent again. On Linux, with a receiver on the loopback
 * interface, the kernel's table of sockets shows if a process listens: if none does, nothing is sent, and the first flush
 * that finds a receiver includes all counts. Datagrams that were under way when the receiver disappeared are counted as
 * `dropped`; datagrams for which its buffer had no room, from any sender, as `overflowed`. Losses on a network or within the
 * receiver are unknown and not counted.
 *
 * @module
 */
import type { Host, Kit, KitType } from "../../core/plugin.ts";
import type { DeliveredCounts } from "./delivered_counts.ts";
import {
  DeliveryError,
  messageOf,
  PushExporter,
  type PushOptions,
  sleep,
} from "./push.ts";
import type { Receiver } from "./read_receiver.ts";
import {
  type Datagram,
  datagrams,
  type LineOptions,
  LineWriter,
} from "./statsd_lines.ts";
import type { Channel, openUdp, StatsdAddress } from "./statsd_udp.ts";

/** Time limit for a flush, in milliseconds. */
const TIMEOUT = 10_000;

/** Number of datagrams without a pause, 22 KiB: Linux's default receive buffer holds about 90. */
const BURST = 16;

/** The pause, in milliseconds. */
const PAUSE = 5;

/** Number of bytes in the receiver's buffer above which the next burst waits: about half of Linux's default buffer. */
export const MAX_WAITING = 100_000;

/** Options of the StatsD exporter. */
export interface StatsdOptions extends LineOptions {
  /** Host and port of the receiver. */
  readonly address: StatsdAddress;
  /** Time from one flush to the next, in milliseconds. */
  readonly interval: number;
}

/** `host:port`, `[IPv6]:port`. */
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/** Schema of {@linkcode StatsdOptions}. */
export function statsdSchema(kit: Kit): KitType<StatsdOptions> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    address: z.string().superRefine(
      kit.beyond("targets", (address) => {
        const [, ipv6, name] = ADDRESS.exec(address) ?? [];
        return ipv6 ?? name;
      }),
    ).transform((written, context): StatsdAddress => {
      const [, ipv6, name, digits] = ADDRESS.exec(written) ?? [];
      const port = Number(digits);
      if (port >= 1 && port <= 65535) return { host: ipv6 ?? name, port };
      context.issues.push({
        code: "custom",
        input: written,
        message:
          `The address must be a host and a port such as "127.0.0.1:8125" or "[::1]:8125"`,
      });
      return z.NEVER;
    }),
    format: z.enum(["dogstatsd", "plain"]).default("dogstatsd"),
    interval: kit.duration({ min: 100, max: 3_600_000 }).default(10_000),
    prefix: z.string().regex(
      /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)?$/,
      "The prefix must be made of letters, digits, _ and -, with dots in between",
    ).default(""),
    unit: z.enum(["ms", "s"]).default("ms"),
    distributions: z.boolean().default(false),
  }, {
    address: 'Host and port of the receiver, such as "127.0.0.1:8125"',
    format: "Format of the lines: DogStatsD has tags, plain has none",
    interval: "Time from one flush to the next",
    prefix: "Prefix of all names, without the dot that follows. Default: none",
    unit: "Unit of the times",
    distributions:
      "True to send times as distributions, in DogStatsD, in place of timers",
  })).superRefine(({ format, distributions }, context) => {
    if (!distributions || format === "dogstatsd") return;
    context.addIssue({
      code: "custom",
      path: ["distributions"],
      input: distributions,
      message:
        "Only DogStatsD has distributions: set format to dogstatsd, or leave distributions out",
    });
  });
}

/** Numbers of datagrams, by outcome. */
export interface DatagramCounts {
  /** Number of datagrams that the system accepted. */
  datagrams: number;
  /** Number of datagrams whose counts may be lost: the receiver disappeared, or they were too large to be sent. */
  dropped: number;
  /** Number of datagrams, from any sender, dropped during flushes because the receiver's buffer was full; 0 if unknown. */
  overflowed: number;
}

/** Figures of the StatsD exporter. */
export interface StatsdFigures extends Readonly<DatagramCounts> {
  /** `starting`, `ok`, or `failing: ` and the reason. */
  readonly state: string;
  /** Number of flushes tried. */
  readonly flushes: number;
  /** Number of flushes that failed. */
  readonly failed: number;
}

/** A StatsD exporter. */
export class StatsdExporter extends PushExporter {
  readonly #counts: DatagramCounts;

  /** Use {@linkcode createStatsdExporter}, whose `deliver` updates the counts. */
  constructor(options: PushOptions, counts: DatagramCounts) {
    super(options);
    this.#counts = counts;
  }

  /** Figures of this exporter. */
  get figures(): StatsdFigures {
    return {
      state: this.state,
      flushes: this.deliveries,
      failed: this.failures,
      ...this.#counts,
    };
  }
}

/** Arguments of {@linkcode createStatsdExporter}. */
export interface StatsdExporterOptions {
  /** Settings of the exporter. */
  readonly options: StatsdOptions;
  /** Counts delivered so far. */
  readonly delivered: DeliveredCounts;
  /** Opens a socket to the receiver. */
  readonly open: (...args: Parameters<typeof openUdp>) => Promise<Channel>;
}

/** Creates a StatsD exporter that has not started. */
export function createStatsdExporter(
  host: Pick<Host, "clock" | "metrics" | "log">,
  { options, delivered, open }: StatsdExporterOptions,
): StatsdExporter {
  const counts = { datagrams: 0, dropped: 0, overflowed: 0 };
  const writer = new LineWriter(options);
  const flusher = new Flusher({ host, delivered, writer, counts });
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
  }, counts);
}

/** Options of a {@linkcode Flusher}. */
export interface FlusherOptions {
  /** Gives the metrics and the clock. */
  readonly host: Pick<Host, "clock" | "metrics">;
  /** Counts delivered so far. */
  readonly delivered: DeliveredCounts;
  /** Writes the lines. */
  readonly writer: LineWriter;
  /** Updated by each flush. */
  readonly counts: DatagramCounts;
}

/** Sends the growth of all series in bursts, and marks as delivered what the system accepted. */
export class Flusher {
  readonly #options: FlusherOptions;
  #overflowed = 0;
  /** Number of datagrams with counts since the receiver was last seen. */
  #unseen = 0;

  /** Creates a flusher. */
  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /**
   * Sends the growth of all series since the last delivery.
   *
   * @throws DeliveryError if no process listens or the system refuses a datagram; the counts that were not sent are not marked
   * as delivered
   */
  async flush(channel: Channel, signal: AbortSignal): Promise<void> {
    this.#overflowed = Infinity;
    await this.#checkReceiver(channel);
    try {
      await this.#sendAll(channel, signal);
    } finally {
      // Reported in every case, so that no loss goes unnoticed.
      if (this.#unseen > 0) await this.#checkReceiver(channel);
    }
  }

  async #sendAll(channel: Channel, signal: AbortSignal): Promise<void> {
    const { host, delivered, writer } = this.#options;
    let sent = 0;
    for (const datagram of datagrams(host.metrics.all(), writer, delivered)) {
      signal.throwIfAborted();
      if (datagram === undefined) {
        await host.clock.yield();
        continue;
      }
      if (sent === BURST) {
        await this.#pause(channel, signal);
        sent = 0;
      }
      await this.#send(channel, datagram);
      sent++;
    }
  }

  async #send(channel: Channel, datagram: Datagram): Promise<void> {
    const { delivered, counts } = this.#options;
    const { bytes, changes, isTooLarge } = datagram;
    if (isTooLarge) counts.dropped++;
    else {
      try {
        await channel.send(bytes);
      } catch (error) {
        throw new DeliveryError(`Cannot send a datagram: ${messageOf(error)}`);
      }
      counts.datagrams++;
      if (changes.length > 0) this.#unseen++;
    }
    for (const [series, change] of changes) delivered.mark(series, change);
  }

  /** Lets the event loop turn and the receiver empty its buffer. */
  async #pause(channel: Channel, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.host;
    let receiver: Receiver | undefined;
    do {
      await sleep(clock, PAUSE, signal);
      receiver = await this.#checkReceiver(channel);
    } while (receiver !== undefined && receiver.waiting > MAX_WAITING);
  }

  /** Checks that a process listens, if that can be known. */
  async #checkReceiver(channel: Channel): Promise<Receiver | undefined> {
    const { counts } = this.#options;
    const receiver = await channel.receiver();
    const unseen = this.#unseen;
    this.#unseen = 0;
    if (receiver?.isListening === false) {
      counts.dropped += unseen;
      throw new DeliveryError(
        `Cannot deliver: nobody listens on UDP ${channel.target}`,
      );
    }
    if (receiver !== undefined) {
      counts.overflowed += Math.max(0, receiver.overflowed - this.#overflowed);
      this.#overflowed = receiver.overflowed;
    }
    return receiver;
  }
}
