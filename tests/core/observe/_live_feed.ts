/** A feed in virtual time, and readers of its events. */
import { LiveFeed, type LiveSource } from "../../../core/observe/live_feed.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";

/** One event as sent. */
export interface Event {
  readonly id: string;
  readonly data: Record<string, number>;
}

/** A feed that counts its snapshots. */
export function feed(
  snapshot: (n: number) => Iterable<string> = (n) => [`{"n":${n}}`],
) {
  const clock = new VirtualClock(5_000);
  let snapshots = 0;
  const source: LiveSource = {
    clock,
    run: "run",
    snapshot: () => snapshot(++snapshots),
  };
  const live = new LiveFeed(source);
  return { clock, live, snapshots: () => snapshots };
}

/** Adds a reader. */
export async function follow(
  live: LiveFeed,
  interval?: number,
  lastId?: string,
): Promise<Response> {
  const response = live.follow(interval, lastId);
  // A snapshot of one slice has been sent once all pending promises have settled.
  await settled();
  return response;
}

/** Lets all promises that can settle without an event do so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** Advances a clock in steps, and after each of them waits for all promises that can settle. */
export async function pass(clock: VirtualClock, by: number): Promise<void> {
  const end = clock.now() + by;
  for (let now = clock.now(); now < end;) {
    now = Math.min(end, now + 50);
    clock.advanceTo(now);
    await settled();
  }
}

/** Reads events one at a time, each only when requested. */
export class Events {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor({ body }: Response) {
    if (body === null) throw new TypeError("No body");
    this.#reader = body.getReader();
  }

  /** The next event; undefined at the end. */
  async next(): Promise<Event | undefined> {
    let end: number;
    while ((end = this.#text.indexOf("\n\n")) < 0) {
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += new TextDecoder().decode(value);
    }
    const [id, data] = this.#text.slice(0, end).split("\n");
    this.#text = this.#text.slice(end + 2);
    return {
      id: id.replace(/^id: /, ""),
      data: JSON.parse(data.replace(/^data: /, "")),
    };
  }

  /** Cancels the stream. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}
