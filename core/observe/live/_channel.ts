import type { LiveSource } from "./feed.ts";
import type { Reader } from "./_reader.ts";
import { collected } from "./slices.ts";

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
