/**
 * CPU time, burnt by threads of their own.
 *
 * @module
 */
import type { Part, PartContext } from "./part.ts";
import type { CpuSettings } from "./settings.ts";
import { Sliding } from "./sliding.ts";
import { StressThread } from "./stress_thread.ts";

/** A thread with what it did of late. */
interface Burner {
  readonly thread: StressThread;
  readonly ran: Sliding;
  readonly waited: Sliding;
}

/** The CPU stress of one scenario. */
export class CpuPart implements Part {
  readonly resource = "cpu";
  readonly #settings: CpuSettings;
  readonly #context: PartContext;
  readonly #burners: Burner[] = [];
  #load = 0;

  /**
   * Starts the threads.
   *
   * @param settings the scenario's
   * @param context what it runs with; the cap in cores
   */
  constructor(settings: CpuSettings, context: PartContext) {
    this.#settings = settings;
    this.#context = context;
    const script = new URL("./cpu_worker.ts", import.meta.url);
    for (let i = 0; i < settings.workers; i++) {
      this.#burners.push({
        thread: new StressThread({ ...context, script }),
        ran: new Sliding(),
        waited: new Sliding(),
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
      ran.look(thread.reached / 1000, elapsed / 1000);
      waited.look(thread.waited / 1000, elapsed / 1000);
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
