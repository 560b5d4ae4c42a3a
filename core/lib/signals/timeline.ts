/**
 * Values of any type as functions of time, which can drive a dial.
 *
 * @module
 */
import type { z } from "zod";
import type { Kit, KitType, Timeline } from "../../contract/values.ts";
import { checkTimes, type Form } from "./_form.ts";
import { formType, signalType } from "./signal_type.ts";

/** Makes the type of a timeline: a bare value, `{ timeline: […] }`, or for numbers a form of signal. */
export function timelineType<T>(
  kit: Kit,
  value: KitType<T>,
): KitType<Timeline<T>> {
  const { z } = kit;
  const entry = z.strictObject({ at: kit.duration(), value });
  const timeline = z.strictObject({
    timeline: z.array(entry).min(1).check(checkTimes({ firstAtZero: true })),
  }).transform((written) => new Jumps(written.timeline as Jump<T>[]));
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
