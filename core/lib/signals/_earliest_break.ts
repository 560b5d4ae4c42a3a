import type { Form } from "./_form.ts";

/** The next time at which any of several signals may jump or bend. */
export function earliestBreak(
  parts: readonly Form[],
): (time: number) => number {
  return (time) => {
    let next = Infinity;
    for (let i = 0; i < parts.length; i++) {
      next = Math.min(next, parts[i].nextBreak(time));
    }
    return next;
  };
}
