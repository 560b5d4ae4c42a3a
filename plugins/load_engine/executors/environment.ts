/**
 * What executors depend on, and nothing else: a clock, and something that carries out their orders. On a load thread that is
 * an HTTP client, in a simulation the pipeline in virtual time.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { RequestPlan } from "../script/mod.ts";

/**
 * Why a request came to no answer; empty where it did.
 *
 * - `refused`: nobody listens there
 * - `tls`: the TLS handshake failed, the certificate being unknown or otherwise
 * - `connect`: no connection could be made for another reason
 * - `reset`: the connection was reset
 * - `closed`: the connection was closed before the answer was whole
 * - `timeout`: the answer was not whole after the request's time-out
 * - `protocol`: what came is no HTTP answer
 * - `cut`: the run ended first
 */
export type ErrorKind =
  | ""
  | "refused"
  | "tls"
  | "connect"
  | "reset"
  | "closed"
  | "timeout"
  | "protocol"
  | "cut";

/** Where an order comes from, and goes back to. */
export interface Sender {
  /**
   * The order was carried out, as it says itself. Called by the environment once for each order, in virtual time maybe while
   * {@linkcode Environment.send} is still on the stack.
   */
  ended(order: Order): void;
}

/**
 * One request, and what came of it: one object, so that a request costs one allocation. The executor writes the first half
 * when it makes it, the environment the second; all times are those of the environment's clock.
 */
export class Order {
  /** When it was sent: just before its first byte was written, or its connection was opened. */
  started = 0;
  /** When the first byte of its answer came; NaN where none did. */
  firstByte = NaN;
  /** When the last byte of its answer came, or it was known that none would. */
  ended = 0;
  /** The status of its answer; 0 where there is none. */
  status = 0;
  /** Why there is no answer, or not all of it; empty where it is whole. */
  error: ErrorKind = "";
  /** Whether the body holds the text that is checked for; true where none is, and in simulation, which has no bodies. */
  bodyHeld = true;

  constructor(
    /** What is to be sent. */
    readonly request: RequestPlan,
    /** Who is told of its end. */
    readonly sender: Sender,
    /** When it should be sent; what it takes is counted from there. */
    readonly scheduled: number,
    /** What its templates are filled by. */
    readonly turn: Turn,
  ) {}
}

/** One pass over a scenario's requests, or one of its requests: all random choices are a function of it. */
export interface Turn {
  /** Which user, from 0; 0 in an open model. */
  readonly user: number;
  /** The user's how-manieth turn, from 0; in an open model the arrival's number. */
  readonly iteration: number;
  /** The scenario's how-manieth turn, over all users, from 0. */
  readonly number: number;
  /** Where in the scenario's streams its random numbers are: 0…2^32 − 1. */
  readonly place: number;
}

/** Carries out orders. */
export interface Environment {
  /** Its time. */
  readonly clock: Clock;
  /** True where a sender that is told of an end may send by a timer only: the pipeline is still on the stack. */
  readonly byTimer?: boolean;
  /** Sends a request now; `started` is written before it returns or soon after, the rest before the sender is told. */
  send(order: Order): void;
  /** Ends all orders of a scenario that are under way, with the error `cut`: their senders are told before it returns. */
  cut(scenario: number): void;
}
