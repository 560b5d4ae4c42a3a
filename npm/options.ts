/**
 * Options that a program passes to a function of this package. All that is wrong is told at once.
 *
 * @module
 */
import type { Issue, PerfmockError } from "../core/errors.ts";
import {
  FLAG,
  isPlainObject,
  optionIssues,
  type OptionType,
  type OptionTypes,
  TEXT,
} from "../core/lib/options.ts";
import { SESSION_NAME } from "../core/lib/control_values.ts";
import { isWhole } from "../core/lib/filter_options.ts";
import { parseDuration } from "../core/lib/units.ts";
import { listedError } from "./errors.ts";
import { jsonIssues } from "./json_value.ts";

const PLACE: OptionType = {
  allowed: "a path, or a URL of a file",
  accepts: (value) =>
    value instanceof URL
      ? value.protocol === "file:"
      : typeof value === "string" && value !== "" && !value.includes("\0"),
};

const SEED: OptionType = {
  allowed: "a whole number or a text",
  accepts: (value) =>
    Number.isSafeInteger(value) || typeof value === "string" && value !== "",
};

/** Configuration that a function takes as its first argument. */
const CONFIG: OptionType = {
  allowed:
    "an object of the configuration's shape, or the path or file URL of a configuration file",
  accepts: (value) => PLACE.accepts(value) || isPlainObject(value),
};

/** Options of `startPerfmock`. */
export const START_OPTIONS: OptionTypes = {
  seed: SEED,
  port: {
    allowed: "a whole number from 0 to 65535",
    accepts: (value) => isWhole(value, 0, 65_535),
  },
  host: TEXT,
  cwd: PLACE,
  configFile: PLACE,
  env: {
    allowed: "an object of texts without the character U+0000",
    accepts: (value) =>
      isPlainObject(value) &&
      Object.values(value).every((each) =>
        each === undefined || typeof each === "string" && !each.includes("\0")
      ),
  },
};

/** Options of a server that a test runner shares. */
export const SHARED_OPTIONS: OptionTypes = { ...START_OPTIONS, token: TEXT };

/** Options in `use` of a configuration of Playwright. */
export const PLAYWRIGHT_OPTIONS: OptionTypes = {
  config: CONFIG,
  ...SHARED_OPTIONS,
  header: FLAG,
  pages: FLAG,
};

/** Options of a session. */
export const SESSION_OPTIONS: OptionTypes = {
  name: {
    allowed: "up to 63 lower-case letters, digits and inner hyphens",
    accepts: (value) => typeof value === "string" && SESSION_NAME.test(value),
  },
  seed: SEED,
  expiry: {
    allowed: 'a duration such as "10m", or a number of milliseconds',
    accepts: (value) => (parseDuration(value) ?? 0) > 0,
  },
  routes: {
    allowed: "an object of patches by route id",
    accepts: isPlainObject,
  },
};

/** Options of a test file's session. */
export const TEST_SESSION_OPTIONS: OptionTypes = {
  ...SESSION_OPTIONS,
  resets: FLAG,
};

/** Options of a run of a load script. */
export const RUN_OPTIONS: OptionTypes = {
  signal: {
    allowed: "an AbortSignal",
    accepts: (value) =>
      typeof Object(value).addEventListener === "function" &&
      typeof Object(value).aborted === "boolean",
  },
};

/** Returns the issues of a configuration that a program passes; its content is for the schema. */
export function configIssues(config: unknown): Issue[] {
  if (config === undefined) return [];
  if (!CONFIG.accepts(config)) {
    return [{
      path: "config",
      message: "This is no configuration",
      value: config,
      allowed: CONFIG.allowed,
    }];
  }
  return isPlainObject(config) ? jsonIssues(config) : [];
}

/** Makes the error of arguments that are wrong. */
export function argumentError(
  action: string,
  issues: readonly Issue[],
): PerfmockError {
  const count = issues.length;
  return listedError(
    "ARGUMENT_INVALID",
    `${action}: ${count} ${count === 1 ? "error" : "errors"}`,
    issues,
  );
}

/**
 * Checks options.
 *
 * @param action beginning of the message, such as `Cannot make a session`
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues
 */
export function checkOptions(
  given: unknown,
  types: OptionTypes,
  action: string,
  name = "options",
): void {
  const issues = optionIssues(given, types, name);
  if (issues.length > 0) throw argumentError(action, issues);
}
