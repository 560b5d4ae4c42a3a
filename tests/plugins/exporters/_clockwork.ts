/** A virtual clock for tests of pushing exporters; before its time advances, all pending promises settle. */
import { VirtualClock } from "../../../core/lib/time/mod.ts";

/** Waits until all promises and immediates that are due have run. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A clock that advances in steps, and lets promises settle in between. */
export class Clockwork extends VirtualClock {
  /** Advances the clock, and waits until everything that this started has settled. */
  async pass(milliseconds: number, step: number = milliseconds): Promise<void> {
    await this.#settled();
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.advance(Math.min(step, milliseconds - passed));
      await this.#settled();
    }
  }

  /** Waits until no work that yields goes on. */
  async #settled(): Promise<void> {
    do await settle(); while (this.yielding > 0);
  }
}
