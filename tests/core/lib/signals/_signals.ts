/** Signals as users write them. Their values are plain numbers by default. */
import { createKit, validate } from "../../../../core/config/mod.ts";
import type { Issue, KitType, Signal } from "../../../../core/plugin.ts";

/** A kit that reads files from the folder of the tests. */
export const kit = createKit({
  folder: import.meta.dirname ?? ".",
  distribution: () => ({ issues: [{ path: "", message: "None here" }] }),
});

const number = kit.number();

/** Parses a signal; throws if the value is not one. */
export function signal(value: unknown, unit: KitType<number> = number): Signal {
  const read = validate(kit.signal(unit), value);
  if (read.issues === undefined) return read.value;
  throw new Error(JSON.stringify(read.issues, null, 1));
}

/** Returns the errors in a value. */
export function issuesOf(
  value: unknown,
  unit: KitType<number> = number,
): readonly Issue[] {
  return validate(kit.signal(unit), value).issues ?? [];
}

/** Values at several times. */
export function values(of: Signal, times: readonly number[]): number[] {
  return times.map((time) => of.at(time));
}

/** Distance of two numbers, relative to the second one if it is above 1. */
export function distance(found: number, expected: number): number {
  return Math.abs(found - expected) / Math.max(1, Math.abs(expected));
}
