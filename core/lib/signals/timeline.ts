/**
 * Values of any type as functions of time: what drives a dial.
 *
 * @module
 */
import type { z } from "zod";
import type { Kit, KitType, Timeline } from "../../plugin.ts";
import { checkTimes } from "./_check_times.ts";
import type { Form } from "./_form.ts";
import { formType, signalType } from "./signal_type.ts";

/** The type of a timeline whose values are of a type: a bare value, `{ timeline: […] }`, or a form of signal for numbers. */
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
    // Else zod would let an unknown key speak for all alternatives, and another may know it.
    for (const issue of issues) Object.assign(issue, { continue: false });
    return made;
  });
  // The order decides between alternatives that fit a misspelt value equally badly.
  const type = z.union([timeline, bare, signal]);
  return type as unknown as KitType<Timeline<T>>;
}

/** The same values, but for those that cannot be added or lie between two others. */
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

/** A value that holds from a time on. */
interface Jump<T> {
  readonly at: number;
  readonly value: T;
}

/** From value to value in jumps, the last one held. */
class Jumps<T> implements Timeline<T> {
  readonly end: number;
  readonly constant: boolean;
  readonly #jumps: readonly Jump<T>[];

  /** @param jumps one at least, in the order of time, the first at 0; of several at one time the last one holds */
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
