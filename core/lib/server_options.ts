/**
 * Values that the options of the functions that create servers accept.
 *
 * @module
 */
import type { OptionType, OptionTypes } from "./options.ts";
import { FLAG, isPlainObject } from "./options.ts";

const LOG: OptionType = {
  allowed: "a function that receives level and message",
  accepts: (value) => typeof value === "function",
};

const PLUGINS: OptionType = {
  allowed: "a list of plugins",
  accepts: Array.isArray,
};

const SEGMENT: OptionType = {
  allowed: '{ index, count }, or a text such as "2/4"',
  accepts: (value) => typeof value === "string" || isPlainObject(value),
};

/** Options that servers on any clock have in common. */
export const COMMON_OPTIONS = {
  plugins: PLUGINS,
  segment: SEGMENT,
  log: LOG,
} satisfies OptionTypes;

/** Options of `createPerfmock`. */
export const SERVER_OPTIONS = {
  clock: {
    allowed: "a clock",
    accepts: (value) => typeof value === "object" && value !== null,
  },
  listen: FLAG,
  folder: {
    allowed: "a path, or a URL of a file",
    accepts: (value) => typeof value === "string" || value instanceof URL,
  },
  ...COMMON_OPTIONS,
  replica: {
    allowed: "an object with name and address",
    accepts: isPlainObject,
  },
} satisfies OptionTypes;
