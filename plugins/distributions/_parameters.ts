/**
 * Checks of parameters that involve more than one of them, in a family's schema or in its `create`.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../../core/plugin.ts";

/**
 * The error that `create` throws if it finds an error that the schema cannot see, such as one in a file.
 *
 * @param issues all issues, paths relative to the parameters; at least one
 */
export function invalidParameters(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError("CONFIG_INVALID", issues[0].message, issues);
}

/** The part of zod's refinement context that is used here. */
export interface Context {
  /** Adds one issue. */
  addIssue(issue: {
    readonly code: "custom";
    readonly path: (string | number)[];
    readonly message: string;
    readonly params: { readonly allowed: string };
  }): void;
}

/** An issue that involves several parameters. */
export interface ParameterIssue {
  /** Path of the parameter; empty for all of them. */
  readonly path: readonly (string | number)[];
  /** Description of the error. */
  readonly message: string;
  /** Values that would be accepted. */
  readonly allowed: string;
}

/** Reports an issue to zod, with the values that would be accepted. */
export function report(context: Context, issue: ParameterIssue): void {
  const { path, message, allowed } = issue;
  context.addIssue({
    code: "custom",
    path: [...path],
    message,
    params: { allowed },
  });
}

/**
 * Reports an issue if the parameters are not exactly one of a family's alternative forms.
 *
 * @param forms the forms: sets of parameters, of which one must be given in full and no other parameter with it
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

/** A number of milliseconds as text, rounded to five digits: `"120 ms"`. */
export function milliseconds(value: number): string {
  return `${Number(value.toPrecision(5))} ms`;
}

/** Reports an issue if a range has neither min nor max, or if they are not in order. */
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

/** Reports an issue if max is not greater than min, whose default is 0. */
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
