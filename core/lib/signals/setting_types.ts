/**
 * The types of signals and timelines in settings. A signal is a bare value, or an object with one key, which is a form. A
 * timeline has values of any type and can drive a dial.
 *
 * @module
 */
import type { z } from "zod";
import type { Kit, KitType, Signal, Timeline } from "../../contract/values.ts";
import { checkTimes, type Form, type FormDefinition } from "./_form.ts";
import { product, sequence, sum } from "./compounds.ts";
import { constantForm, ramp, spike, stages, steps, trace } from "./lines.ts";
import { repeat, sine, square } from "./periodic.ts";

/** All forms, in the order in which users see them. */
const FORMS: readonly FormDefinition[] = [
  ramp,
  stages,
  steps,
  spike,
  sine,
  square,
  trace,
  sequence,
  repeat,
  sum,
  product,
];

/** Makes the type of a signal with values of a unit. */
export function signalType(kit: Kit, unit: KitType<number>): KitType<Signal> {
  const { z } = kit;
  const type: z.ZodType<Form> = z.union([
    unit.transform(constantForm),
    formType(kit, unit, z.lazy(() => type)),
  ]);
  return type as unknown as KitType<Signal>;
}

/**
 * Makes the type of a signal that is an object with one key, which is a form.
 *
 * @param signal type of the signals within it
 */
export function formType(
  kit: Kit,
  unit: KitType<number>,
  signal: z.ZodType<Form>,
) {
  const { z } = kit;
  const names = FORMS.map(({ name }) => name).join(", ");
  const shape = Object.fromEntries(
    FORMS.map(({ name, schema }) => [
      name,
      schema({ kit, unit, signal }).optional(),
    ]),
  );
  const words = Object.fromEntries(
    FORMS.map(({ name, summary }) => [name, summary]),
  );
  return z.strictObject(kit.worded(shape, words)).transform(
    (parts, { issues }) => {
      const made = Object.values(parts).filter((part) => part !== undefined);
      if (made.length === 1) return made[0];
      // An unknown form has been reported as an unknown key.
      if (issues.length > 0) return z.NEVER;
      issues.push({
        code: "custom",
        message:
          `Expected an object with one key, the form, received ${made.length} keys`,
        input: parts,
      });
      return z.NEVER;
    },
  ).meta({
    description: `a signal, whose one key is of ${names}`,
    minProperties: 1,
    maxProperties: 1,
  });
}

/** Makes the type of a timeline: a bare value, `{ timeline: […] }`, or for numbers a form of signal. */
export function timelineType<T>(
  kit: Kit,
  value: KitType<T>,
): KitType<Timeline<T>> {
  const { z } = kit;
  const entry = z.strictObject(kit.worded({ at: kit.duration(), value }, {
    at: "Time of the jump; the first is 0",
    value: "Value from then on",
  }));
  const timeline = z.strictObject(kit.worded({
    timeline: z.array(entry).min(1).check(checkTimes({ firstAtZero: true })),
  }, {
    timeline: "Jumps from value to value; the last one is held",
  })).transform((written) => new Jumps(written.timeline as Jump<T>[]));
  const bare = value.transform((only) => new Jumps([{ at: 0, value: only }]));
  const numbers = numbersOf(value);
  const part = signalType(kit, numbers) as unknown as z.ZodType<Form>;
  const signal = formType(kit, numbers, part).transform((made, { issues }) => {
    // Otherwise zod reports an unknown key for all alternatives, although another one may know the key.
    for (const issue of issues) Object.assign(issue, { continue: false });
    return made;
  });
  // If a misspelt value fits several alternatives equally badly, the first one reports it.
  const type = z.union([timeline, bare, signal]);
  return type as unknown as KitType<Timeline<T>>;
}

/** Restricts a type to finite numbers, which can be added and interpolated. */
function numbersOf(value: KitType<unknown>): KitType<number> {
  const numbers = value.refine(
    (read) => typeof read === "number" && Number.isFinite(read),
    {
      error: "Only finite numbers can change by a signal",
      params: {
        allowed: '{"timeline": [{"at": "0s", "value": …}, …]} for all others',
      },
    },
  );
  return numbers as unknown as KitType<number>;
}

/** A value from a time on. */
interface Jump<T> {
  readonly at: number;
  readonly value: T;
}

/** Jumps from value to value. The last value is held. */
class Jumps<T> implements Timeline<T> {
  readonly end: number;
  readonly constant: boolean;
  readonly #jumps: readonly Jump<T>[];

  /** @param jumps at least one, in order of time, the first at 0; of several at the same time, the last one counts */
  constructor(jumps: readonly Jump<T>[]) {
    this.#jumps = jumps;
    this.end = jumps[jumps.length - 1].at;
    this.constant = jumps.length === 1;
  }

  at(time: number): T {
    let low = 0;
    let high = this.#jumps.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#jumps[middle].at <= time) low = middle;
      else high = middle - 1;
    }
    return this.#jumps[low].value;
  }
}
