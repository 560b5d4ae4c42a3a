/**
 * The scenarios of a script that send nothing: they turn dials and put stress on the machine, on the server's own thread or in
 * virtual time.
 *
 * @module
 */
import {
  type Clock,
  type Dials,
  type HeldDial,
  type Issue,
  PerfmockError,
  toPointer,
} from "../../../core/plugin.ts";
import type {
  Modulate,
  Script,
  Stress,
  StressHandle,
  StressScenarios,
} from "../script/script.ts";

/** Interval at which a changing dial is set, in ms. */
const DIAL_INTERVAL = 20;

/** Options of a {@linkcode ControlRun}. */
export interface ControlOptions {
  /** Clock of all times. */
  readonly clock: Clock;
  /** Dials that scenarios can set. */
  readonly dials: Dials;
  /** Service that runs stress scenarios; undefined without it, as in simulation. */
  readonly stress: StressScenarios | undefined;
  /** Name of the run, shown by what it controls. */
  readonly owner: string;
  /** Reports an error that happens while it runs. */
  failed(error: unknown): void;
}

/** A dial that the run holds. */
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
      // Computed from the start of the run, so that lateness does not accumulate.
      ? Math.min(
        (Math.floor(elapsed / DIAL_INTERVAL) + 1) * DIAL_INTERVAL,
        duration,
      )
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

/** The run of all `modulate` and `stress` scenarios of a script. */
export class ControlRun {
  readonly #options: ControlOptions;
  readonly #dials: readonly TurnedDial[];
  readonly #stress: readonly Stress[];
  readonly #timers: number[] = [];
  readonly #handles: Promise<StressHandle | undefined>[] = [];
  #stopped: Promise<void> | undefined;

  /**
   * Takes hold of all dials. Sets none of them yet.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with an issue for each dial that cannot be held; then none is held
   */
  constructor({ scenarios }: Script, options: ControlOptions) {
    this.#options = options;
    const dials: TurnedDial[] = [];
    const issues: Issue[] = [];
    for (const scenario of scenarios) {
      if (scenario.executor !== "modulate") continue;
      try {
        const held = options.dials.hold(scenario.dial, options.owner);
        dials.push(new TurnedDial(scenario, held, options.clock));
      } catch (error) {
        issues.push({
          path: `/scenarios${toPointer([scenario.name])}/set`,
          message: (error as Error).message,
          value: scenario.dial,
        });
      }
    }
    if (issues.length > 0) {
      for (const dial of dials) dial.release();
      throw new PerfmockError(
        "SCRIPT_INVALID",
        "Cannot run the script: a dial cannot be held",
        issues,
      );
    }
    this.#dials = dials;
    this.#stress = scenarios.filter((scenario): scenario is Stress =>
      scenario.executor === "stress"
    );
  }

  /** Starts now. Scenario starts count from here. */
  start(): void {
    const { clock, stress } = this.#options;
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
      return await stress.start(scenario, this.#options.owner);
    } catch (error) {
      this.#options.failed(error);
      return undefined;
    }
  }

  /** Releases the dials at once and stops all stress; resolves when that has stopped. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    for (const dial of this.#dials) dial.release();
    for (const timer of this.#timers) this.#options.clock.cancel(timer);
    for (const handle of await Promise.all(this.#handles)) {
      try {
        await handle?.stop();
      } catch (error) {
        this.#options.failed(error);
      }
    }
  }
}
