import type { z } from "zod";
import type { Kit, KitType, Signal } from "../../plugin.ts";

/** A signal that can be part of another. */
export interface Form extends Signal {
  /** The next time after this one at which it may jump or bend; Infinity where there is none. */
  nextBreak(time: number): number;
  /** How it goes on for ever; undefined where it repeats nothing. */
  readonly cycle: Cycle | undefined;
  /** Whether no value is below 0. */
  readonly nonNegative: boolean;
}

/** What a signal does for ever. */
export interface Cycle {
  /** From when on, in ms. */
  readonly from: number;
  /** After how many ms it begins again; 0 where it does not change any more. */
  readonly period: number;
}

/** The types that the parameters of a form are made of. */
export interface FormKit {
  /** zod, durations, files. */
  readonly kit: Kit;
  /** The values of the signal. */
  readonly unit: KitType<number>;
  /** Another signal of the same unit. */
  readonly signal: z.ZodType<Form>;
}

/** A kind of signal, as users write it: `{ "<name>": parameters }`. */
export interface FormDefinition {
  /** The key. */
  readonly name: string;
  /** Reads the parameters and makes the signal. */
  readonly schema: (parts: FormKit) => z.ZodType<Form>;
}
