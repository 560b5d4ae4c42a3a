/**
 * Signals whose integral has to be found numerically.
 *
 * @module
 */
import { PerfmockError } from "../../errors.ts";
import { gauss, gaussKronrod } from "../quadrature.ts";
import type { Cycle, Form } from "./_form.ts";
import { leastRoot, reached, wholeCycles } from "./_numerics.ts";

/** Maximum number of cells in a table: enough for a day of a signal that changes three times a second. */
const MOST_CELLS = 2 ** 18;

/** Allowed error of a cell, relative to its integral. */
const TOLERANCE = 1e-11;

/** Maximum number of halvings. A signal is smooth between its breaks, so few halvings reduce its error to rounding. */
const DEEPEST = 12;

/** Number of parts of an interval whose signs are compared to find roots. */
const PARTS = 16;

/** Distance from the ends of an interval for that comparison, as a share of it. */
const EDGE = 1e-9;

/** The properties of a signal from which the others are derived. */
export interface Values
  extends Pick<Form, "at" | "nextBreak" | "cycle" | "nonNegative"> {
  /** Integral in closed form; undefined if there is none. */
  readonly exact: ((time: number) => number) | undefined;
}

/**
 * A signal that is known by its values. The inverse of its integral is computed numerically, as is the integral if it has no
 * closed form, to a relative error of 1e-9. Results are kept in a table that grows on demand, at most to the end of the first
 * cycle. Results do not depend on earlier calls.
 */
export class Tabulated implements Form {
  readonly at: (time: number) => number;
  readonly nextBreak: (time: number) => number;
  readonly cycle: Cycle | undefined;
  readonly nonNegative: boolean;
  readonly end: number;
  readonly constant = false;
  readonly #exact: ((time: number) => number) | undefined;
  readonly #positive: (time: number) => number;
  /** Time at which the table ends at the latest. */
  readonly #horizon: number;
  /** Ends of the cells. */
  readonly #ends: number[] = [0];
  /** Integral up to each end. */
  readonly #areas: number[] = [0];

  constructor(values: Values) {
    const { cycle } = values;
    this.at = values.at;
    this.nextBreak = values.nextBreak;
    this.cycle = cycle;
    this.nonNegative = values.nonNegative;
    this.#exact = values.exact;
    const { at } = values;
    this.#positive = (time) => Math.max(0, at(time));
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
    // A signal without a cycle has no horizon: its table grows until it throws.
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

  /** Integral up to a time within the horizon. */
  #tabulated(time: number): number {
    while (this.#ends[this.#ends.length - 1] < time && this.#grow());
    const i = firstIndex(this.#ends, (end) => end >= time);
    if (i === 0) return 0;
    if (this.#ends[i] === time) return this.#areas[i];
    return this.#areas[i - 1] + this.#areaFrom(this.#ends[i - 1])(time);
  }

  /** Integral from a time on, within one cell. */
  #areaFrom(from: number): (to: number) => number {
    const positive = this.#positive;
    const exact = this.#exact;
    if (exact === undefined) return (to) => gauss(positive, from, to);
    const before = exact(from);
    return (to) => exact(to) - before;
  }

  /** Earliest time at which the table reaches an area. The table must have reached it. */
  #find(area: number): number {
    const i = firstIndex(this.#areas, (integral) => reached(integral, area));
    const [from, to] = [this.#ends[i - 1], this.#ends[i]];
    const below = this.#areas[i - 1];
    const rest = Math.min(area, this.#areas[i]) - below;
    const share = rest / (this.#areas[i] - below);
    return leastRoot(
      { value: this.#areaFrom(from), slope: this.#positive },
      rest,
      { low: from, high: to, guess: from + (to - from) * share },
    );
  }

  /** Adds the cells up to the next break. Returns false if the horizon is reached. */
  #grow(): boolean {
    const from = this.#ends[this.#ends.length - 1];
    if (from >= this.#horizon) return false;
    if (this.#ends.length > MOST_CELLS) throw endless(from);
    const to = Math.min(this.nextBreak(from), this.#horizon);
    const added = this.#exact === undefined
      ? this.#cells(from, to)
      : [{ end: to, area: this.#areaFrom(from)(to) }];
    for (const { end, area } of added) {
      this.#areas.push(this.#total + area);
      this.#ends.push(end);
    }
    return true;
  }

  /** Divides an interval without breaks into cells, at the roots of the signal and as the tolerance requires. */
  #cells(from: number, to: number): Cell[] {
    const found: Cell[] = [];
    let start = from;
    const kinks = this.nonNegative ? [] : roots(this.at, from, to);
    for (const end of [...kinks, to]) {
      refine(this.#positive, measure(this.#positive, start, end), found);
      start = end;
    }
    return found;
  }
}

/** First index whose entry fits. All entries after it must fit too, and the last one must fit. */
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

/** An interval so short that {@linkcode gauss} is exact to the tolerance on it and on any part of it. */
interface Cell {
  /** End of the cell, in ms. It begins at the end of the one before. */
  readonly end: number;
  /** Integral over the cell. */
  readonly area: number;
}

/** Positions at which a function changes its sign, which are the kinks of its positive part. */
function roots(
  f: (time: number) => number,
  from: number,
  to: number,
): number[] {
  const found: number[] = [];
  // Not at the ends themselves, where the function may jump.
  const place = (part: number) =>
    from + (to - from) * Math.min(Math.max(part / PARTS, EDGE), 1 - EDGE);
  for (let part = 1; part <= PARTS; part++) {
    let [low, high] = [place(part - 1), place(part)];
    const positive = f(low) > 0;
    if (f(high) > 0 === positive) continue;
    for (;;) {
      const middle = low + (high - low) / 2;
      if (!(middle > low && middle < high)) break;
      if (f(middle) > 0 === positive) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

interface Measured {
  readonly from: number;
  readonly to: number;
  /** Integral by Gauss's rule. */
  readonly area: number;
  /** Difference from Kronrod's rule, which is far more accurate. */
  readonly error: number;
}

function measure(
  f: (time: number) => number,
  from: number,
  to: number,
): Measured {
  const { gauss, kronrod } = gaussKronrod(f, from, to);
  return { from, to, area: gauss, error: Math.abs(kronrod - gauss) };
}

/** Halves an interval until its error is small enough, or until halving no longer reduces it because only rounding is left. */
function refine(
  f: (time: number) => number,
  { from, to, area, error }: Measured,
  found: Cell[],
  depth = 0,
): void {
  if (error <= TOLERANCE * area || depth === DEEPEST) {
    found.push({ end: to, area });
    return;
  }
  const middle = from + (to - from) / 2;
  const left = measure(f, from, middle);
  const right = measure(f, middle, to);
  const last = left.error + right.error > error / 2 ? DEEPEST : depth + 1;
  refine(f, left, found, last);
  refine(f, right, found, last);
}
