import type { Cycle, Form } from "./_form.ts";
import { wholeCycles } from "./_reached.ts";

/** A signal that begins again after each period, for ever. */
export class Periodic implements Form {
  readonly end = Infinity;
  readonly constant = false;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #signal: Form;
  readonly #period: number;
  /** The integral over one period. */
  readonly #area: number;

  constructor(signal: Form, period: number) {
    this.#signal = signal;
    this.#period = period;
    this.#area = signal.integral(period);
    this.cycle = { from: 0, period };
    this.nonNegative = signal.nonNegative;
  }

  at(time: number): number {
    return this.#signal.at(this.#phase(time));
  }

  before(time: number): number {
    const phase = this.#phase(time);
    return this.#signal.before(
      phase === 0 && time > 0 ? this.#period : phase,
    );
  }

  integral(time: number): number {
    if (!(time > 0)) return 0;
    return Math.floor(time / this.#period) * this.#area +
      this.#signal.integral(this.#phase(time));
  }

  inverse(area: number): number {
    if (!(area > 0)) return 0;
    if (this.#area === 0) return Infinity;
    const [count, rest] = wholeCycles(area, this.#area);
    return count * this.#period +
      Math.min(this.#period, this.#signal.inverse(rest));
  }

  nextBreak(time: number): number {
    if (time < 0) return 0;
    const count = Math.floor(time / this.#period);
    const inner = this.#signal.nextBreak(this.#phase(time));
    const next = count * this.#period + Math.min(inner, this.#period);
    // Where rounding has it that the break is now, it is the next period's beginning.
    return next > time ? next : (count + 2) * this.#period;
  }

  #phase(time: number): number {
    if (time <= 0) return 0;
    return Math.max(
      0,
      time - Math.floor(time / this.#period) * this.#period,
    );
  }
}
