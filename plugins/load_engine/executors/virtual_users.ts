/**
 * Users who come and go.
 *
 * @module
 */
import type { VirtualUsers } from "../script/mod.ts";
import { ClosedRun } from "./_closed_run.ts";
import type { User } from "./_user.ts";

/** How often the number of users is looked at while it changes, in ms. */
const LOOK = 50;

/** Keeps as many users as a signal says. One too many leaves after the answer it waits for. */
export class VirtualUsersRun extends ClosedRun<VirtualUsers> {
  /** How many there are to be now. */
  #target = 0;

  protected sending(): void {
    const { duration } = this.scenario;
    if (duration < Infinity) {
      this.clock.at(this.opened + duration, close, this);
    }
    this.look();
  }

  look(): void {
    if (this.state !== "open") return;
    const { users } = this.scenario;
    const elapsed = this.clock.now() - this.opened;
    this.#target = Math.round(users.at(elapsed));
    this.gather(this.#target);
    if (elapsed < users.end) {
      // From the start, not from now: lateness does not pile up.
      const next = (Math.floor(elapsed / LOOK) + 1) * LOOK;
      this.clock.at(this.opened + next, look, this);
    } else if (this.#target === 0) this.close();
  }

  protected wanted({ index }: User): boolean {
    return index < this.#target;
  }

  protected mayTurn({ turns }: User): boolean {
    return turns < this.scenario.iterations;
  }

  protected rested(): void {
    const { iterations, users } = this.scenario;
    if (this.active > 0 || iterations === Infinity) return;
    const last = this.clock.now() - this.opened >= users.end;
    if (last && this.crowd.every((user) => !this.mayTurn(user))) this.close();
  }
}

function look(run: VirtualUsersRun): void {
  run.look();
}

function close(run: VirtualUsersRun): void {
  run.close();
}
