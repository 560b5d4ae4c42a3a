/**
 * Signals multiplied with each other.
 *
 * @module
 */
import { commonCycle } from "./_cycle.ts";
import { earliestBreak } from "./_earliest_break.ts";
import type { Cycle, Form, FormDefinition } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";
import { Tabulated } from "./_tabulated.ts";
import { constantForm } from "./constant.ts";

/** `product[…]`: one factor has the unit, the others are usually plain numbers. */
export const product: FormDefinition = {
  name: "product",
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

/** A signal times a number above 0. */
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
