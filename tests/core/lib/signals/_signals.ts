/** Signals as users write them, whose values are plain numbers unless told otherwise. */
import { createKit, validate } from "../../../../core/config/mod.ts";
import type { Issue, KitType, Signal } from "../../../../core/plugin.ts";

/** Files lie beside the tests. */
export const kit = createKit({
  folder: import.meta.dirname ?? ".",
  distribution: () => ({ issues: [{ path: "", message: "None here" }] }),
});

const number = kit.number();

/** The signal that a value stands for; throws where it stands for none. */
export function signal(value: unknown, unit: KitType<number> = number): Signal {
  const read = validate(kit.signal(unit), value);
  if (read.issues === undefined) return read.value;
  throw new Error(JSON.stringify(read.issues, null, 1));
}

/** What is wrong with a value. */
export function faults(
  value: unknown,
  unit: KitType<number> = number,
): readonly Issue[] {
  return validate(kit.signal(unit), value).issues ?? [];
}

/** Values at several times. */
export function values(of: Signal, times: readonly number[]): number[] {
  return times.map((time) => of.at(time));
}

/** How far two numbers are apart, relative to the second; absolute below 1. */
export function distance(found: number, expected: number): number {
  return Math.abs(found - expected) / Math.max(1, Math.abs(expected));
}
