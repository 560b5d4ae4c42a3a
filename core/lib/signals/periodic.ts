/**
 * Signals that repeat for ever: sine and square waves, and repetitions of any signal.
 *
 * @module
 */
import {
  type Cycle,
  type Form,
  type FormDefinition,
  integrated,
} from "./_form.ts";
import { leastRoot, shiftedBreak, wholeCycles } from "./_numerics.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";
import { constantForm } from "./lines.ts";

/** `sine{mean,amplitude,period,phase}`: mean + amplitude · sin 2π(t/period + phase). The phase is a share of the period; default 0. */
export const sine: FormDefinition = {
  name: "sine",
  summary: "Sine wave",
  schema: ({ kit, unit }) =>
    kit.z.strictObject(kit.worded({
      mean: unit,
      amplitude: unit,
      period: kit.duration({ above: 0 }),
      phase: kit.share().default(0),
    }, {
      mean: "Mean value",
      amplitude: "Distance from the mean to the peak",
      period: "Length of a cycle",
      phase: "Share of the cycle at which it begins",
    })).transform((wave) =>
      wave.amplitude === 0 ? constantForm(wave.mean) : new Sine(wave)
    ),
};

/** `square{low,high,period,duty}`: high for the first part of each period, then low. The duty is the share that is high; default 0.5. */
export const square: FormDefinition = {
  name: "square",
  summary: "Rectangular wave, high first",
  schema: ({ kit, unit }) =>
    kit.z.strictObject(kit.worded({
      low: unit,
      high: unit,
      period: kit.duration({ above: 0 }),
      duty: kit.share().default(0.5),
    }, {
      low: "Value in the second part of each cycle",
      high: "Value in the first part of each cycle",
      period: "Length of a cycle",
      duty: "Share of the cycle that is high",
    })).transform(({ low, high, period, duty }) => {
      const once = new PiecewiseLinear([
        { at: 0, before: high, after: high },
        { at: duty * period, before: high, after: low },
      ]);
      // A signal that never changes has no cycle.
      return once.constant || duty === 1
        ? new PiecewiseLinear([once.knots[0]])
        : new Periodic(once, period);
    }),
};

/** `repeat{signal,period}`: a signal that starts again after each period. */
export const repeat: FormDefinition = {
  name: "repeat",
  summary: "Signal that begins again and again",
  schema: ({ kit, signal }) =>
    kit.z.strictObject(
      kit.worded({ signal, period: kit.duration({ above: 0 }) }, {
        signal: "Signal that begins again",
        period: "Time after which it begins again",
      }),
    )
      .transform(
        integrated(({ signal, period }) =>
          signal.constant ? signal : new Periodic(signal, period)
        ),
      ),
};

const TURN = 2 * Math.PI;

/** Parameters of a {@linkcode Sine}. */
interface Wave {
  readonly mean: number;
  /** Not 0. Negative if the wave starts downwards. */
  readonly amplitude: number;
  readonly period: number;
  readonly phase: number;
}

/**
 * A sine wave. Its positive part is one lobe in each turn, from the angle -α to the angle -α + width with sin α =
 * mean/amplitude; the lobe is a whole turn if the wave never falls below 0.
 */
class Sine implements Form {
  readonly end = Infinity;
  readonly constant = false;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #mean: number;
  readonly #amplitude: number;
  readonly #period: number;
  readonly #phase: number;
  /** The angle α by which the lobe starts before the sine. */
  readonly #lead: number;
  readonly #width: number;
  /** Integral over a whole lobe, by angle. */
  readonly #lobe: number;
  /** Integral from the start of the lobe to time 0, by angle. */
  readonly #origin: number;

  constructor({ mean, amplitude, period, phase }: Wave) {
    this.cycle = { from: 0, period };
    this.nonNegative = mean >= Math.abs(amplitude);
    this.#mean = mean;
    this.#amplitude = Math.abs(amplitude);
    this.#period = period;
    this.#phase = amplitude < 0 ? phase + 0.5 : phase;
    const height = Math.max(-1, Math.min(1, mean / this.#amplitude));
    this.#lead = Math.asin(height);
    this.#width = Math.PI + 2 * this.#lead;
    this.#lobe = this.#fromLobe(this.#width);
    this.#origin = this.#fromStart(TURN * this.#phase + this.#lead);
  }

  at(time: number): number {
    const turns = Math.max(0, time) / this.#period + this.#phase;
    return this.#mean +
      this.#amplitude * Math.sin(TURN * (turns - Math.floor(turns)));
  }

  integral(time: number): number {
    if (!(time > 0)) return 0;
    const angle = TURN * (time / this.#period + this.#phase) + this.#lead;
    return (this.#fromStart(angle) - this.#origin) * this.#period / TURN;
  }

  inverse(area: number): number {
    if (!(area > 0)) return 0;
    if (!(this.#lobe > 0)) return Infinity;
    const [turns, rest] = wholeCycles(
      area * TURN / this.#period + this.#origin,
      this.#lobe,
    );
    const angle = leastRoot(
      {
        value: (angle) => this.#fromLobe(angle),
        slope: (angle) =>
          this.#mean + this.#amplitude * Math.sin(angle - this.#lead),
      },
      rest,
      { low: 0, high: this.#width, guess: rest / this.#lobe * this.#width },
    );
    return Math.max(
      0,
      (turns + (angle - this.#lead) / TURN - this.#phase) * this.#period,
    );
  }

  /** A break at each quarter, so that a numerical integration with other signals misses no turn. */
  nextBreak(time: number): number {
    const quarter = Math.floor((time / this.#period + this.#phase) * 4) + 1;
    const next = (quarter / 4 - this.#phase) * this.#period;
    return next > time ? next : next + this.#period / 4;
  }

  /** Integral by angle from the start of a lobe to an angle within it. */
  #fromLobe(angle: number): number {
    return this.#mean * angle +
      this.#amplitude * (Math.cos(this.#lead) - Math.cos(angle - this.#lead));
  }

  /** Integral by angle of the positive part, from the start of the first lobe. */
  #fromStart(angle: number): number {
    const turns = Math.floor(angle / TURN);
    const within = Math.min(this.#width, angle - turns * TURN);
    return turns * this.#lobe + this.#fromLobe(within);
  }
}

/** A signal that starts again after each period, for ever. */
class Periodic implements Form {
  readonly end = Infinity;
  readonly constant = false;
  readonly cycle: Cycle;
  readonly nonNegative: boolean;
  readonly #signal: Form;
  readonly #period: number;
  /** Integral over one period. */
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
    // Because of rounding, the start of a period may count as the end of the one before.
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
