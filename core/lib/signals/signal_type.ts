/**
 * The type of signals in settings: a bare value, or an object with one key, which is a form.
 *
 * @module
 */
import type { z } from "zod";
import type { Kit, KitType, Signal } from "../../contract/values.ts";
import type { Form, FormDefinition } from "./_form.ts";
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
  return z.strictObject(shape).transform((parts, { issues }) => {
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
  }).meta({
    description: `a signal, whose one key is of ${names}`,
    minProperties: 1,
    maxProperties: 1,
  });
}
