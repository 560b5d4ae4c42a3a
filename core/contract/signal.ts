/**
 * The part of the contract that changes over time.
 *
 * @module
 */

/** A value as a pure function of time. Past its end it holds its last value. */
export interface Signal {
  /** The value at a time, in milliseconds since the signal began; negative times are 0. */
  at(time: number): number;
  /** The integral of the value, clamped at 0 from below, from 0 to a time: value · milliseconds. */
  integral(time: number): number;
  /**
   * The earliest time at which the integral reaches an area: the arrival times of a rate signal are those of 1, 2, 3, …
   * times 1000 (a rate is per second, time in milliseconds).
   *
   * @returns Infinity where it never does
   */
  inverse(area: number): number;
  /** When it stops changing, in milliseconds; Infinity where it never does. */
  readonly end: number;
  /** Whether it never changes. */
  readonly constant: boolean;
}

/** A value of any type as a function of time; a {@linkcode Signal} is one of numbers. Past its end it holds its last value. */
export interface Timeline<T> {
  /** The value at a time, in milliseconds since it began; negative times are 0. */
  at(time: number): T;
  /** When it stops changing, in milliseconds; Infinity where it never does. */
  readonly end: number;
  /** Whether it never changes. */
  readonly constant: boolean;
}
