/**
 * Signals composed of other signals: sequences, sums and products.
 *
 * @module
 */
import {
  type Cycle,
  type Form,
  type FormDefinition,
  integrated,
} from "./_form.ts";
import {
  commonCycle,
  earliestBreak,
  reached,
  shiftedBreak,
} from "./_numerics.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";
import { Tabulated } from "./_tabulated.ts";
import { constantForm } from "./lines.ts";

/** `sequence[{for,signal}]`: one signal after another, each from its own time 0. The last value is held. */
export const sequence: FormDefinition = {
  name: "sequence",
  summary: "Signals one after another",
  schema: ({ kit, signal }) =>
    kit.z.array(kit.z.strictObject(
      kit.worded({ for: kit.duration({ above: 0 }), signal }, {
        for: "Time for which the signal applies",
        signal: "Signal, from its own time 0",
      }),
    ))
      .min(1).transform(integrated((parts) => new Sequence(parts))),
};

/** Part of a {@linkcode Sequence}. */
interface Part {
  /** Duration in ms. */
  readonly for: number;
  readonly signal: Form;
}

class Sequence implements Form {
  readonly end: number;
  readonly constant: boolean;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #parts: readonly Part[];
  /** Start of each part in ms; the last entry is the end of all parts. */
  readonly #starts: number[] = [0];
  /** Integral up to each start. */
  readonly #areas: number[] = [0];
  /** Value that is held after the end. */
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

  /** Index of the part at a time; the number of parts if all are over. */
  #partAt(time: number): number {
    let i = 0;
    while (i < this.#parts.length && time >= this.#starts[i + 1]) i++;
    return i;
  }
}

/** A moment, as a share of the time: longer than any rounding error. */
const MOMENT = 2 ** -46;

/** Last value of a part: the value just before its end if the signal jumps there. */
function lastValue({ for: length, signal }: Part): number {
  const after = signal.at(length);
  const before = signal.at(length * (1 - MOMENT));
  const jumps = Math.abs(after - before) >
    1e-9 * Math.max(Math.abs(after), Math.abs(before));
  return jumps ? before : after;
}

/** `sum[…]`: signals added up. */
export const sum: FormDefinition = {
  name: "sum",
  summary: "Sum of signals",
  schema: ({ kit, signal }) => kit.z.array(signal).min(1).transform(added),
};

function added(parts: readonly Form[]): Form {
  if (parts.length === 1) return parts[0];
  // The sum of straight lines consists of straight lines.
  if (parts.every((part) => part instanceof PiecewiseLinear)) {
    const times = parts.flatMap(({ knots }) => knots.map(({ at }) => at));
    const before = totalOf(parts, (part, time) => part.before(time));
    const after = totalOf(parts, (part, time) => part.at(time));
    return new PiecewiseLinear(
      times.sort((a, b) => a - b).map((at) => ({
        at,
        before: before(at),
        after: after(at),
      })),
    );
  }
  // If nothing is clamped, the integral of the sum is the sum of the integrals.
  const nonNegative = parts.every((part) => part.nonNegative);
  return new Tabulated({
    at: totalOf(parts, (part, time) => part.at(time)),
    nextBreak: earliestBreak(parts),
    cycle: commonCycle(parts.map(({ cycle }) => cycle)),
    nonNegative,
    exact: nonNegative
      ? totalOf(parts, (part, time) => part.integral(time))
      : undefined,
  });
}

function totalOf<Part>(
  parts: readonly Part[],
  read: (part: Part, time: number) => number,
): (time: number) => number {
  return (time) => {
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += read(parts[i], time);
    return total;
  };
}

/** `product[…]`: signals multiplied. Usually one factor has the unit and the others are plain numbers. */
export const product: FormDefinition = {
  name: "product",
  summary: "Product of signals",
  schema: ({ kit, signal }) => kit.z.array(signal).min(1).transform(multiplied),
};

function multiplied(factors: readonly Form[]): Form {
  const varying = factors.filter(({ constant }) => !constant);
  const by = factors.reduce(
    (product, factor) => factor.constant ? product * factor.at(0) : product,
    1,
  );
  if (varying.length === 0 || by === 0) return constantForm(by);
  if (varying.length === 1) {
    const [only] = varying;
    if (by === 1) return only;
    if (only instanceof PiecewiseLinear) return scaledLines(only, by);
    if (by > 0) return new Scaled(only, by);
  }
  return new Tabulated({
    at: (time) => {
      let product = by;
      for (let i = 0; i < varying.length; i++) product *= varying[i].at(time);
      return product;
    },
    nextBreak: earliestBreak(varying),
    cycle: commonCycle(varying.map(({ cycle }) => cycle)),
    nonNegative: by > 0 && varying.every(({ nonNegative }) => nonNegative),
    exact: undefined,
  });
}

function scaledLines({ knots }: PiecewiseLinear, by: number): PiecewiseLinear {
  return new PiecewiseLinear(
    knots.map(({ at, before, after }) => ({
      at,
      before: before * by,
      after: after * by,
    })),
  );
}

/** A signal multiplied by a number above 0. */
class Scaled implements Form {
  readonly end: number;
  readonly constant = false;
  readonly cycle: Cycle | undefined;
  readonly nonNegative: boolean;
  readonly #signal: Form;
  readonly #by: number;

  constructor(signal: Form, by: number) {
    this.#signal = signal;
    this.#by = by;
    this.end = signal.end;
    this.cycle = signal.cycle;
    this.nonNegative = signal.nonNegative;
  }

  at(time: number): number {
    return this.#by * this.#signal.at(time);
  }

  integral(time: number): number {
    return this.#by * this.#signal.integral(time);
  }

  inverse(area: number): number {
    return this.#signal.inverse(area / this.#by);
  }

  nextBreak(time: number): number {
    return this.#signal.nextBreak(time);
  }
}
