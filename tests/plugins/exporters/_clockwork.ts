/** What the tests of pushing exporters share: a virtual clock whose time passes only when promises have had their turns. */
import { VirtualClock } from "../../../core/lib/time/mod.ts";

/** Lets all promises and immediates that are due have their turn. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A clock that moves in steps, with turns for promises in between. */
export class Clockwork extends VirtualClock {
  /** Moves on, and settles what that started. */
  async pass(milliseconds: number, step: number = milliseconds): Promise<void> {
    await settle();
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.advance(Math.min(step, milliseconds - passed));
      await settle();
    }
  }
}
