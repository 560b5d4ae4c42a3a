/**
 * A body on its way to the client. The client pulls each piece, which leaves no earlier than the wire's schedule allows. A
 * client that reads slowly delays its own pieces; the schedule does not move.
 *
 * @module
 */
import { TurnBudget } from "../lib/time/mod.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { abandon, breakOff, handOver } from "../pipeline/pipeline.ts";
import type { Distribution, Route, Timing } from "../plugin.ts";
import type { Body } from "./source.ts";

/** Capacity of a line. */
export interface Bandwidth {
  /** Bytes per second, above 0. */
  readonly rate: number;
  /** Number of bytes that may leave at once after a rest; 0 for an even flow. */
  readonly burst: number;
}

/** Line of a route whose bandwidth a dial may replace. It holds from the next body on. */
export interface Line {
  /** Bytes per second in place of the configured bandwidth; undefined for the configured one. */
  rate: number | undefined;
}

/** Way in which a body leaves after the headers. */
export interface WireSettings {
  /** Time between two pieces. */
  readonly gap?: Distribution | undefined;
  /** Size of a piece, in bytes. */
  readonly chunk?: number | undefined;
  /** Capacity of the line. */
  readonly bandwidth?: Bandwidth | undefined;
}

/** Default size of a piece, in bytes. */
export const CHUNK = 16 * 1024;

/** Largest piece of a body without a schedule, in bytes. */
const UNPACED = 4 * CHUNK;

/** Number of pieces that may be read in one turn of the event loop, of all bodies together. */
export const PIECES_PER_TURN = 64;

/** Number of bytes that count as one more piece. */
export const BYTES_PER_PIECE: number = 256 * 1024;

/** Budget of all bodies of this thread. */
const budget = new TurnBudget(PIECES_PER_TURN);

/** Schedule of one body. */
export interface Schedule {
  /**
   * Schedules the next piece.
   *
   * @param bytes size of the piece
   * @returns time at which to hand the piece over, in ms of the clock; never earlier than the piece before
   */
  next(bytes: number): number;
}

/**
 * Binds the wire of a route to the route's stream "wire". Times are absolute: a piece that leaves late does not delay the next
 * one. The first piece follows the headers at once, unless the bandwidth delays it. Gap i of exchange n is drawn at the place
 * of the text "n/i", because a body may have more pieces than an exchange has draws.
 *
 * The bandwidth is a token bucket, full at the start, in virtual-time form (ITU-T I.371, generic cell rate algorithm): a piece
 * leaves when its last byte has passed the line.
 *
 * @param line bandwidth that a dial gives
 */
export function wireSchedule(
  { gap, bandwidth }: WireSettings,
  route: Pick<Route, "stream" | "placeOf">,
  line: Readonly<Line> = { rate: undefined },
): (sequence: number, start: number) => Schedule {
  const stream = route.stream("wire");
  const burst = bandwidth?.burst ?? 0;
  return (sequence, start) => {
    const rate = line.rate ?? bandwidth?.rate ?? Infinity;
    const perByte = 1000 / rate;
    const rest = burst * perByte;
    let due = start;
    let clear = -Infinity;
    let piece = 0;
    return {
      next(bytes) {
        if (piece > 0 && gap !== undefined) {
          due += gap.draw(stream, route.placeOf(`${sequence}/${piece}`));
        }
        piece++;
        if (perByte > 0) {
          clear = Math.max(clear, due - rest) + bytes * perByte;
          due = Math.max(due, clear);
        }
        return due;
      },
    };
  };
}

/** Schedule of a body's pieces, with the metrics that record how well it was kept. */
export interface Pacing {
  /** Time at which each piece is due. */
  readonly schedule: Schedule;
  /** Size of a piece, in bytes. */
  readonly chunk: number;
  /** Delay of pieces, after they were due, for which the client was waiting. */
  readonly lateness: Timing;
  /** Counts a piece that the client requested only after it was due. */
  readonly stalled: () => void;
}

/**
 * Sends an exchange's body. The exchange continues until the last piece was handed over, the client has left, or the body
 * cannot be read.
 *
 * @param pacing undefined if pieces leave as fast as the client requests them
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
        const requested = this.#x.plan.clock.now();
        for (let wait = budget.wait; wait !== undefined; wait = budget.wait) {
          await wait;
          if (this.#ended) return;
        }
        const piece = await body.read(this.#pacing?.chunk ?? UNPACED);
        if (this.#ended) return;
        if (piece !== null) {
          budget.take(1 + piece.length / BYTES_PER_PIECE);
          if (this.#pacing !== undefined) {
            await this.#due(piece.length, requested, this.#pacing);
            if (this.#ended) return;
          }
          this.#x.sent += piece.length;
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

  /** Ends the body early; the stream's reader receives an error. */
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

  /**
   * Waits until a piece may leave.
   *
   * @param bytes size of the piece
   * @param requested time at which the client requested it, in ms of the clock
   */
  async #due(bytes: number, requested: number, pacing: Pacing): Promise<void> {
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
    if (requested > due) pacing.stalled();
    else pacing.lateness.record(clock.now() - due);
  }
}
