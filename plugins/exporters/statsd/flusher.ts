import type { Host } from "../../../core/plugin.ts";
import {
  DeliveryError,
  type Ledger,
  messageOf,
  nextTurn,
  sleep,
} from "../push/mod.ts";
import { type Datagram, datagrams } from "./datagrams.ts";
import type { LineWriter } from "./lines.ts";
import type { Receiver } from "./read_receiver.ts";
import type { Channel } from "./udp.ts";

/** After so many datagrams, 22 KiB, a pause: Linux's usual receive buffer holds about 90. */
const BURST = 16;

/** The pause, in milliseconds. */
const PAUSE = 5;

/** With so many bytes before it, about half of Linux's usual receive buffer, a receiver is waited for. */
const BEHIND = 100_000;

/** What became of datagrams. */
export interface DatagramFigures {
  /** How many the system took. */
  datagrams: number;
  /** How many with counts may not have arrived: the receiver was gone right after, or they were too large to be sent. */
  dropped: number;
  /** How many, of whichever sender, found no room in the receiver's buffer during a flush; 0 where that cannot be known. */
  overflowed: number;
}

/** What a {@linkcode Flusher} is made of. */
export interface FlusherParts {
  /** Gives the metrics and the clock. */
  readonly host: Pick<Host, "clock" | "metrics">;
  /** What was delivered. */
  readonly ledger: Ledger;
  /** Writes the lines. */
  readonly writer: LineWriter;
  /** Counted up. */
  readonly figures: DatagramFigures;
}

/** Sends what grew, in bursts, and settles what the system took. */
export class Flusher {
  readonly #parts: FlusherParts;
  #overflowed = 0;
  /** Datagrams with counts since the receiver was last seen. */
  #unseen = 0;

  /**
   * Makes a flusher.
   *
   * @param parts what it sends, and where it counts
   */
  constructor(parts: FlusherParts) {
    this.#parts = parts;
  }

  /**
   * Sends all that grew since it was settled.
   *
   * @throws DeliveryError where the receiver is gone or the system refuses a datagram; what was not sent is not settled
   */
  async flush(channel: Channel, signal: AbortSignal): Promise<void> {
    this.#overflowed = Infinity;
    await this.#look(channel);
    try {
      await this.#sendAll(channel, signal);
    } finally {
      // Whatever ended it: nothing may be lost in silence.
      if (this.#unseen > 0) await this.#look(channel);
    }
  }

  async #sendAll(channel: Channel, signal: AbortSignal): Promise<void> {
    const { host, ledger, writer } = this.#parts;
    let sent = 0;
    for (const datagram of datagrams(host.metrics.all(), writer, ledger)) {
      signal.throwIfAborted();
      if (datagram === undefined) {
        await nextTurn();
        continue;
      }
      if (sent === BURST) {
        await this.#rest(channel, signal);
        sent = 0;
      }
      await this.#send(channel, datagram);
      sent++;
    }
  }

  async #send(channel: Channel, datagram: Datagram): Promise<void> {
    const { ledger, figures } = this.#parts;
    const { bytes, changes, isTooLarge } = datagram;
    if (isTooLarge) figures.dropped++;
    else {
      try {
        await channel.send(bytes);
      } catch (error) {
        throw new DeliveryError(`Cannot send a datagram: ${messageOf(error)}`);
      }
      figures.datagrams++;
      if (changes.length > 0) this.#unseen++;
    }
    for (const [series, change] of changes) ledger.settle(series, change);
  }

  /** Lets others run, and the receiver catch up. */
  async #rest(channel: Channel, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.host;
    let receiver: Receiver | undefined;
    do {
      await sleep(clock, PAUSE, signal);
      receiver = await this.#look(channel);
    } while (receiver !== undefined && receiver.waiting > BEHIND);
  }

  /** Sees whether the receiver is there, where that can be known. */
  async #look(channel: Channel): Promise<Receiver | undefined> {
    const { figures } = this.#parts;
    const receiver = await channel.receiver();
    const unseen = this.#unseen;
    this.#unseen = 0;
    if (receiver?.isListening === false) {
      figures.dropped += unseen;
      throw new DeliveryError(
        `Cannot deliver: nobody listens on UDP ${channel.target}`,
      );
    }
    if (receiver !== undefined) {
      figures.overflowed += Math.max(0, receiver.overflowed - this.#overflowed);
      this.#overflowed = receiver.overflowed;
    }
    return receiver;
  }
}
