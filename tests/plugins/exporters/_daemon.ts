/** A StatsD daemon in memory, and ways to it that fail in every way UDP can. */
import type { Channel } from "../../../plugins/exporters/statsd_udp.ts";

/** Strict where daemons are silent: a line that is none is an error. */
const LINE = /^([^\s:|@#]+):(-?\d+(?:\.\d+)?(?:e-\d+)?)\|([cg])(?:\|#(\S.*))?$/;

/** What a daemon knows: sums of counters and the last values of gauges, by name and tags. */
export class Daemon {
  /** Sums since the start. */
  readonly counters = new Map<string, number>();
  /** Last values. */
  readonly gauges = new Map<string, number>();
  /** How many datagrams held counters. */
  withCounts = 0;
  /** Sizes of the datagrams, in bytes. */
  readonly sizes: number[] = [];

  /** Takes one datagram. */
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
  /** Who reads what arrives. */
  readonly daemon: Daemon = new Daemon();
  /** What the system took for nobody. */
  readonly swallowed: Daemon = new Daemon();
  /** Whether the daemon runs. */
  isUp = true;
  /** Dies when so many more datagrams were sent. */
  diesAfter: number = Infinity;
  /** The system refuses when so many more datagrams were sent. */
  refusesAfter: number = Infinity;
  /** Whether the table of sockets can be read. */
  isKnown = true;
  /** How many bytes wait before it. */
  waiting = 0;
  /** How many datagrams it had no room for. */
  overflowed = 0;
  /** Channels that were not closed. */
  open = 0;

  /** A way to it. */
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
