/**
 * Signals as settings hold them: a bare value, or an object whose one key is a form.
 *
 * @module
 */
import type { z } from "zod";
import type { Kit, KitType, Signal } from "../../plugin.ts";
import type { Form } from "./_form.ts";
import { constantForm } from "./constant.ts";
import { FORMS } from "./forms.ts";

/** The type of a signal whose values are of a unit. */
export function signalType(kit: Kit, unit: KitType<number>): KitType<Signal> {
  const { z } = kit;
  const type: z.ZodType<Form> = z.union([
    unit.transform(constantForm),
    formType(kit, unit, z.lazy(() => type)),
  ]);
  return type as unknown as KitType<Signal>;
}

/**
 * The type of a signal that is an object, whose one key is a form.
 *
 * @param signal the type of its parts
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
    // An unknown form was reported as an unknown key.
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
