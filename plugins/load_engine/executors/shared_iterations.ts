/**
 * A number of turns that users share.
 *
 * @module
 */
import type { SharedIterations } from "../script/mod.ts";
import { ClosedRun } from "./_closed_run.ts";

/** Lets users take turns until all are taken: who is faster takes more. */
export class SharedIterationsRun extends ClosedRun<SharedIterations> {
  protected sending(): void {
    const { duration, users } = this.scenario;
    if (duration < Infinity) {
      this.clock.at(this.opened + duration, close, this);
    }
    this.gather(users);
  }

  protected wanted(): boolean {
    return true;
  }

  protected mayTurn(): boolean {
    return this.turns < this.scenario.iterations;
  }

  protected rested(): void {
    if (this.active === 0 && !this.mayTurn()) this.close();
  }
}

function close(run: SharedIterationsRun): void {
  run.close();
}
