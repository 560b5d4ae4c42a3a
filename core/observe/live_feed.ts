/**
 * `GET live`: snapshots of the figures as Server-Sent Events, one for each interval.
 *
 * @module
 */
import { problem } from "../lib/problem.ts";
import type { Clock } from "../plugin.ts";
import { collected, joined } from "./sliced_json.ts";

/** Source of a feed. */
export interface LiveSource {
  /** The server's clock. */
  readonly clock: Clock;
  /** Name of this run of the server, unique: ids of events from other runs are ignored. */
  readonly run: string;
  /** Returns a snapshot: the text of a JSON object with at least one member, in slices that each take little time to make. */
  snapshot(): Iterable<string> | Promise<Iterable<string>>;
}

/** Range of the interval between two snapshots, in milliseconds. */
export const LIVE_INTERVAL = { min: 100, max: 60_000 } as const;

/** Default interval between two snapshots, in milliseconds. */
const DEFAULT_INTERVAL = 1000;

/** Maximum number of readers at a time: each of them costs a little. */
export const READER_LIMIT = 64;

/**
 * Sends snapshots to all readers. Time is divided into ticks of the interval, counted since the feed was made, and an event's
 * id ends in the number of its tick. Ids therefore continue while there is no reader, and a reader that reconnects with
 * `Last-Event-ID` learns how many snapshots it missed. All readers of an interval share one snapshot per tick. At most one
 * event is buffered for a slow reader; further ones are dropped, and the next event it receives contains their number.
 *
 * A timer exists only while there are readers, and a snapshot is made only if at least one reader has room for it.
 */
export class LiveFeed {
  readonly #source: LiveSource;
  readonly #origin: number;
  readonly #channels = new Map<number, Channel>();
  #ended = false;

  /** @param source of the snapshots */
  constructor(source: LiveSource) {
    this.#source = source;
    this.#origin = source.clock.now();
  }

