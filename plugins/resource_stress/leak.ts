/**
 * How much memory a scenario wants over time: a size at once, or a growth up to it and what happens then. Pure but for its state:
 * no clock, no memory.
 *
 * @module
 */
import type { MemorySettings } from "./settings.ts";

/** What is wanted at a time. */
export class Leak {
  readonly #settings: MemorySettings;
  readonly #cap: number;
  #origin = 0;
  #state: "growing" | "full" | "released" | "emptying" = "growing";
  #restarts = 0;

  /**
   * Has grown to nothing yet.
   *
   * @param settings the scenario's
   * @param cap the most that may be held, in bytes, whatever the signals say
   */
  constructor(settings: MemorySettings, cap: number) {
    this.#settings = settings;
    this.#cap = cap;
  }

  /** Whether growth has reached the size and stays there. */
  get exhausted(): boolean {
    return this.#state === "full";
  }

  /** How often growth has reached the size and begun again. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * What is wanted at a time.
   *
   * @param time since the start of the scenario, in milliseconds; never falls
   * @param held how many bytes are held now
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
    // The limit counts as reached once the memory is really held, but for the last page.
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
