/**
 * zod types that read their input themselves, whole.
 *
 * @module
 */
import { z } from "zod";
import type { KitType } from "../plugin.ts";
import { fromPointer } from "../lib/pointer.ts";
import type { Validation } from "./validate.ts";

/** The keywords of a JSON Schema that zod cannot derive from a type that reads its input itself. */
export type JsonKeywords = Readonly<Record<string, unknown>> & {
  readonly description?: string;
};

/** What reading a value comes to: the value, faults, or `mismatch` where this type of value is not taken at all. */
export type Reading<T> = Validation<T> | "mismatch";

/**
 * A zod type that reads its input itself. What lies before the reading carries the JSON Schema, since that is what goes
 * in.
 */
export function readingType<T>(
  name: string,
  keywords: JsonKeywords,
  read: (value: unknown) => Reading<T>,
): KitType<T> {
  const allowed = keywords.description;
  const type = z.unknown().meta({ ...keywords }).transform((value, context) => {
    const reading = value === undefined ? "mismatch" : read(value);
    if (reading === "mismatch") {
      context.issues.push({
        code: "invalid_type",
        expected: name,
        input: value,
        params: { allowed },
      });
      return z.NEVER;
    }
    if (reading.issues === undefined) return reading.value;
    for (const { path, message, ...params } of reading.issues) {
      context.issues.push({
        code: "custom",
        path: fromPointer(path),
        message,
        input: value,
        params,
      });
    }
    return z.NEVER;
  });
  // The one cast: TypeScript cannot see that a pipe of zod's is what its alias in the contract says.
  return type as unknown as KitType<T>;
}
