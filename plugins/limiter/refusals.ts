/**
 * Refusals of the requests of one pool: their answers with an estimated Retry-After, and their report.
 *
 * @module
 */
import type { Exchange, Rejection } from "../../core/plugin.ts";
import type { Entrant } from "./queue.ts";
import type { Refusal } from "./refusal.ts";

/** Takes what is to be told of the refusals of a pool. */
export interface RefusalReports {
  /** Name of the pool. */
  readonly name: string;
  /** Called for every refused exchange with the time of its refusal, in ms. */
  readonly refused: (
    exchange: Exchange,
    rejection: Rejection,
    at: number,
  ) => void;
  /** Called once, where Retry-After is estimated before any request was served under saturation. */
  readonly fellBack: (pool: string) => void;
}

/** An estimate of the time until a retry is worthwhile. */
export interface Estimate {
  /** Time from now, in ms. */
  readonly wait: number;
  /** Source of the estimate: the recent throughput, or the fallback. */
  readonly from: "throughput" | "fallback";
}

/** Refuses requests of a pool. */
export class Refusals {
  readonly #told: RefusalReports;
  readonly #estimate: (now: number) => Estimate;
  #fellBack = false;

  /** @param estimate returns the time until a retry is worthwhile */
  constructor(
    told: RefusalReports,
    estimate: (now: number) => Estimate,
  ) {
    this.#told = told;
    this.#estimate = estimate;
  }

  /** Refuses a request, and reports it. */
  refuse(refusal: Refusal, entrant: Entrant, at: number): Rejection {
    const rejection = refusal.answer(() => this.#estimated(at));
    this.report(entrant, rejection, at);
    return rejection;
  }

  /** Reports a refusal, unless the client cannot notice it because it hangs. */
  report({ exchange }: Entrant, rejection: Rejection, at: number): void {
    if (exchange === undefined || rejection.action === "hang") return;
    this.#told.refused(exchange, rejection, at);
  }

  #estimated(now: number): number {
    const { wait, from } = this.#estimate(now);
    if (from === "fallback" && !this.#fellBack) {
      this.#fellBack = true;
      this.#told.fellBack(this.#told.name);
    }
    return wait;
  }
}
