/**
 * Memory stress: bytes over time, held by a thread.
 *
 * @module
 */
import type { ResourceContext, ResourceStress } from "./resource.ts";
import type { MemorySettings } from "./settings.ts";
import { StressThread } from "./stress_thread.ts";

/** The memory stress of one scenario. */
export class MemoryStress implements ResourceStress {
  readonly resource = "memory";
  readonly #growth: MemoryGrowth;
  readonly #thread: StressThread;
  #target = 0;

  /**
   * Starts the thread.
   *
   * @param settings settings of the scenario
   * @param context context with the cap in bytes
   */
  constructor(settings: MemorySettings, context: ResourceContext) {
    this.#growth = new MemoryGrowth(settings, context.cap);
    const script = new URL("./memory_worker.ts", import.meta.url);
    this.#thread = new StressThread({ ...context, script });
  }

  follow(time: number): void {
    this.#target = this.#growth.target(time, this.#thread.reached);
    this.#thread.aim(this.#target);
  }

  get target(): number {
    return this.#target;
  }

  get achieved(): number {
    return this.#thread.reached;
  }

  /** True while the memory stays at the limit of its growth. */
  get exhausted(): boolean {
    return this.#growth.exhausted;
  }

  /** Number of times that growth has reached its limit and begun again. */
  get restarts(): number {
    return this.#growth.restarts;
  }

  report(): Readonly<Record<string, unknown>> {
    const { exhausted, restarts } = this.#growth;
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

/** Target of memory stress over time: the size at once, or growth up to it and the behaviour at the limit. Reads no clock. */
export class MemoryGrowth {
  readonly #settings: MemorySettings;
  readonly #cap: number;
  #origin = 0;
  #state: "growing" | "full" | "released" | "emptying" = "growing";
  #restarts = 0;

  /**
   * Starts at 0 bytes.
   *
   * @param settings settings of the scenario
   * @param cap maximum number of bytes, which no signal exceeds
   */
  constructor(settings: MemorySettings, cap: number) {
    this.#settings = settings;
    this.#cap = cap;
  }

  /** True while growth stays at its limit. */
  get exhausted(): boolean {
    return this.#state === "full";
  }

  /** Number of times that growth has reached its limit and begun again. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Bytes to hold at a time.
   *
   * @param time since the start of the scenario, in ms; must not fall
   * @param held bytes held now
   */
  target(time: number, held: number): number {
    const { size, growth } = this.#settings;
    const limit = Math.max(0, Math.min(this.#cap, size.at(time)));
    if (growth === undefined || this.#state === "full" || limit === 0) {
      return limit;
    }
    if (this.#state === "released") return 0;
    if (this.#state === "emptying") {
      if (held > 0) return 0;
      this.#state = "growing";
      this.#origin = time;
    }
    const grown = (growth.integral(time) - growth.integral(this.#origin)) /
      1000;
    if (grown < limit) return grown;
    // The limit is reached when the memory is held; a fraction of a page may be missing.
    if (held < limit * 0.999) return limit;
    return this.#reach(limit);
  }

  #reach(limit: number): number {
    switch (this.#settings.then) {
      case "hold":
        this.#state = "full";
        return limit;
      case "release":
        this.#state = "released";
        return 0;
      case "restart":
        this.#state = "emptying";
        this.#restarts++;
        return 0;
    }
  }
}
