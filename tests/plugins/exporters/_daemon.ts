/** A StatsD daemon in memory, and channels to it that can fail in every way UDP can. */
import type { Channel } from "../../../plugins/exporters/statsd_udp.ts";

/** Stricter than daemons: an invalid line is an error. */
const LINE = /^([^\s:|@#]+):(-?\d+(?:\.\d+)?(?:e-\d+)?)\|([cg])(?:\|#(\S.*))?$/;

/** State of a daemon: sums of counters and the last values of gauges, by name and tags. */
export class Daemon {
  /** Sums since the start. */
  readonly counters = new Map<string, number>();
  /** Last values. */
  readonly gauges = new Map<string, number>();
  /** Number of datagrams with counters. */
  withCounts = 0;
  /** Sizes of the datagrams, in bytes. */
  readonly sizes: number[] = [];

  /** Receives one datagram. */
  take(datagram: Uint8Array): void {
    this.sizes.push(datagram.length);
    const text = new TextDecoder().decode(datagram);
    if (text.includes("|c")) this.withCounts++;
    for (const line of text.split("\n")) {
      const match = LINE.exec(line);
      if (match === null) throw new Error(`Cannot read line: ${line}`);
      const [, name, value, type, tags] = match;
      const key = tags === undefined ? name : `${name} ${tags}`;
      if (type === "g") this.gauges.set(key, Number(value));
      else {
        this.counters.set(key, (this.counters.get(key) ?? 0) + Number(value));
      }
    }
  }
}

/** A receiver on the loopback interface that can be taken down. */
export class Loopback {
  /** The daemon that receives datagrams. */
  readonly daemon: Daemon = new Daemon();
  /** Receives the datagrams that the system accepted while the daemon was down. */
  readonly swallowed: Daemon = new Daemon();
  /** True while the daemon runs. */
  isUp = true;
  /** Number of further datagrams after which the daemon goes down. */
  diesAfter: number = Infinity;
  /** Number of further datagrams after which the system refuses them. */
  refusesAfter: number = Infinity;
  /** True if the table of sockets can be read. */
  isKnown = true;
  /** Number of bytes in the buffer of the daemon. */
  waiting = 0;
  /** Number of datagrams dropped because the buffer was full. */
  overflowed = 0;
  /** Number of open channels. */
  open = 0;

  /** Opens a channel to the daemon. */
  channel(): Channel {
    this.open++;
    return {
      target: "127.0.0.1:8125",
      send: (datagram) => {
        if (this.refusesAfter-- <= 0) {
          return Promise.reject(new Error("Network is unreachable"));
        }
        if (this.diesAfter-- <= 0) this.isUp = false;
        (this.isUp ? this.daemon : this.swallowed).take(datagram);
        return Promise.resolve();
      },
      receiver: () =>
        Promise.resolve(
          this.isKnown
            ? {
              isListening: this.isUp,
              overflowed: this.overflowed,
              waiting: this.waiting,
            }
            : undefined,
        ),
      close: () => this.open--,
    };
  }
}
