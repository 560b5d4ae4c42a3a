/**
 * A script's run, as far as it turns dials and lays loads on the machine: on the server's own thread, or in virtual time.
 *
 * @module
 */
import { PerfmockError, toPointer } from "../../../core/load.ts";
import type { Clock, Dials, HeldDial, Issue } from "../../../core/plugin.ts";
import type {
  Modulate,
  Script,
  Stress,
  StressHandle,
  StressScenarios,
} from "../script/mod.ts";

/** How often a changing dial is turned, in ms. */
const STEP = 20;

/** What a run of controls needs. */
export interface Controls {
  /** Whose time it is. */
  readonly clock: Clock;
  /** What can be turned. */
  readonly dials: Dials;
  /** Who lays loads on the machine; undefined where nobody does, as in simulation. */
  readonly stress: StressScenarios | undefined;
  /** Who runs the script, for those who ask what is going on. */
  readonly owner: string;
  /** Told what goes wrong while it runs. */
  failed(error: unknown): void;
}

/** A dial in the run's hand. */
class TurnedDial {
  readonly #plan: Modulate;
  readonly #held: HeldDial;
  readonly #clock: Clock;
  #origin = 0;
  #timer = 0;
  #last: unknown;
  #released = false;

  constructor(plan: Modulate, held: HeldDial, clock: Clock) {
    this.#plan = plan;
    this.#held = held;
    this.#clock = clock;
  }

  begin(start: number): void {
    this.#origin = start + this.#plan.start;
    this.#timer = this.#clock.at(this.#origin, turn, this);
  }

  turn(): void {
    const { course, duration } = this.#plan;
    const elapsed = this.#clock.now() - this.#origin;
    if (course === undefined || elapsed >= duration) return this.release();
    const value = course.at(elapsed);
    if (value !== this.#last) this.#held.turn(this.#last = value);
    const next = elapsed < course.end
      // From the start, not from now: lateness does not pile up.
      ? Math.min((Math.floor(elapsed / STEP) + 1) * STEP, duration)
      : duration;
    if (next < Infinity) {
      this.#timer = this.#clock.at(this.#origin + next, turn, this);
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#clock.cancel(this.#timer);
    this.#held.release();
  }
}

function turn(dial: TurnedDial): void {
  dial.turn();
}

/** A run of all scenarios that send nothing. */
export class ControlRun {
  readonly #controls: Controls;
  readonly #dials: readonly TurnedDial[];
  readonly #stress: readonly Stress[];
  readonly #timers: number[] = [];
  readonly #handles: Promise<StressHandle | undefined>[] = [];
  #stopped: Promise<void> | undefined;

  /**
   * Takes the dials in hand; nothing is turned yet.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all that cannot be had; then none is held
   */
  constructor({ scenarios }: Script, controls: Controls) {
    this.#controls = controls;
    const dials: TurnedDial[] = [];
    const faults: Issue[] = [];
    for (const scenario of scenarios) {
      if (scenario.executor !== "modulate") continue;
      try {
        const held = controls.dials.hold(scenario.dial, controls.owner);
        dials.push(new TurnedDial(scenario, held, controls.clock));
      } catch (error) {
        faults.push({
          path: `/scenarios${toPointer([scenario.name])}/set`,
          message: (error as Error).message,
          value: scenario.dial,
        });
      }
    }
    if (faults.length > 0) {
      for (const dial of dials) dial.release();
      throw new PerfmockError(
        "SCRIPT_INVALID",
        "Cannot run the script: a dial cannot be had",
        faults,
      );
    }
    this.#dials = dials;
    this.#stress = scenarios.filter((scenario): scenario is Stress =>
      scenario.executor === "stress"
    );
  }

  /** Begins, at the present of the clock. */
  start(): void {
    const { clock, stress } = this.#controls;
    const now = clock.now();
    for (const dial of this.#dials) dial.begin(now);
    if (stress === undefined) return;
    for (const scenario of this.#stress) {
      this.#timers.push(
        clock.at(now + scenario.start, () => {
          this.#handles.push(this.#begin(stress, scenario));
        }, undefined),
      );
    }
  }

  async #begin(
    stress: StressScenarios,
    { scenario }: Stress,
  ): Promise<StressHandle | undefined> {
    try {
      return await stress.start(scenario, this.#controls.owner);
    } catch (error) {
      this.#controls.failed(error);
      return undefined;
    }
  }

  /** Takes everything off again: the dials at once, the loads when it resolves. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    for (const dial of this.#dials) dial.release();
    for (const timer of this.#timers) this.#controls.clock.cancel(timer);
    for (const handle of await Promise.all(this.#handles)) {
      try {
        await handle?.stop();
      } catch (error) {
        this.#controls.failed(error);
      }
    }
  }
}
