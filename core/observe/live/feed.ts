/**
 * `GET live`: snapshots as Server-Sent Events, one an interval.
 *
 * @module
 */
import { z } from "zod";
import type { Clock, Endpoint, Kit } from "../../plugin.ts";
import { problem } from "../../lib/problem.ts";
import { Channel } from "./_channel.ts";
import { Reader } from "./_reader.ts";

/** What a feed tells of. */
export interface LiveSource {
  /** Whose time it goes by. */
  readonly clock: Clock;
  /** A name that no other run of the server has: an event's id from another run says nothing about this one. */
  readonly run: string;
  /** The JSON Schema of an event's data. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** A snapshot as the text of a JSON object with one member at least, in slices that each take little time. */
  snapshot(): Iterable<string>;
}

/** The shortest interval, the longest, and the one of who names none, in milliseconds. */
const SHORTEST = 100;
const LONGEST = 60_000;
const USUAL = 1000;

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
   * The endpoint, which may be made anew for each revision of the configuration: readers stay.
   *
   * @param kit for the query's duration
   */
  endpoint(kit: Pick<Kit, "duration">): Endpoint {
    return {
      method: "GET",
      path: "/live",
      summary:
        "Server-Sent Events: a snapshot of stats at once and then each interval, 1 s unless told otherwise; resumable by Last-Event-ID",
      type: "text/event-stream",
      query: z.strictObject({
        interval: kit.duration({ min: SHORTEST, max: LONGEST }).optional(),
      }),
      answer: this.#source.schema,
      handle: ({ request, query }) => {
        const { interval = USUAL } = query as { interval?: number };
        return this.#follow(interval, request.headers.get("last-event-id"));
      },
    };
  }

  #follow(interval: number, lastId: string | null): Response {
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
