/**
 * `GET live`: snapshots as Server-Sent Events, one an interval.
 *
 * @module
 */
import { problem } from "../lib/problem.ts";
import type { Clock } from "../plugin.ts";
import { collected, joined } from "./sliced_json.ts";

/** What a feed tells of. */
export interface LiveSource {
  /** Whose time it goes by. */
  readonly clock: Clock;
  /** A name that no other run of the server has: an event's id from another run says nothing about this one. */
  readonly run: string;
  /** A snapshot as the text of a JSON object with one member at least, in slices that each take little time. */
  snapshot(): Iterable<string>;
}

/** Intervals that can be asked for, in milliseconds. */
export const LIVE_INTERVAL = { min: 100, max: 60_000 } as const;

/** Interval where none is asked for, in milliseconds. */
const USUAL_INTERVAL = 1000;

/** How many can follow at a time: each costs little, but not nothing. */
const MOST_READERS = 64;

/**
 * Sends snapshots to all who follow. Time is cut into ticks of the interval, counted since the feed was made, and an event's
 * id ends in its tick's number; so ids go on while nobody reads, and who comes back with `Last-Event-ID` is told how many
 * snapshots were missed. All readers of an interval share one snapshot a tick. A reader that does not read has one event
 * waiting for it and no more: what it cannot take is dropped, and the next event it gets says how much that was.
 *
 * There is a timer only while there are readers, and a snapshot only where one can take it.
 */
export class LiveFeed {
  readonly #source: LiveSource;
  readonly #origin: number;
  readonly #channels = new Map<number, Channel>();
  #ended = false;

  /** @param source what is told */
  constructor(source: LiveSource) {
    this.#source = source;
    this.#origin = source.clock.now();
  }

  /** How many follow now. */
  get readers(): number {
    let readers = 0;
    for (const channel of this.#channels.values()) readers += channel.size;
    return readers;
  }

  /**
   * Answers one who follows.
   *
   * @param interval between two snapshots, in milliseconds; 1000 where absent
   * @param lastId the header Last-Event-ID; null where it was not sent
   */
  follow(
    interval: number = USUAL_INTERVAL,
    lastId: string | null = null,
  ): Response {
    if (this.#ended || this.readers >= MOST_READERS) {
      return problem({
        status: 503,
        title: "This server cannot be followed now",
        detail: this.#ended
          ? "It is shutting down"
          : `It has ${MOST_READERS} readers already, which is the most it takes`,
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
        // No proxy may hold an event back, be it to keep it, to compress it or to send several together.
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

  /** Ends all that is sent; nothing is left pending, and nobody is let in any more. */
  [Symbol.dispose](): void {
    this.#ended = true;
    for (const channel of [...this.#channels.values()]) channel.end();
  }
}

/** What a {@linkcode Channel} is made with. */
export interface ChannelOptions {
  /** What is told. */
  readonly source: LiveSource;
  /** When tick 0 began, in the clock's milliseconds. */
  readonly origin: number;
  /** The length of a tick, in milliseconds. */
  readonly interval: number;
  /** Told when the last reader has left. */
  readonly emptied: () => void;
}

/** A tick's snapshot: the text of an object after its brace, the same for all readers. */
interface Snapshot {
  readonly tick: number;
  readonly rest: Uint8Array;
}

/** All readers of one interval. */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #readers = new Set<Reader>();
  #timer = 0;
  #latest: Snapshot | undefined;
  /** True while a snapshot is written: ticks that pass meanwhile are dropped. */
  #writing = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** How many readers there are. */
  get size(): number {
    return this.#readers.size;
  }

  /** A reader comes: it gets the present tick's snapshot at once, unless it has had that. */
  add(reader: Reader): void {
    const tick = this.#present();
    this.#readers.add(reader);
    if (this.#timer === 0) this.#arm(tick + 1);
    if (reader.join(tick)) return;
    if (this.#latest?.tick === tick) reader.send(tick, this.#latest.rest);
    else this.#publish(tick);
  }

  /** A reader has left. */
  remove(reader: Reader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#stop();
  }

  /**
   * Ends what is sent to all.
   *
   * @param error why it breaks off; undefined where it ends in order
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

  #present(): number {
    const { source, origin, interval } = this.#options;
    return Math.floor((source.clock.now() - origin) / interval);
  }

  #arm(tick: number): void {
    const { source, origin, interval } = this.#options;
    const due = origin + tick * interval;
    this.#timer = source.clock.at(due, this.#wake, tick);
  }

  readonly #wake = (due: number): void => {
    // The division may come out just below the whole number that the timer was set for.
    const tick = Math.max(due, this.#present());
    this.#arm(tick + 1);
    this.#publish(tick);
  };

  /** Writes a snapshot and sends it to all who can take it; none is written where nobody can. */
  async #publish(tick: number): Promise<void> {
    if (this.#writing) return;
    if (![...this.#readers].some(({ hasRoom }) => hasRoom)) return;
    this.#writing = true;
    let text: Uint8Array | undefined;
    try {
      text = await collected(
        this.#options.source.snapshot(),
        () => this.#readers.size === 0,
      );
    } catch (error) {
      // Its readers see the connection break, and nobody else is concerned.
      return this.end(error);
    } finally {
      this.#writing = false;
    }
    if (text === undefined) return;
    this.#latest = { tick, rest: text.subarray(1) };
    for (const reader of this.#readers) reader.send(tick, this.#latest.rest);
  }
}

/** What a {@linkcode Reader} is made with. */
export interface ReaderOptions {
  /** What its events' ids begin with. */
  readonly ids: string;
  /** What it sent as Last-Event-ID. */
  readonly lastId: string | null;
  /** Told that it has left. */
  readonly left: () => void;
}

const encoder = new TextEncoder();
const END = encoder.encode("\n\n");

/** One who follows. */
export class Reader {
  readonly #options: ReaderOptions;
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;
  /** The tick of the event it got last; undefined where it got none. */
  #last: number | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** What is sent to it. */
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
   * It joins in a tick; what it has seen before counts where that was in this run and not in the future.
   *
   * @returns whether it has had this tick's event
   */
  join(tick: number): boolean {
    const { ids, lastId } = this.#options;
    if (lastId?.startsWith(ids) !== true) return false;
    const number = lastId.slice(ids.length);
    if (!/^\d{1,15}$/.test(number) || Number(number) > tick) return false;
    this.#last = Number(number);
    return this.#last === tick;
  }

  /** Whether it can take an event now: it has read all there was. */
  get hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  /**
   * Sends a tick's event, unless it has had that or cannot take it.
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
   * Nothing more will come.
   *
   * @param error why; undefined where it ends in order
   */
  end(error?: unknown): void {
    if (error === undefined) this.#controller?.close();
    else this.#controller?.error(error);
    this.#controller = undefined;
  }
}
