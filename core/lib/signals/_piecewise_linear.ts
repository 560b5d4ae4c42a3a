/**
 * Signals made of straight lines. Their integrals are parabolas, whose inverses have a closed form.
 *
 * @module
 */
import type { Cycle, Form } from "./_form.ts";
import { reached } from "./_numerics.ts";

/** A point at which one line ends and the next begins. */
export interface Knot {
  /** Time in ms. Knots are in order of time, the first one at 0. */
  readonly at: number;
  /** Last value of the line before; of no meaning in the first knot. */
  readonly before: number;
  /** First value of the line after. */
  readonly after: number;
}

/** Straight lines from knot to knot. The last value is held. */
export class PiecewiseLinear implements Form {
  readonly knots: readonly Knot[];
  readonly end: number;
  readonly constant: boolean;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #times: Float64Array;
  readonly #before: Float64Array;
  readonly #after: Float64Array;
  /** Integral up to each knot. */
  readonly #areas: Float64Array;

  /** @param knots at least one */
  constructor(knots: readonly Knot[]) {
    this.knots = withRoots(withoutRest(merged(knots)));
    const { length } = this.knots;
    this.#times = new Float64Array(length);
    this.#before = new Float64Array(length);
    this.#after = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const { at, before, after } = this.knots[i];
      this.#times[i] = at;
      this.#before[i] = before;
      this.#after[i] = after;
    }
    this.#areas = new Float64Array(length);
    for (let i = 1; i < length; i++) {
      this.#areas[i] = this.#areas[i - 1] + this.#area(i - 1, this.#times[i]);
    }
    this.end = this.#times[this.#times.length - 1];
    this.constant = this.knots.length === 1;
    this.cycle = { from: this.end, period: 0 };
    this.nonNegative = this.#after.every((value) => value >= 0) &&
      this.#before.every((value) => value >= 0);
  }

  at(time: number): number {
    return time <= 0 ? this.#after[0] : this.#value(this.#knotAt(time), time);
  }

  /** Value just before a time, which differs from the value at that time if the signal jumps. */
  before(time: number): number {
    if (time <= 0) return this.#after[0];
    const i = this.#knotAt(time);
    return time === this.#times[i] ? this.#before[i] : this.#value(i, time);
  }

  integral(time: number): number {
    if (!(time > 0)) return 0;
    const i = this.#knotAt(time);
    return this.#areas[i] + this.#area(i, time);
  }

  inverse(area: number): number {
    if (!(area > 0)) return 0;
    let low = 0;
    let high = this.#areas.length;
    // The first knot at which the area is reached. The time lies on the line before it.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reached(this.#areas[middle], area)) high = middle;
      else low = middle + 1;
    }
    const i = low - 1;
    const rest = area - this.#areas[i];
    const from = this.#after[i];
    if (low === this.#times.length) {
      return from > 0 ? this.#times[i] + rest / from : Infinity;
    }
    const length = this.#times[low] - this.#times[i];
    const slope = (this.#before[low] - from) / length;
    // The smaller root of from·t + slope·t²/2 = rest, in a form without cancellation.
    const root = Math.sqrt(Math.max(0, from * from + 2 * slope * rest));
    return this.#times[i] + Math.min(length, 2 * rest / (from + root));
  }

  nextBreak(time: number): number {
    const next = this.#knotAt(time) + 1;
    return next < this.#times.length ? this.#times[next] : Infinity;
  }

  /** Last knot that is not after a time. */
  #knotAt(time: number): number {
    let low = 0;
    let high = this.#times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#times[middle] <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Value on the line that begins at knot i. */
  #value(i: number, time: number): number {
    const from = this.#after[i];
    if (i === this.#times.length - 1) return from;
    const share = (time - this.#times[i]) /
      (this.#times[i + 1] - this.#times[i]);
    return from + (this.#before[i + 1] - from) * share;
  }

  /** Area under the line that begins at knot i, up to a time on it. No line crosses 0 between its ends. */
  #area(i: number, time: number): number {
    const sum = this.#after[i] + this.#value(i, time);
    return sum > 0 ? sum / 2 * (time - this.#times[i]) : 0;
  }
}

/** Merges knots at the same time into one jump. */
function merged(knots: readonly Knot[]): Knot[] {
  const result: Knot[] = [];
  for (const knot of knots) {
    const last = result[result.length - 1];
    if (last === undefined || knot.at > last.at) result.push(knot);
    else result[result.length - 1] = { ...last, after: knot.after };
  }
  return result;
}

/** Removes the last knots if they change nothing. */
function withoutRest(knots: Knot[]): Knot[] {
  while (knots.length > 1) {
    const { before, after } = knots[knots.length - 1];
    if (before !== after || knots[knots.length - 2].after !== after) break;
    knots.pop();
  }
  return knots;
}

/** Adds a knot wherever a line crosses 0. */
function withRoots(knots: readonly Knot[]): Knot[] {
  const result: Knot[] = [];
  let last: Knot | undefined;
  for (const knot of knots) {
    if (last !== undefined && last.after * knot.before < 0) {
      const share = last.after / (last.after - knot.before);
      const at = last.at + (knot.at - last.at) * share;
      result.push({ at, before: 0, after: 0 });
    }
    result.push(last = knot);
  }
  return result;
}
