import { joined } from "./slices.ts";

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
