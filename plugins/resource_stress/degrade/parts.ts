/**
 * What models are made of.
 *
 * @module
 */
import type { Exchange } from "../../../core/plugin.ts";

/** What a model adds to the service time of an exchange, in milliseconds, at least 0. */
export type Degradation = (exchange: Exchange) => number;

/** An input, ready to be read: as a share, as a number of requests, with the cores they share. */
export interface Reading {
  /** The utilisation, 0… (a signal may go beyond 1), at a time on the clock. */
  readonly share: (at: number) => number;
  /** N, the requests at work, the one that asks included, at a time on the clock; undefined where the input counts none. */
  readonly count: ((at: number) => number) | undefined;
  /** How many cores there are; Infinity for a pool without a limit. */
  readonly servers: () => number;
}
