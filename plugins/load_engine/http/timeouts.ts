/**
 * The exchanges under way, with their time-outs. Exchanges of the same time-out end their time in the order in which they began, so
 * that one timer serves them all, and beginning or ending one costs a few assignments.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { Order } from "../order.ts";
import type { ClientConnection } from "./client_connection.ts";

/** A connection that carries an order. */
type Carrier = ClientConnection<Order>;

/** The exchanges under way whose requests have the same time-out, in the order of their start. */
export class Timeouts {
  readonly #clock: Clock;
  readonly #timeout: number;
  #first: Carrier | undefined;
  #last: Carrier | undefined;
  /** Timer for an exchange that may have ended meanwhile; 0 if none is set. */
  #timer = 0;
  /** Time of the timer. */
  #due = 0;

  /** @param timeout time from the start of an exchange, in ms */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** Adds a connection whose order has just started. */
  add(carrier: Carrier): void {
    const last = this.#last;
    carrier.earlier = last;
    this.#last = carrier;
    if (last === undefined) this.#first = carrier;
    else last.later = carrier;
    if (this.#timer === 0) this.#expect(carrier);
  }

  /** Removes a connection whose order has ended. */
  remove(carrier: Carrier): void {
    const { earlier, later } = carrier;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    carrier.earlier = carrier.later = undefined;
  }

  /** Connections with an order under way, the earliest first. */
  carriers(): Carrier[] {
    const carriers: Carrier[] = [];
    for (
      let carrier = this.#first;
      carrier !== undefined;
      carrier = carrier.later
    ) carriers.push(carrier);
    return carriers;
  }

  /** Cancels the timer. Nothing may be added afterwards. */
  end(): void {
    this.#clock.cancel(this.#timer);
  }

  #expect({ tag }: Carrier): void {
    this.#due = tag.started + this.#timeout;
    this.#timer = this.#clock.at(this.#due, ring, this);
  }

  /** Gives up all exchanges whose time is over. */
  ring(): void {
    this.#timer = 0;
    const until = Math.max(this.#due, this.#clock.now());
    let first = this.#first;
    while (first !== undefined && first.tag.started + this.#timeout <= until) {
      first.abort("timeout");
      first = this.#first;
    }
    if (first !== undefined && this.#timer === 0) this.#expect(first);
  }
}

function ring(timeouts: Timeouts): void {
  timeouts.ring();
}
