/**
 * The experiment that is under way.
 *
 * @module
 */
import { PerfmockError } from "../../core/plugin.ts";

/** Experiments of a server: at most one at a time, since two would disturb each other. It ends with the server. */
export class Underway implements AsyncDisposable {
  readonly #ending = new AbortController();
  #running: Promise<unknown> | undefined;
  #updates = 0;

  /** Number of times that the configuration was changed while an experiment was under way. */
  get updates(): number {
    return this.#updates;
  }

  /** The configuration was changed. */
  updated(): void {
    if (this.busy) this.#updates++;
  }

  /** True while an experiment is under way. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Runs an experiment.
   *
   * @param run receives a signal that ends it
   * @throws PerfmockError `FIND_FAILED` if another one is under way, or the server is ending
   */
  async run<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.check();
    const { signal: ending } = this.#ending;
    const running = run(
      signal === undefined ? ending : AbortSignal.any([signal, ending]),
    );
    this.#running = running.catch(() => {});
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** @throws PerfmockError `FIND_FAILED` if no experiment can begin now */
  check(): void {
    if (this.#ending.signal.aborted) {
      throw new PerfmockError(
        "FIND_FAILED",
        "Cannot begin an experiment: the server is ending",
        [],
        { status: 503 },
      );
    }
    if (this.busy) {
      throw new PerfmockError(
        "FIND_FAILED",
        "Cannot begin an experiment: another one is under way, and they would disturb each other",
        [],
        { status: 429 },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
