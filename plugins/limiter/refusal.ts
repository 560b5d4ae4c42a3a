/**
 * What a pool answers where it refuses: a status with or without Retry-After, or silence.
 *
 * @module
 */
import type { Rejection } from "../../core/plugin.ts";
import type { Reason } from "./series.ts";

/** The settings `onFull` and `onTimeout`, parsed. */
export type RefusalSettings = RefusalAnswer | { readonly action: "hang" };

/** A refusal that is an answer. */
export interface RefusalAnswer {
  /** 200…599. */
  readonly status: number;
  /** When to come back: a duration in milliseconds, or by the pool's own estimate; nothing is said where absent. */
  readonly retryAfter?: number | "estimate" | undefined;
  /** The body, as text; a problem document where absent. */
  readonly body?: string | undefined;
}

/** One way in which a pool refuses. */
export class Refusal {
  /** Whether Retry-After is estimated each time. */
  readonly estimated: boolean;
  readonly #reason: Reason;
  readonly #settings: RefusalSettings;
  readonly #fixed: Rejection | undefined;

  /** Prepares what is the same for all. */
  constructor(reason: Reason, settings: RefusalSettings) {
    this.#reason = reason;
    this.#settings = settings;
    this.estimated = "status" in settings && settings.retryAfter === "estimate";
    if ("status" in settings && settings.retryAfter !== "estimate") {
      this.#fixed = rejection(reason, settings, settings.retryAfter);
    }
  }

  /**
   * The answer; undefined where there is none and the client hangs.
   *
   * @param estimate when to come back, in milliseconds; asked only where the settings say so
   */
  answer(estimate: () => number): Rejection | undefined {
    if (this.#fixed !== undefined) return this.#fixed;
    return "status" in this.#settings
      ? rejection(this.#reason, this.#settings, estimate())
      : undefined;
  }
}

function rejection(
  reason: Reason,
  { status, body }: RefusalAnswer,
  retryAfter: number | undefined,
): Rejection {
  return {
    reason,
    status,
    ...(retryAfter !== undefined && { retryAfter: retryAfter / 1000 }),
    ...(body !== undefined && { body }),
  };
}
