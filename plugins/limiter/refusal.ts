/**
 * Refusals of a pool: their settings, their answers, and the throughput that an estimated Retry-After is computed from.
 *
 * @module
 */
import type { Rejection } from "../../core/plugin.ts";
import type { Reason } from "./figures.ts";

/** The settings `onFull` and `onTimeout`, parsed. */
export type RefusalSettings = RefusalAnswer | RefusalAction;

/** A refusal without an answer. */
export interface RefusalAction {
  /** Reset the connection before any byte, or send nothing until the client leaves. */
  readonly action: "connection-reset" | "hang";
}

/** A refusal with an answer. */
export interface RefusalAnswer {
  /** HTTP status, 200…599. */
  readonly status: number;
  /** Value of Retry-After: a duration in ms, or the pool's own estimate. No header where absent. */
  readonly retryAfter?: number | "estimate" | undefined;
  /** Form of Retry-After. Default seconds. */
  readonly retryAfterAs?: "seconds" | "date" | undefined;
  /** Body; a problem document where absent. */
  readonly body?: string | undefined;
}

/** Recorded status of a refusal that sends none. */
const UNAVAILABLE = 503;

/** Makes the rejections of one kind. */
export class Refusal {
  /** True if Retry-After is estimated for each rejection. */
  readonly estimated: boolean;
  readonly #answer: (estimate: () => number) => Rejection;

  constructor(reason: Reason, settings: RefusalSettings) {
    this.estimated = "status" in settings && settings.retryAfter === "estimate";
    if (!("status" in settings)) {
      const { action } = settings;
      const fixed = { reason, status: UNAVAILABLE, action };
      this.#answer = () => fixed;
    } else if (settings.retryAfter === "estimate") {
      this.#answer = (estimate) => rejection(reason, settings, estimate());
    } else {
      const fixed = rejection(reason, settings, settings.retryAfter);
      this.#answer = () => fixed;
    }
  }

  /**
   * Makes a rejection.
   *
   * @param estimate returns the time until a retry is worthwhile, in ms; called only where the settings ask for it
   */
  answer(estimate: () => number): Rejection {
    return this.#answer(estimate);
  }
}

function rejection(
  reason: Reason,
  { status, body, retryAfterAs }: RefusalAnswer,
  retryAfter: number | undefined,
): Rejection {
  return {
    reason,
    status,
    ...(retryAfter !== undefined && {
      retryAfter: retryAfter / 1000,
      ...retryAfterAs === "date" && { retryAfterAs },
    }),
    ...(body !== undefined && { body }),
  };
}

/** Number of service ends that the estimate looks back on. */
const REMEMBERED = 128;

/**
 * The recent throughput of a saturated pool, one with all places taken.
 *
 * Only saturated time counts, so that a quiet hour does not make the pool look slow. It also counts while no service ends, so that
 * a pool that hangs looks slower and slower.
 */
export class Throughput {
  /** Saturated time at each of the last service ends: a ring. */
  readonly #marks = new Float64Array(REMEMBERED);
  #ends = 0;
  #saturated = false;
  #since = 0;
  #area = 0;

  /** Tells whether all places are taken from a time on. */
  update(saturated: boolean, at: number): void {
    if (saturated === this.#saturated) return;
    if (saturated) this.#since = at;
    else this.#area = this.#time(at);
    this.#saturated = saturated;
  }

  /** Counts the end of a service, where all places were taken until then. */
  ended(at: number): void {
    if (!this.#saturated) return;
    this.#marks[this.#ends % REMEMBERED] = this.#time(at);
    this.#ends++;
  }

  /**
   * Services per ms under saturation, over at most the last 128.
   *
   * @returns undefined where no service has ended under saturation yet
   */
  rate(now: number): number | undefined {
    // In a full ring the oldest mark is the start of the window, so its own end does not count.
    const full = this.#ends >= REMEMBERED;
    const from = full ? this.#marks[this.#ends % REMEMBERED] : 0;
    const ends = full ? REMEMBERED - 1 : this.#ends;
    const time = this.#time(now) - from;
    return ends > 0 && time > 0 ? ends / time : undefined;
  }

  #time(at: number): number {
    return this.#saturated
      ? this.#area + Math.max(0, at - this.#since)
      : this.#area;
  }
}
