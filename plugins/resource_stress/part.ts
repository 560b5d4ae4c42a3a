/**
 * What the stresses of the several resources have in common.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import type { Resource } from "./settings.ts";

/** The stress of one resource by one scenario. */
export interface Part {
  /** Which. */
  readonly resource: Resource;
  /**
   * Follows its signals; called some times a second.
   *
   * @param time since the start of the scenario, in milliseconds
   */
  follow(time: number): void;
  /** What it aims at now, in the resource's unit: cores, bytes, a share of the event loop's time, bytes a second. */
  readonly target: number;
  /** What it has reached of late, in the same unit. */
  readonly achieved: number;
  /** Its figures for the control API, JSON-serialisable. */
  report(): Readonly<Record<string, unknown>>;
  /** Ends it; settles once everything is given back. Idempotent. */
  stop(): Promise<void>;
}

/** What a part runs with. */
export interface PartContext {
  /** The server's clock. */
  readonly clock: Clock;
  /** When the scenario began, on that clock. */
  readonly origin: number;
  /** How long a thread may run at most, in milliseconds. */
  readonly lifetime: number;
  /** Whether threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** The most that was granted, in the resource's unit: no signal exceeds it. */
  readonly cap: number;
  /** The part cannot go on. */
  failed(reason: string): void;
}