  /** Number of readers now. */
  get readers(): number {
    let readers = 0;
    for (const channel of this.#channels.values()) readers += channel.size;
    return readers;
  }

  /**
   * Adds a reader.
   *
   * @param interval between two snapshots, in milliseconds. Default 1000.
   * @param lastId value of the reader's header Last-Event-ID; null if absent
   * @returns the stream of events; status 503 if there are 64 readers already or the feed has ended
   */
  follow(
    interval: number = DEFAULT_INTERVAL,
    lastId: string | null = null,
  ): Response {
    if (this.#ended || this.readers >= READER_LIMIT) {
      return problem({
        status: 503,
        title: "This server cannot be followed now",
        detail: this.#ended
          ? "It is shutting down"
          : `It has ${READER_LIMIT} readers already, which is the maximum`,
      });
    }
    const channel = this.#channel(interval);
    const reader = new Reader({
      ids: `${this.#source.run}-${interval}-`,
      lastId,
      left: () => channel.remove(reader),
    });
    const body = reader.stream();
    channel.add(reader);
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        // No proxy may delay an event, whether to cache it, to compress it or to send several together.
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      },
    });
  }

  #channel(interval: number): Channel {
    let channel = this.#channels.get(interval);
    if (channel === undefined) {
      channel = new Channel({
        source: this.#source,
        origin: this.#origin,
        interval,
        emptied: () => this.#channels.delete(interval),
      });
      this.#channels.set(interval, channel);
    }
    return channel;
  }

  /** Ends all streams and cancels all timers; further readers are refused. */
  [Symbol.dispose](): void {
    this.#ended = true;
    for (const channel of [...this.#channels.values()]) channel.end();
  }
}

interface ChannelOptions {
  readonly source: LiveSource;
  /** Start of tick 0, in the clock's milliseconds. */
  readonly origin: number;
  /** Length of a tick, in milliseconds. */
  readonly interval: number;
  /** Called when the last reader has left. */
  readonly emptied: () => void;
}

/** Snapshot of a tick: the text of an object after its opening brace, the same for all readers. */
interface Snapshot {
  readonly tick: number;
  readonly rest: Uint8Array;
}

/** All readers of one interval. */
class Channel {
  readonly #options: ChannelOptions;
  readonly #readers = new Set<Reader>();
  #timer = 0;
  #latest: Snapshot | undefined;
  /** True while a snapshot is being written: ticks that pass meanwhile are dropped. */
  #writing = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Number of readers. */
  get size(): number {
    return this.#readers.size;
  }

  /** Adds a reader and sends it the current tick's snapshot at once, unless it has received that one. */
  add(reader: Reader): void {
    const tick = this.#currentTick();
    this.#readers.add(reader);
    if (this.#timer === 0) this.#arm(tick + 1);
    if (reader.join(tick)) return;
    if (this.#latest?.tick === tick) reader.send(tick, this.#latest.rest);
    else this.#publish(tick);
  }

  /** Removes a reader that has left. */
  remove(reader: Reader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#stop();
  }

  /**
   * Ends the streams of all readers.
   *
   * @param error why they break off; undefined for a regular end
   */
  end(error?: unknown): void {
    for (const reader of this.#readers) reader.end(error);
    this.#readers.clear();
    this.#stop();
  }

  #stop(): void {
    this.#options.source.clock.cancel(this.#timer);
    this.#timer = 0;
    this.#latest = undefined;
    this.#options.emptied();
  }

  #currentTick(): number {
    const { source, origin, interval } = this.#options;
    return Math.floor((source.clock.now() - origin) / interval);
  }

  #arm(tick: number): void {
    const { source, origin, interval } = this.#options;
    const due = origin + tick * interval;
    this.#timer = source.clock.at(due, this.#wake, tick);
  }

  readonly #wake = (due: number): void => {
    // The division in #currentTick() may give just less than the whole number that the timer was set for.
    const tick = Math.max(due, this.#currentTick());
    this.#arm(tick + 1);
    this.#publish(tick);
  };

  /** Writes a snapshot and sends it to all readers that have room; writes none if no reader has. */
  async #publish(tick: number): Promise<void> {
    if (this.#writing) return;
    if (![...this.#readers].some(({ hasRoom }) => hasRoom)) return;
    this.#writing = true;
    let text: Uint8Array | undefined;
    try {
      const slices = this.#options.source.snapshot();
      text = await collected(
        slices instanceof Promise ? await slices : slices,
        this.#options.source.clock,
        () => this.#readers.size === 0,
      );
    } catch (error) {
      // Only the readers of this channel are affected: their connections break.
      return this.end(error);
    } finally {
      this.#writing = false;
    }
    if (text === undefined) return;
    this.#latest = { tick, rest: text.subarray(1) };
    for (const reader of this.#readers) reader.send(tick, this.#latest.rest);
  }
}

interface ReaderOptions {
  /** Beginning of all ids of its events. */
  readonly ids: string;
  /** Value of its header Last-Event-ID; null if absent. */
  readonly lastId: string | null;
  /** Called when it has left. */
  readonly left: () => void;
}

const encoder = new TextEncoder();
const END = encoder.encode("\n\n");

/** One client that follows a server. */
class Reader {
  readonly #options: ReaderOptions;
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;
  /** Tick of the latest event it received; undefined before the first. */
  #last: number | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Stream of its events. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = undefined;
        this.#options.left();
      },
    }, { highWaterMark: 1 });
  }

  /**
   * Joins in a tick. Its Last-Event-ID is used only if it belongs to this run and is not in the future.
   *
   * @returns true if it has received this tick's event already
   */
  join(tick: number): boolean {
    const { ids, lastId } = this.#options;
    if (lastId?.startsWith(ids) !== true) return false;
    const number = lastId.slice(ids.length);
    if (!/^\d{1,15}$/.test(number) || Number(number) > tick) return false;
    this.#last = Number(number);
    return this.#last === tick;
  }

  /** True if it has read all previous events, so that one more can be sent. */
  get hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  /**
   * Sends a tick's event, unless it has received that one or has no room.
   *
   * @param rest of the event's data, after its first member
   */
  send(tick: number, rest: Uint8Array): void {
    const last = this.#last ?? tick - 1;
    if (tick <= last || !this.hasRoom) return;
    this.#last = tick;
    const head = encoder.encode(
      `id: ${this.#options.ids}${tick}\ndata: {"dropped":${tick - last - 1},`,
    );
    this.#controller?.enqueue(joined(head, rest, END));
  }

  /**
   * Ends its stream.
   *
   * @param error why it breaks off; undefined for a regular end
   */
  end(error?: unknown): void {
    if (error === undefined) this.#controller?.close();
    else this.#controller?.error(error);
    this.#controller = undefined;
  }
}
