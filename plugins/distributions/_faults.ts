/**
 * How families report what is wrong with their parameters: while a schema checks them, and from `create`.
 *
 * @module
 */
import type { Faults, Issue } from "../../core/plugin.ts";

/** Faults that only show when a distribution is made, such as those of a file. Structurally a PerfmockError. */
export class InvalidParameters extends Error implements Faults {
  /** The name of core's error class, by which faults are recognised. */
  override readonly name = "PerfmockError";
  /** The code of a fault in settings. */
  readonly code = "CONFIG_INVALID";

  /**
   * Takes the faults; the first is the error's message.
   *
   * @param issues all faults, paths relative to the parameters; at least one
   */
  constructor(
    /** All faults, paths relative to the parameters. */
    readonly issues: readonly Issue[],
  ) {
    super(issues[0].message);
  }
}

/** The part of zod's refinement context that is needed here. */
export interface Context {
  /** Adds one fault. */
  addIssue(issue: {
    readonly code: "custom";
    readonly path: (string | number)[];
    readonly message: string;
    readonly params: { readonly allowed: string };
  }): void;
}

/** One fault that involves several parameters. */
export interface CrossFault {
  /** Where; the whole where empty. */
  readonly path: readonly (string | number)[];
  /** What is wrong. */
  readonly message: string;
  /** What would be accepted. */
  readonly allowed: string;
}

/** Reports a fault to zod, with what is allowed. */
export function report(context: Context, fault: CrossFault): void {
  const { path, message, allowed } = fault;
  context.addIssue({
    code: "custom",
    path: [...path],
    message,
    params: { allowed },
  });
}

/**
 * Reports where the parameters are not exactly one of the forms a family may be written in.
 *
 * @param forms the sets of parameters, of which one must be given whole and alone
 */
export function requireOneForm(
  context: Context,
  parameters: object,
  forms: readonly (readonly string[])[],
): void {
  const given = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  const fits = forms.some((form) =>
    form.length === given.length && form.every((key) => given.includes(key))
  );
  if (fits) return;
  const allowed = forms.map((form) => form.join(" and ")).join(", or ");
  const received = given.length === 0 ? "none of them" : given.join(", ");
  report(context, {
    path: [],
    message: `Must have exactly ${allowed}, received ${received}`,
    allowed,
  });
}

/** A number of milliseconds as text, to five digits: `"120 ms"`. */
export function milliseconds(value: number): string {
  return `${Number(value.toPrecision(5))} ms`;
}

/** Reports where a range has no end, or its ends are not in order. */
export function requireRange(
  context: Context,
  { min, max }: { readonly min?: number; readonly max?: number },
): void {
  if (min === undefined && max === undefined) {
    report(context, {
      path: [],
      message: "Must have min or max or both, received neither",
      allowed: "min, or max, or both",
    });
  } else requireAscending(context, { min, max });
}

/** Reports where max is not greater than min, 0 where absent. */
export function requireAscending(
  context: Context,
  { min = 0, max = Infinity }: { readonly min?: number; readonly max?: number },
): void {
  if (max > min) return;
  report(context, {
    path: ["max"],
    message: `Must be greater than min, ${milliseconds(min)}, received ${
      milliseconds(max)
    }`,
    allowed: "a duration greater than min",
  });
}
