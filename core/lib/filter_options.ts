/**
 * Options of a filter of the journal, as a program passes them.
 *
 * @module
 */
import { OUTCOMES } from "./control_values.ts";
import { type OptionTypes, TEXT } from "./options.ts";
import { parseDuration } from "./units.ts";

/** Greatest number that a query of the control API holds. */
const MOST = 999_999_999;

/** Filter of a call of the control API. */
export const FILTER_OPTIONS: OptionTypes = {
  limit: {
    allowed: `a whole number from 1 to ${MOST}`,
    accepts: (value) => isWhole(value, 1, MOST),
  },
  route: TEXT,
  outcome: {
    allowed: OUTCOMES.join(", "),
    accepts: (value) => OUTCOMES.some((outcome) => outcome === value),
    texts: OUTCOMES,
  },
  status: {
    allowed: "a status such as 503, or 0 for requests without an answer",
    accepts: (value) => isWhole(value, 0, 999),
  },
  trace: TEXT,
  slower: {
    allowed: 'a duration such as "300ms", or a number of milliseconds',
    accepts: (value) => isDuration(value),
  },
};

/** Filter of a server in the same process, whose journal is read without a call. */
export const OWN_FILTER_OPTIONS: OptionTypes = {
  ...FILTER_OPTIONS,
  limit: {
    allowed: "a whole number from 1, or Infinity",
    accepts: (value) =>
      value === Infinity || isWhole(value, 1, Number.MAX_SAFE_INTEGER),
  },
  slower: {
    allowed: "a number of milliseconds, at least 0",
    accepts: (value) => typeof value === "number" && value >= 0,
  },
};

/** True for a whole number within limits. */
export function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) &&
    value >= least && value <= most;
}

/** True for a duration that a query can hold, which has texts only. */
function isDuration(value: unknown): boolean {
  const milliseconds = parseDuration(value);
  return milliseconds !== undefined && milliseconds >= 0 &&
    milliseconds <= MOST;
}
