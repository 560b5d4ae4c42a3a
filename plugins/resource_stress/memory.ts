/**
 * Memory, held and touched by a thread of its own.
 *
 * @module
 */
import { Leak } from "./leak.ts";
import type { Part, PartContext } from "./part.ts";
import type { MemorySettings } from "./settings.ts";
import { StressThread } from "./stress_thread.ts";

/** The memory stress of one scenario. */
export class MemoryPart implements Part {
  readonly resource = "memory";
  readonly #leak: Leak;
  readonly #thread: StressThread;
  #target = 0;

  /**
   * Starts the thread.
   *
   * @param settings the scenario's
   * @param context what it runs with; the cap in bytes
   */
  constructor(settings: MemorySettings, context: PartContext) {
    this.#leak = new Leak(settings, context.cap);
    const script = new URL("./memory_worker.ts", import.meta.url);
    this.#thread = new StressThread({ ...context, script });
  }

  follow(time: number): void {
    this.#target = this.#leak.target(time, this.#thread.reached);
    this.#thread.aim(this.#target);
  }

  get target(): number {
    return this.#target;
  }

  get achieved(): number {
    return this.#thread.reached;
  }

  /** Whether it has grown to its limit and stays there. */
  get exhausted(): boolean {
    return this.#leak.exhausted;
  }

  /** How often it has grown to its limit and begun again. */
  get restarts(): number {
    return this.#leak.restarts;
  }

  report(): Readonly<Record<string, unknown>> {
    const { exhausted, restarts } = this.#leak;
    return {
      target: Math.round(this.#target),
      held: this.achieved,
      exhausted,
      restarts,
    };
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
