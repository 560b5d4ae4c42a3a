/**
 * One signal after another.
 *
 * @module
 */
import type { Cycle, Form, FormDefinition } from "./_form.ts";
import { integrated } from "./_integrated.ts";
import { reached } from "./_reached.ts";
import { shiftedBreak } from "./_shifted_break.ts";

/** `sequence[{for,signal}]`: each signal begins at its own 0; the last value is held. */
export const sequence: FormDefinition = {
  name: "sequence",
  schema: ({ kit, signal }) =>
    kit.z.array(kit.z.strictObject({ for: kit.duration({ above: 0 }), signal }))
      .min(1).transform(integrated((parts) => new Sequence(parts))),
};

/** A part of a {@linkcode Sequence}. */
interface Part {
  /** How long it lasts, in ms. */
  readonly for: number;
  readonly signal: Form;
}

class Sequence implements Form {
  readonly end: number;
  readonly constant: boolean;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #parts: readonly Part[];
  /** When each part begins, and the integral up to then; the last entry is the end of all. */
  readonly #starts: number[] = [0];
  readonly #areas: number[] = [0];
  /** What is held. */
  readonly #last: number;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    for (const [i, { for: length, signal }] of parts.entries()) {
      this.#starts.push(this.#starts[i] + length);
      this.#areas.push(this.#areas[i] + signal.integral(length));
    }
    const last = parts[parts.length - 1];
    this.#last = lastValue(last);
    this.constant = parts.every(({ signal }) =>
      signal.constant && signal.at(0) === this.#last
    );
    this.end = this.constant
      ? 0
      : this.#starts[parts.length - 1] + Math.min(last.for, last.signal.end);
    this.cycle = { from: this.#starts[parts.length], period: 0 };
    this.nonNegative = parts.every(({ signal }) => signal.nonNegative);
  }

  at(time: number): number {
    const i = this.#partAt(time);
    if (i === this.#parts.length) return this.#last;
    return this.#parts[i].signal.at(time - this.#starts[i]);
  }

  integral(time: number): number {
    if (!(time > 0)) return 0;
    const i = this.#partAt(time);
    const within = time - this.#starts[i];
    return this.#areas[i] +
      (i === this.#parts.length
        ? Math.max(0, this.#last) * within
        : this.#parts[i].signal.integral(within));
  }

  inverse(area: number): number {
    if (!(area > 0)) return 0;
    const i = this.#areas.findIndex((integral) => reached(integral, area)) - 1;
    if (i >= 0) {
      const { for: length, signal } = this.#parts[i];
      const rest = Math.min(area, this.#areas[i + 1]) - this.#areas[i];
      return this.#starts[i] + Math.min(length, signal.inverse(rest));
    }
    const count = this.#parts.length;
    return this.#last > 0
      ? this.#starts[count] + (area - this.#areas[count]) / this.#last
      : Infinity;
  }

  nextBreak(time: number): number {
    const i = this.#partAt(time);
    if (i === this.#parts.length) return Infinity;
    const { signal } = this.#parts[i];
    const [from, to] = [this.#starts[i], this.#starts[i + 1]];
    return shiftedBreak({ signal, from, to }, time);
  }

  /** The part that is on at a time; the number of parts where all are over. */
  #partAt(time: number): number {
    let i = 0;
    while (i < this.#parts.length && time >= this.#starts[i + 1]) i++;
    return i;
  }
}

/** A moment before, as a share of the time: more than all that rounding does. */
const MOMENT = 2 ** -46;

/** The value a part ends with: that just before its end, where it is about to jump. */
function lastValue({ for: length, signal }: Part): number {
  const after = signal.at(length);
  const before = signal.at(length * (1 - MOMENT));
  const jumps = Math.abs(after - before) >
    1e-9 * Math.max(Math.abs(after), Math.abs(before));
  return jumps ? before : after;
}
