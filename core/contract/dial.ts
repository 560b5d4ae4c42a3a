/**
 * The part of the contract by which numbers are turned while requests are under way, without a new revision.
 *
 * @module
 */
import type { KitType } from "./settings.ts";

/** Something that can be turned: a value that lies over the configuration's until it is taken off again. */
export interface Dial<Value = unknown> {
  /** The type of its values as they are written, such as `kit.number({ min: 0 })`; a signal of that type can drive it. */
  readonly type: KitType<Value>;
  /**
   * Lays a value, parsed, over the configuration's; undefined takes it off. Synchronous; holds from the next exchange, or
   * the next look at it, on.
   */
  turn(value: Value | undefined): void;
}

/** Names a dial: `{ route: "orders", dial: "scale" }` in a script is of kind `route`. */
export interface DialAddress {
  /** What it belongs to: `route`, `pool`, or a kind that a plugin declares. */
  readonly kind: string;
  /** Which of these: a route's id, a pool's name. */
  readonly of: string;
  /** Its own name. */
  readonly dial: string;
}

/** All dials of a server, over all revisions. */
export interface Dials {
  /** Those there are now. */
  list(): Iterable<DialAddress>;
  /** The type of its values; undefined where there is no such dial. */
  typeOf(address: DialAddress): KitType<unknown> | undefined;
  /**
   * Takes a dial. A new revision keeps what is laid over it, as long as it has such a dial.
   *
   * @param holder who takes it, for the message to the next
   * @throws PerfmockError `DIAL_UNAVAILABLE` where there is none, or another holds it
   */
  hold(address: DialAddress, holder: string): HeldDial;
}

/** A dial in somebody's hand. */
export interface HeldDial {
  /** Lays a value, parsed by the dial's type, over the configuration's; undefined takes it off. */
  turn(value: unknown): void;
  /** Takes the value off and gives the dial back; once. */
  release(): void;
}
