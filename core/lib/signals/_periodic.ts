import type { Cycle, Form } from "./_form.ts";
import { wholeCycles } from "./_reached.ts";
import { shiftedBreak } from "./_shifted_break.ts";

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
    const count = Math.floor(time / this.#period);
    const next = this.#breakIn(count, time);
    // Rounding may have it that a period's beginning is the end of the one before.
    return next > time ? next : this.#breakIn(count + 1, time);
  }

  #breakIn(count: number, time: number): number {
    const [from, to] = [count * this.#period, (count + 1) * this.#period];
    return shiftedBreak({ signal: this.#signal, from, to }, time);
  }

  #phase(time: number): number {
    if (time <= 0) return 0;
    return Math.max(
      0,
      time - Math.floor(time / this.#period) * this.#period,
    );
  }
}
