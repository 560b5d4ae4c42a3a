/**
 * Options of the functions that tests call: a misspelt one, or a value out of range, must not pass in silence.
 *
 * @module
 */
import {
  FLAG,
  isPlainObject,
  optionIssues,
  type OptionType,
  type OptionTypes,
  TEXT,
} from "../lib/options.ts";
import { COMMON_OPTIONS, SERVER_OPTIONS } from "../lib/server_options.ts";
import { parseDuration } from "../lib/units.ts";
import { PerfmockError } from "../errors.ts";

const TEXTS: OptionType = {
  allowed: "a list of texts",
  accepts: (value) => isListOf(value, (each) => typeof each === "string"),
};

const OBJECT: OptionType = { allowed: "an object", accepts: isPlainObject };

const PROBABILITY: OptionType = {
  allowed: "a number greater than 0 and less than 1",
  accepts: isProbability,
};

const COUNT: OptionType = {
  allowed: "a whole number of at least 1",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
};

const LIMIT: OptionType = {
  allowed: "a number of at least 0, or null for no limit",
  accepts: (value) => value === null || typeof value === "number" && value >= 0,
};

const TIMES_TESTS: readonly unknown[] = ["ks", "quantiles"];

/** Options of `compileDistribution`. */
export const DISTRIBUTION_OPTIONS: OptionTypes = {
  plugins: COMMON_OPTIONS.plugins,
  config: OBJECT,
  folder: SERVER_OPTIONS.folder,
};

/** Options of `assertFollows`, `compareTimes` and `valuesNeeded`. */
export const FIT_OPTIONS: OptionTypes = {
  by: {
    allowed: 'a list of "ks", "quantiles" or both',
    accepts: (value) => isListOf(value, (each) => TIMES_TESTS.includes(each)),
  },
  quantiles: {
    allowed: "a list of numbers greater than 0 and less than 1",
    accepts: (value) => isListOf(value, isProbability),
  },
  alpha: PROBABILITY,
  notice: {
    allowed: "a number greater than 0",
    accepts: (value) =>
      typeof value === "number" && value > 0 && value < Infinity,
  },
  power: PROBABILITY,
  tolerance: {
    allowed: 'a duration such as "120ms", or a number of milliseconds',
    accepts: (value) => (parseDuration(value) ?? -1) >= 0,
  },
  ...DISTRIBUTION_OPTIONS,
};

/** Options of `assertWithinBudget`. */
export const BUDGET_OPTIONS: OptionTypes = {
  confidence: PROBABILITY,
  certain: FLAG,
  power: PROBABILITY,
};

/** Options of `assertNoUnexpected`. */
export const UNEXPECTED_OPTIONS: OptionTypes = { except: TEXTS };

/** Manners that `assertMannered` asks for. */
export const MANNERS: OptionTypes = {
  client: TEXT,
  refusals: COUNT,
  retries: FLAG,
  early: LIMIT,
  amplification: LIMIT,
  backoff: LIMIT,
  jitter: LIMIT,
};

/** Options of `drawsOf`. */
export const DRAW_OPTIONS: OptionTypes = { count: COUNT, routes: TEXTS };

/** Options of `createPluginServer`. Those of the plugin are for its own schema. */
export const PLUGIN_SERVER_OPTIONS: OptionTypes = {
  options: { allowed: "any value", accepts: () => true },
  route: OBJECT,
  config: OBJECT,
  beside: TEXTS,
};

/** Parts of a suite of a family. */
export const FAMILY_SUITE: OptionTypes = {
  family: TEXT,
  plugin: { allowed: "a plugin", accepts: isPlainObject },
  valid: {
    allowed: "a list of parameters that are valid",
    accepts: isIterable,
  },
  invalid: {
    allowed: "a list of parameters that are not valid",
    accepts: isIterable,
  },
};

/** Number of requests of `measure`. */
export const MEASURED: OptionTypes = {
  count: {
    allowed: "a whole number of at least 0",
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
};

/**
 * Checks the options of a function.
 *
 * @param what action that the function does, for the message
 * @param name name of the argument, for paths. Default `options`
 * @param required names of options that have no default
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues
 */
export function checkGiven(
  what: string,
  given: unknown,
  types: OptionTypes,
  { name = "options", required = [] }: {
    readonly name?: string;
    readonly required?: readonly string[];
  } = {},
): void {
  const issues = optionIssues(given, types, name);
  const parts = Object(given) as Readonly<Record<string, unknown>>;
  for (const key of required) {
    if (parts[key] !== undefined) continue;
    issues.push({
      path: `${name}.${key}`,
      message: "This is missing",
      allowed: types[key].allowed,
    });
  }
  if (issues.length === 0) return;
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot ${what}: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }`,
    issues,
  );
}

function isProbability(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value < 1;
}

function isIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Symbol.iterator in value;
}

function isListOf(
  value: unknown,
  accepts: (each: unknown) => boolean,
): boolean {
  return Array.isArray(value) && value.every(accepts);
}
