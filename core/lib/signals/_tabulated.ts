import { PerfmockError } from "../../errors.ts";
import type { Cycle, Form } from "./_form.ts";
import { cells, positiveArea } from "./_quadrature.ts";
import { reached, wholeCycles } from "./_reached.ts";
import { leastRoot } from "./_root.ts";

/** The most cells of a table: a day of a signal that changes three times a second. */
const MOST_CELLS = 2 ** 18;

/** A signal but for what follows from its values. */
export interface Values
  extends Pick<Form, "at" | "nextBreak" | "cycle" | "nonNegative"> {
  /** The integral, where it has a closed form. */
  readonly exact: ((time: number) => number) | undefined;
}

/**
 * A signal of which little more than the values is known: the inverse of its integral is found numerically, and so is the
 * integral where it has no closed form, to 1e-9. A table is kept of it, which grows as far as it is asked for, at most to
 * the end of the first cycle. What is asked for before changes no result.
 */
export class Tabulated implements Form {
  readonly at: (time: number) => number;
  readonly nextBreak: (time: number) => number;
  readonly cycle: Cycle | undefined;
  readonly nonNegative: boolean;
  readonly end: number;
  readonly constant = false;
  readonly #exact: ((time: number) => number) | undefined;
  /** Where the table ends at the latest. */
  readonly #horizon: number;
  /** The ends of the cells, and the integral up to each. */
  readonly #ends: number[] = [0];
  readonly #areas: number[] = [0];

  constructor(values: Values) {
    const { cycle } = values;
    this.at = values.at;
    this.nextBreak = values.nextBreak;
    this.cycle = cycle;
    this.nonNegative = values.nonNegative;
    this.#exact = values.exact;
    this.end = cycle?.period === 0 ? cycle.from : Infinity;
    this.#horizon = cycle === undefined ? Infinity : cycle.from + cycle.period;
  }

  integral(time: number): number {
    if (!(time > 0)) return 0;
    if (this.#exact !== undefined) return this.#exact(time);
    if (this.cycle === undefined || time <= this.#horizon) {
      return this.#tabulated(time);
    }
    const { from, period } = this.cycle;
    const first = this.#tabulated(this.#horizon);
    const beyond = time - this.#horizon;
    if (period === 0) return first + Math.max(0, this.at(time)) * beyond;
    const perCycle = first - this.#tabulated(from);
    const count = Math.floor(beyond / period);
    return this.#tabulated(from + Math.max(0, beyond - count * period)) +
      (count + 1) * perCycle;
  }

  inverse(area: number): number {
    if (!(area > 0)) return 0;
    while (!reached(this.#total, area) && this.#grow());
    if (reached(this.#total, area)) return this.#find(area);
    // What has no cycle has no horizon, and grows until it throws.
    const { from, period } = this.cycle as Cycle;
    const rest = area - this.#total;
    if (period === 0) {
      const value = this.at(this.#horizon);
      return value > 0 ? this.#horizon + rest / value : Infinity;
    }
    const before = this.#tabulated(from);
    const perCycle = this.#total - before;
    if (perCycle === 0) return Infinity;
    const [count, last] = wholeCycles(rest, perCycle);
    return this.#find(before + last) + (count + 1) * period;
  }

  get #total(): number {
    return this.#areas[this.#areas.length - 1];
  }

  /** The integral up to a time within the horizon. */
  #tabulated(time: number): number {
    while (this.#ends[this.#ends.length - 1] < time && this.#grow());
    const i = firstIndex(this.#ends, (end) => end >= time);
    if (i === 0) return 0;
    if (this.#ends[i] === time) return this.#areas[i];
    return this.#areas[i - 1] + this.#areaFrom(this.#ends[i - 1])(time);
  }

  /** The integral from a time on, within one cell. */
  #areaFrom(from: number): (to: number) => number {
    const { at } = this;
    const exact = this.#exact;
    if (exact === undefined) return (to) => positiveArea(at, from, to);
    const before = exact(from);
    return (to) => exact(to) - before;
  }

  /** The earliest time at which the table reaches an area, which it does. */
  #find(area: number): number {
    const i = firstIndex(this.#areas, (integral) => reached(integral, area));
    const [from, to] = [this.#ends[i - 1], this.#ends[i]];
    const below = this.#areas[i - 1];
    const rest = Math.min(area, this.#areas[i]) - below;
    const share = rest / (this.#areas[i] - below);
    return leastRoot(
      {
        value: this.#areaFrom(from),
        slope: (time) => Math.max(0, this.at(time)),
      },
      rest,
      { low: from, high: to, guess: from + (to - from) * share },
    );
  }

  /** Adds the cells up to the next break; false where the horizon is reached. */
  #grow(): boolean {
    const from = this.#ends[this.#ends.length - 1];
    if (from >= this.#horizon) return false;
    if (this.#ends.length > MOST_CELLS) throw endless(from);
    const to = Math.min(this.nextBreak(from), this.#horizon);
    const added = this.#exact === undefined
      ? cells(this, from, to)
      : [{ end: to, area: this.#areaFrom(from)(to) }];
    for (const { end, area } of added) {
      this.#areas.push(this.#total + area);
      this.#ends.push(end);
    }
    return true;
  }
}

/** The first index whose entry fits; all after it fit too, and the last does. */
function firstIndex(
  entries: readonly number[],
  fits: (entry: number) => boolean,
): number {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(entries[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function endless(time: number): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot integrate a signal beyond ${
      (time / 1000).toPrecision(6)
    } s: it changes too often`,
  );
}
