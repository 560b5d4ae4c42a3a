/**
 * Common parts of the stress of every resource: its interface, its context, and the rate over the last seconds.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import type { Resource } from "./settings.ts";

/** The stress of one resource by one scenario. */
export interface ResourceStress {
  /** The resource. */
  readonly resource: Resource;
  /**
   * Sets targets from the signals and reads figures. Called several times a second.
   *
   * @param time since the start of the scenario, in ms
   */
  follow(time: number): void;
  /** Present target in the resource's unit: cores, bytes, a share of the event loop's time, bytes per second. */
  readonly target: number;
  /** Amount reached over the last seconds, in the same unit. */
  readonly achieved: number;
  /** Figures for the control API, JSON-serialisable. */
  report(): Readonly<Record<string, unknown>>;
  /** Ends the stress. Resolves when everything is released; may be called more than once. */
  stop(): Promise<void>;
}

/** Context that the stress of a resource runs in. */
export interface ResourceContext {
  /** The server's clock. */
  readonly clock: Clock;
  /** Start of the scenario, on that clock. */
  readonly origin: number;
  /** Maximum lifetime of a thread, in ms. */
  readonly lifetime: number;
  /** True if threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** Granted amount in the resource's unit: no signal exceeds it. */
  readonly cap: number;
  /** Called when the stress cannot continue. */
  failed(reason: string): void;
}

/** Length of the window of a {@linkcode SlidingRate}, in ms: targets have to be met within this time. */
export const WINDOW = 5000;

/** Maximum number of readings that are kept. */
const MAX_READINGS = 50;

/** A total and the time it was read at. */
interface Reading {
  readonly amount: number;
  readonly time: number;
}

/** Rate of a growing total over the last 5 s. */
export class SlidingRate {
  readonly #readings: Reading[] = [{ amount: 0, time: 0 }];

  /**
   * Adds a reading; one that is not later than the last is ignored.
   *
   * @param amount total so far
   * @param time time of the reading, in ms
   */
  add(amount: number, time: number): void {
    const readings = this.#readings;
    const last = readings[readings.length - 1];
    if (time <= last.time) return;
    // Readings that are close together are merged, so that a full window fits into the limited number of readings.
    const before = readings.at(-2);
    if (before !== undefined && time - before.time < WINDOW / MAX_READINGS) {
      readings.pop();
    }
    readings.push({ amount, time });
    while (readings.length > 2 && time - readings[1].time >= WINDOW) {
      readings.shift();
    }
  }

  /** Amount per ms over the last 5 s, or since the start if that is shorter; 0 without a reading. */
  get rate(): number {
    const from = this.#readings[0];
    const to = this.#readings[this.#readings.length - 1];
    const time = to.time - from.time;
    return time > 0 ? (to.amount - from.amount) / time : 0;
  }
}
