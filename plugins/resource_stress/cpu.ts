/**
 * CPU stress: threads that burn CPU time.
 *
 * @module
 */
import {
  type ResourceContext,
  type ResourceStress,
  SlidingRate,
} from "./resource.ts";
import type { CpuSettings } from "./settings.ts";
import { StressThread } from "./stress_thread.ts";

/** A thread with its rates over the last seconds. */
interface Burner {
  readonly thread: StressThread;
  readonly ran: SlidingRate;
  readonly waited: SlidingRate;
}

/** The CPU stress of one scenario. */
export class CpuStress implements ResourceStress {
  readonly resource = "cpu";
  readonly #settings: CpuSettings;
  readonly #context: ResourceContext;
  readonly #burners: Burner[] = [];
  #load = 0;

  /**
   * Starts the threads.
   *
   * @param settings settings of the scenario
   * @param context context with the cap in cores
   */
  constructor(settings: CpuSettings, context: ResourceContext) {
    this.#settings = settings;
    this.#context = context;
    const script = new URL("./cpu_worker.ts", import.meta.url);
    for (let i = 0; i < settings.workers; i++) {
      this.#burners.push({
        thread: new StressThread({ ...context, script }),
        ran: new SlidingRate(),
        waited: new SlidingRate(),
      });
    }
  }

  follow(time: number): void {
    const { load, workers } = this.#settings;
    const most = Math.min(1, this.#context.cap / workers);
    this.#load = Math.max(0, Math.min(most, load.at(time)));
    for (const { thread, ran, waited } of this.#burners) {
      thread.aim(1e6 * this.#load);
      const { elapsed } = thread;
      ran.add(thread.reached / 1000, elapsed / 1000);
      waited.add(thread.waited / 1000, elapsed / 1000);
    }
  }

  get target(): number {
    return this.#load * this.#settings.workers;
  }

  get achieved(): number {
    return this.#burners.reduce((total, { ran }) => total + ran.rate, 0);
  }

  report(): Readonly<Record<string, unknown>> {
    const { workers } = this.#settings;
    const { threadTimes } = this.#context;
    return {
      workers,
      target: this.#load,
      achieved: this.achieved / workers,
      waiting: threadTimes
        ? this.#burners.reduce((all, { waited }) => all + waited.rate, 0) /
          workers
        : null,
      threads: this.#burners.map(({ thread }) => thread.id)
        .filter((id) => id !== 0),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#burners.map(({ thread }) => thread.stop()));
  }
}
