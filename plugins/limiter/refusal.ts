/**
 * What a pool answers where it refuses: a status with or without Retry-After, silence, or a reset connection.
 *
 * @module
 */
import type { Rejection } from "../../core/plugin.ts";
import type { Reason } from "./series.ts";

/** The settings `onFull` and `onTimeout`, parsed. */
export type RefusalSettings = RefusalAnswer | RefusalAction;

/** A refusal that is no answer. */
export interface RefusalAction {
  /** The connection is reset before any byte, or nothing is sent until the client leaves. */
  readonly action: "connection-reset" | "hang";
}

/** A refusal that is an answer. */
export interface RefusalAnswer {
  /** 200…599. */
  readonly status: number;
  /** When to come back: a duration in milliseconds, or by the pool's own estimate; nothing is said where absent. */
  readonly retryAfter?: number | "estimate" | undefined;
  /** The body, as text; a problem document where absent. */
  readonly body?: string | undefined;
}

/** What stands where a status would, of a refusal that sends none. */
const UNAVAILABLE = 503;

/** One way in which a pool refuses. */
export class Refusal {
  /** Whether Retry-After is estimated each time. */
  readonly estimated: boolean;
  readonly #answer: (estimate: () => number) => Rejection;

  /** Prepares what is the same for all. */
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
   * What who is refused is told, if anything.
   *
   * @param estimate when to come back, in milliseconds; asked only where the settings say so
   */
  answer(estimate: () => number): Rejection {
    return this.#answer(estimate);
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
