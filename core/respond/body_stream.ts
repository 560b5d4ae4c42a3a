/**
 * A body on its way: pulled by its client, each piece no earlier than its schedule says. A client that reads slowly delays its
 * own pieces; the schedule does not move.
 *
 * @module
 */
import type { LiveExchange } from "../pipeline/exchange.ts";
import { abandon, breakOff, handOver } from "../pipeline/pipeline.ts";
import type { Timing } from "../plugin.ts";
import type { Body } from "./body.ts";
import { CHUNK, type Schedule } from "./wire.ts";

/** How a stream keeps to a schedule, and where it records how well it did. */
export interface Pacing {
  /** When each piece is due. */
  readonly schedule: Schedule;
  /** The size of a piece, in bytes. */
  readonly chunk: number;
  /** How much later than due pieces left that their client was waiting for. */
  readonly lateness: Timing;
  /** Told of a piece that its client asked for only after it was due. */
  readonly stalled: () => void;
}

/** The largest piece of a body without a schedule, in bytes. */
const UNPACED = 4 * CHUNK;

/**
 * Lets an exchange's body flow: the exchange goes on until the last piece was handed over, the client has left, or the body
 * cannot be read on.
 *
 * @param pacing undefined where pieces leave as fast as they are asked for
 */
export function flow(
  x: LiveExchange,
  body: Body,
  pacing: Pacing | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const flowing = new Flowing(x, body, pacing);
  x.flowing = true;
  x.stop = () => flowing.stop();
  return new ReadableStream(flowing, { highWaterMark: 0 });
}

class Flowing implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #x: LiveExchange;
  readonly #body: Body;
  readonly #pacing: Pacing | undefined;
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;
  #timer = 0;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(x: LiveExchange, body: Body, pacing: Pacing | undefined) {
    this.#x = x;
    this.#body = body;
    this.#pacing = pacing;
  }

  start(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): void {
    this.#controller = controller;
  }

  async pull(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const body = this.#body;
    try {
      if (!body.ended) {
        const asked = this.#x.plan.clock.now();
        const piece = await body.read(this.#pacing?.chunk ?? UNPACED);
        if (this.#ended) return;
        if (piece !== null) {
          if (this.#pacing !== undefined) {
            await this.#due(piece.length, asked, this.#pacing);
            if (this.#ended) return;
          }
          controller.enqueue(piece as Uint8Array<ArrayBuffer>);
          if (!body.ended) return;
        }
      }
      controller.close();
      this.#end();
      handOver(this.#x);
    } catch (error) {
      if (!this.#ended) breakOff(this.#x, error);
    }
  }

  /** The client does not want the rest. */
  cancel(): void {
    abandon(this.#x, "gone");
  }

  /** Ends it before its time; whoever reads is told. */
  stop(): void {
    if (this.#ended) return;
    this.#end();
    this.#controller?.error(
      this.#x.error ?? new DOMException("The answer was cut", "AbortError"),
    );
  }

  #end(): void {
    this.#ended = true;
    this.#x.stop = undefined;
    if (this.#timer !== 0) this.#x.plan.clock.cancel(this.#timer);
    this.#wake?.();
    this.#body.close();
  }

  /** Waits until a piece of so many bytes, which the client asked for at a time, may leave. */
  async #due(bytes: number, asked: number, pacing: Pacing): Promise<void> {
    const { clock } = this.#x.plan;
    const due = pacing.schedule.next(bytes);
    if (due > clock.now()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer = clock.at(due, resolve, undefined);
      });
      this.#timer = 0;
      if (this.#ended) return;
    }
    if (asked > due) pacing.stalled();
    else pacing.lateness.record(clock.now() - due);
  }
}
