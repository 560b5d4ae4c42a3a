/**
 * How a run goes, a tick at a time.
 *
 * @module
 */
import type { Histogram } from "../../../core/thread.ts";

/** A scenario at a tick; counts since its start. */
export interface ScenarioProgress {
  /** The scenario's name. */
  readonly name: string;
  /** How it stands. */
  readonly state: "waiting" | "open" | "closing" | "ended";
  /** Requests that were due. */
  readonly scheduled: number;
  /** Requests that were sent. */
  readonly started: number;
  /** Requests that were due and not sent. */
  readonly dropped: number;
  /** Requests that ended well. */
  readonly completed: number;
  /** Requests that failed. */
  readonly failed: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** What the script asks for now, per second; null in a closed model. */
  readonly targetRate: number | null;
  /** How many users there are now; null in an open model. */
  readonly users: number | null;
  /** Requests sent per second since the last tick. */
  readonly rate: number;
  /** The response time's median since the last tick, in ms; null where none ended. */
  readonly p50: number | null;
  /** 95 %. */
  readonly p95: number | null;
  /** 99 %. */
  readonly p99: number | null;
}

/** A run at a tick. */
export interface Progress {
  /** In ms since the run's start. */
  readonly elapsed: number;
  /** In the order of the script; those that send nothing are left out. */
  readonly scenarios: readonly ScenarioProgress[];
}

/** The times since the last tick, for metrics: value in ms and how often, in turn. */
export interface TickTimes {
  /** From the scheduled start. */
  readonly responseTime: Float64Array;
  /** From the actual send. */
  readonly serviceTime: Float64Array;
  /** Between these. */
  readonly startLag: Float64Array;
}

/** A histogram as values and how often each was recorded, in turn. */
export function valueCounts(histogram: Histogram): Float64Array {
  const { min, max } = histogram;
  return Float64Array.from(
    [...histogram.buckets()].flatMap(({ lower, upper, count }) => [
      Math.min(max, Math.max(min, (lower + upper) / 2)),
      count,
    ]),
  );
}
