/**
 * How deep distributions may be nested.
 *
 * @module
 */
import type { Issue } from "../errors.ts";

/** The number of families within each other, and of profiles that name each other. */
export const DEEPEST = 32;

/** The fault of a value that goes deeper. It does not show the value, which may go very deep indeed. */
export function tooDeep(): { readonly issues: readonly Issue[] } {
  return {
    issues: [{
      path: "",
      message: `Cannot nest distributions more than ${DEEPEST} levels deep`,
      allowed: `at most ${DEEPEST} levels`,
    }],
  };
}
