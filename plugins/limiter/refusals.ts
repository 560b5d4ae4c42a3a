/**
 * Refusals of the requests of one pool: their answers with an estimated Retry-After, and their report.
 *
 * @module
 */
import type { Rejection } from "../../core/plugin.ts";
import type { Estimate, PoolOptions } from "./pool.ts";
import type { Entrant } from "./queue.ts";
import type { Refusal } from "./refusal.ts";

/** Refuses requests of a pool. */
export class Refusals {
  readonly #told: Pick<PoolOptions, "fellBack" | "name" | "refused">;
  readonly #estimate: (now: number) => Estimate;
  #fellBack = false;

  /** @param estimate returns the time until a retry is worthwhile */
  constructor(
    told: Pick<PoolOptions, "fellBack" | "name" | "refused">,
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
