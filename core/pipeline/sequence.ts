/**
 * Sequence numbers of routes.
 *
 * @module
 */
import { type Segment, WHOLE } from "../scale/segment.ts";
import type { SequenceCounter, TurnCounter } from "./exchange.ts";

/** Numbers of one route's arrivals: all of them, or of one of several replicas every n-th. */
export class SequenceNumbers implements SequenceCounter {
  next: number;
  turns: TurnCounter | undefined = undefined;
  readonly #first: number;
  readonly #step: number;

  /** @param segment replica whose numbers are taken. Default: the only one */
  constructor({ index, count }: Segment = WHOLE) {
    this.next = this.#first = index;
    this.#step = count;
  }

  take(): number {
    const number = this.next;
    this.next = number + this.#step;
    return number;
  }

  skipTo(number: number): void {
    const steps = Math.ceil((number - this.next) / this.#step);
    if (steps > 0) this.next += steps * this.#step;
  }

  restart(): void {
    this.next = this.#first;
    this.turns?.clear();
  }
}
