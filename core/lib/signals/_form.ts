/**
 * Signals that can be parts of other signals, and how a kind of signal is defined.
 *
 * @module
 */
import type { z } from "zod";
import { PerfmockError } from "../../errors.ts";
import type { Kit, KitType, Signal } from "../../contract/values.ts";

/** A signal that can be part of another. */
export interface Form extends Signal {
  /** Next time at which the signal may jump or bend, in ms; Infinity if there is none. */
  nextBreak(time: number): number;
  /** Behaviour for ever after; undefined if the signal never repeats. */
  readonly cycle: Cycle | undefined;
  /** True if no value is below 0. */
  readonly nonNegative: boolean;
}

/** The part of a signal that repeats for ever. */
export interface Cycle {
  /** Time at which the first cycle begins, in ms. */
  readonly from: number;
  /** Length of a cycle in ms; 0 if the signal no longer changes. */
  readonly period: number;
}

/** Types of settings from which the parameters of a form are made. */
export interface FormKit {
  /** zod, and types of durations and files. */
  readonly kit: Kit;
  /** Type of the signal's values. */
  readonly unit: KitType<number>;
  /** Type of another signal with the same unit. */
  readonly signal: z.ZodType<Form>;
}

/** A kind of signal, written as `{ "<name>": parameters }`. */
export interface FormDefinition {
  /** Key in the settings. */
  readonly name: string;
  /** Meaning, in a phrase without a full stop. */
  readonly summary: string;
  /** Makes the type that reads the parameters and creates the signal. */
  readonly schema: (types: FormKit) => z.ZodType<Form>;
}

/** Checks that times do not decrease and, with `firstAtZero`, that the first one is 0. */
export function checkTimes(
  { firstAtZero }: { readonly firstAtZero: boolean },
): (payload: z.core.ParsePayload<readonly { readonly at: number }[]>) => void {
  return ({ value, issues }) => {
    for (const [i, { at }] of value.entries()) {
      const message = i > 0 && at < value[i - 1].at
        ? `Times must not decrease, but ${at} ms comes after ${
          value[i - 1].at
        } ms`
        : i === 0 && at !== 0 && firstAtZero
        ? "The first must be at 0: nothing else says what the value is until then"
        : undefined;
      if (message === undefined) continue;
      issues.push({
        code: "custom",
        path: [i, "at"],
        message,
        input: at,
        params: {
          allowed: i === 0 ? "0" : `at least ${value[i - 1].at} ms`,
        },
      });
    }
  };
}

/** Turns a function that integrates other signals into a transform that reports a failing integration as an issue. */
export function integrated<Parameters, Made>(
  make: (parameters: Parameters) => Made,
): (parameters: Parameters, context: z.RefinementCtx<Parameters>) => Made {
  return (parameters, { issues }) => {
    try {
      return make(parameters);
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const { message } = error;
      issues.push({ code: "custom", message, input: parameters });
      // Like zod's NEVER: the result beside an issue is not used.
      return undefined as Made;
    }
  };
}
