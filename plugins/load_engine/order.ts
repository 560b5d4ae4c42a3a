/**
 * The types that executors, figures and clients share: a planned request, an order to send it, and the environment that carries out
 * orders. On a load thread that is an HTTP client, in a simulation the request pipeline in virtual time.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";

/**
 * One pass over a scenario's requests, or one of its requests where they are chosen by weight. All random choices are a function
 * of it.
 */
export interface Turn {
  /** Zero-based index of the virtual user; 0 in an open model. */
  readonly user: number;
  /** Zero-based index among the user's turns; in an open model among the arrivals. */
  readonly iteration: number;
  /** Zero-based index among the turns of all users of the scenario. */
  readonly number: number;
  /** Position of its random numbers in the scenario's streams, 0…2^32 − 1. */
  readonly place: number;
}

/** A text with placeholders for values. */
export interface Template {
  /** The text if it has no placeholders, so that it can be encoded once; else undefined. */
  readonly constant: string | undefined;
  /** Returns the text with its placeholders filled. */
  render(turn: Turn): string;
}

/** Expectations on a response. */
export interface Check {
  /** Accepted statuses; undefined accepts any. */
  readonly status: readonly number[] | undefined;
  /** Text that the body must contain; undefined accepts any body. */
  readonly body: string | undefined;
}

/** One kind of request of a scenario. */
export interface RequestPlan {
  /** Zero-based index of its scenario in the script. */
  readonly scenario: number;
  /** Zero-based index among the scenario's requests. */
  readonly index: number;
  /** Name in the figures: the request's name, or its method and path. */
  readonly name: string;
  /** Group whose figures include this request. */
  readonly group: string | undefined;
  /** HTTP method, of a script in upper case. */
  readonly method: string;
  /** Path and query with a leading slash, encoded for the request line. */
  readonly path: Template;
  /** Headers with names in lower case, including the body's content type. */
  readonly headers: readonly (readonly [name: string, value: Template])[];
  /** Body, sent as UTF-8; undefined sends none. */
  readonly body: Template | undefined;
  /** True if each character of the body stands for one byte instead. */
  readonly binary: boolean;
  /** Time from the send until the response must be complete, in ms. */
  readonly timeout: number;
  /** True to reuse the connection for the next request. */
  readonly keepAlive: boolean;
  /** Expectations on the response; undefined checks nothing. */
  readonly check: Check | undefined;
  /** Weight relative to the scenario's other requests. */
  readonly weight: number;
}

/**
 * Reason for a missing or incomplete response; empty if the response is complete.
 *
 * - `connection-refused`: the connection was refused
 * - `tls`: the TLS handshake failed, because of an unknown certificate or otherwise
 * - `connect`: no connection could be made for another reason
 * - `reset`: the connection was reset
 * - `closed`: the connection was closed before the response was complete
 * - `timeout`: the response was not complete within the request's timeout
 * - `protocol`: the bytes received are not HTTP/1.1
 * - `descriptors`: the process may open no further connection
 * - `cut`: the run, or its scenario, ended first
 */
export type ErrorKind =
  | ""
  | "connection-refused"
  | "tls"
  | "connect"
  | "reset"
  | "closed"
  | "timeout"
  | "protocol"
  | "descriptors"
  | "cut";

/** The executor, or virtual user, that an order comes from. */
export interface Sender {
  /**
   * Reports that an order has ended. The environment calls it once for each order; in virtual time possibly while
   * {@linkcode Environment.send} is still on the stack.
   */
  ended(order: Order): void;
}

/**
 * One request to be sent and its result, in one object so that a request costs one allocation. The executor sets the constructor's
 * fields, the environment all others. Times are in ms of the environment's clock.
 */
export class Order {
  /** Time just before the first byte was written, or before the connection was opened. */
  started = 0;
  /** Time of the response's first byte; NaN if none came. */
  firstByte = NaN;
  /** Time of the response's last byte, or of the failure. */
  ended = 0;
  /** Status of the response; 0 if there is none. */
  status = 0;
  /** Reason for a missing or incomplete response; empty if it is complete. */
  error: ErrorKind = "";
  /** True if the body contains the text that is checked for, if none is checked for, and in simulation, which has no bodies. */
  bodyHeld = true;

  constructor(
    /** Request to be sent. */
    readonly request: RequestPlan,
    /** Receiver of the result. */
    readonly sender: Sender,
    /** Time at which it should be sent; response times count from here. */
    readonly scheduled: number,
    /** Turn that fills the request's templates. */
    readonly turn: Turn,
  ) {}
}

/** Carries out orders. */
export interface Environment {
  /** Clock of all times. */
  readonly clock: Clock;
  /** True if a sender must send its next order from a timer, because the pipeline is still on the stack when `ended` is called. */
  readonly byTimer?: boolean;
  /** Sends a request now. Sets `started` before it returns or soon after, and all other results before it calls `ended`. */
  send(order: Order): void;
  /** Ends all active orders of a scenario with the error `cut`; calls their `ended` before it returns. */
  cut(scenario: number): void;
}

/** An {@linkcode Environment} that sends over a network. Disposal cuts all active orders. */
export interface ClientEnvironment extends Environment, Disposable {
  /**
   * Opens connections before the first request. Opening one takes as long as ten requests: an executor that was held up for a moment
   * and had to open one for each late request would fall further behind.
   *
   * @param count number of connections
   * @returns settles once they are open, one cannot be opened, or 1 s has passed; never rejects, because requests report errors
   */
  connectAhead(count: number): Promise<void>;
}
