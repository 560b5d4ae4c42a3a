import type { Form } from "./_form.ts";

/** A signal that is a part of another. */
export interface Placed {
  readonly signal: Form;
  /** Where its time 0 lies in the whole, and where it is cut off. */
  readonly from: number;
  readonly to: number;
}

/**
 * The next break of a part after a time of the whole; its end where there is none before. Rounding may have it that the
 * present break is still to come: it is passed over.
 */
export function shiftedBreak(
  { signal, from, to }: Placed,
  time: number,
): number {
  let within = Math.max(0, time - from);
  for (;;) {
    within = signal.nextBreak(within);
    const next = from + within;
    if (!(next < to)) return to;
    if (next > time) return next;
  }
}
