/**
 * A wave, such as that of day and night.
 *
 * @module
 */
import type { Cycle, Form, FormDefinition } from "./_form.ts";
import { constantForm } from "./constant.ts";
import { wholeCycles } from "./_reached.ts";
import { leastRoot } from "./_root.ts";

const TURN = 2 * Math.PI;

/** `sine{mean,amplitude,period,phase}`: mean + amplitude · sin 2π(t/period + phase); phase is a share of a period, 0 where absent. */
export const sine: FormDefinition = {
  name: "sine",
  schema: ({ kit, unit }) =>
    kit.z.strictObject({
      mean: unit,
      amplitude: unit,
      period: kit.duration({ above: 0 }),
      phase: kit.share().default(0),
    }).transform((wave) =>
      wave.amplitude === 0 ? constantForm(wave.mean) : new Sine(wave)
    ),
};

/** The parameters of a {@linkcode Sine}. */
interface Wave {
  readonly mean: number;
  /** Not 0; negative where it begins downwards. */
  readonly amplitude: number;
  readonly period: number;
  readonly phase: number;
}

/**
 * A sine. Its positive part is a lobe in each turn, from the angle -α to the angle -α + width with sin α = mean/amplitude;
 * a whole turn where it never falls below 0.
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
  /** The angle α of the lobe's beginning, before that of the sine. */
  readonly #lead: number;
  readonly #width: number;
  /** The integral over a whole lobe, and that from the lobe's beginning to time 0; both by angle. */
  readonly #lobe: number;
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

  /** At each quarter, so that whoever integrates it with others misses no turn. */
  nextBreak(time: number): number {
    const quarter = Math.floor((time / this.#period + this.#phase) * 4) + 1;
    const next = (quarter / 4 - this.#phase) * this.#period;
    return next > time ? next : next + this.#period / 4;
  }

  /** The integral by angle from the beginning of a lobe to within it. */
  #fromLobe(angle: number): number {
    return this.#mean * angle +
      this.#amplitude * (Math.cos(this.#lead) - Math.cos(angle - this.#lead));
  }

  /** The integral by angle of the positive part, from the beginning of the first lobe. */
  #fromStart(angle: number): number {
    const turns = Math.floor(angle / TURN);
    const within = Math.min(this.#width, angle - turns * TURN);
    return turns * this.#lobe + this.#fromLobe(within);
  }
}
