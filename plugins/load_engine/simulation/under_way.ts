/**
 * Simulations that are under way, of all revisions: a change of the configuration ends none of them.
 *
 * @module
 */
import type { LoadResult } from "../../../core/load.ts";
import type { Clock } from "../../../core/plugin.ts";
import { beyondLimit } from "./simulate.ts";

/** Limits of simulations. */
export interface SimulationLimits {
  /** Maximum time of one, in ms. */
  readonly time: number;
  /** Maximum memory that the objects of one take, in bytes. */
  readonly memory: number;
  /** Maximum number at once. */
  readonly atOnce: number;
}

/** Reason for which simulations end with their server. */
export const SERVER_ENDS: DOMException = new DOMException(
  "The server is ending",
  "AbortError",
);

/** Simulations under way. Disposal ends all of them: those on the server's thread with the figures so far. */
export class SimulationsUnderWay implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #simulations = new Set<Promise<unknown>>();

  /**
   * Runs a simulation within the limits of time and number.
   *
   * @param signal ends it early; undefined for none
   * @param run starts it; its argument ends it
   * @throws PerfmockError `SIMULATION_LIMIT`
   */
  async run(
    { clock, limits: { time, atOnce }, signal }: {
      readonly clock: Pick<Clock, "at" | "cancel" | "now">;
      readonly limits: SimulationLimits;
      readonly signal: AbortSignal | undefined;
    },
    run: (ending: AbortSignal) => Promise<LoadResult>,
  ): Promise<LoadResult> {
    if (this.#simulations.size >= atOnce) {
      throw beyondLimit(
        `${atOnce} simulations are under way, and no more are allowed at once`,
        429,
      );
    }
    const late = new AbortController();
    const timer = clock.at(
      clock.now() + time,
      () => late.abort(beyondLimit(`it has taken more than ${time / 1000} s`)),
      undefined,
    );
    const simulation = run(
      AbortSignal.any([
        late.signal,
        this.#ending.signal,
        ...signal === undefined ? [] : [signal],
      ]),
    );
    this.#simulations.add(simulation);
    try {
      return await simulation;
    } finally {
      this.#simulations.delete(simulation);
      clock.cancel(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(SERVER_ENDS);
    await Promise.allSettled(this.#simulations);
  }
}
