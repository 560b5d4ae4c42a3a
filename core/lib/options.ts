/**
 * Options that a program passes to a function: a misspelt one must not pass in silence.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import { suggest } from "./suggest.ts";

/** Values that an option accepts. */
export interface OptionType {
  /** Accepted values, in words. */
  readonly allowed: string;
  /** Returns true for an accepted value. */
  accepts(value: unknown): boolean;
  /** Accepted texts, the closest of which is suggested for a misspelt one. Default none. */
  readonly texts?: readonly string[];
}

/** A text. */
export const TEXT: OptionType = {
  allowed: "a text",
  accepts: (value) => typeof value === "string",
};

/** A switch. */
export const FLAG: OptionType = {
  allowed: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** Options of a function, by name. */
export type OptionTypes = Readonly<Record<string, OptionType>>;

/**
 * Returns the issues of options: one that is not known, and values that it does not accept. One without a value counts as absent.
 *
 * @param name name of the options in paths, such as `options`
 * @param elsewhere why an option of another function is not known here, by its name
 */
export function optionIssues(
  given: unknown,
  types: OptionTypes,
  name: string,
  elsewhere: Readonly<Record<string, string>> = {},
): Issue[] {
  if (given === undefined) return [];
  const known = Object.keys(types);
  if (!isPlainObject(given)) {
    return [{
      path: name,
      message: "Expected an object",
      value: given,
      allowed: `an object with ${list(known)}`,
    }];
  }
  return Object.entries(given).flatMap(([key, value]): Issue[] => {
    if (value === undefined) return [];
    const path = `${name}.${key}`;
    const type = Object.hasOwn(types, key) ? types[key] : undefined;
    if (type !== undefined) {
      if (type.accepts(value)) return [];
      const meant = typeof value === "string"
        ? suggest(value, type.texts ?? [])
        : undefined;
      return [{
        path,
        message: "This value is not allowed",
        value,
        allowed: type.allowed,
        ...meant !== undefined && { suggestion: meant },
      }];
    }
    const suggestion = suggest(key, known);
    return [{
      path,
      message: Object.hasOwn(elsewhere, key)
        ? elsewhere[key]
        : `Unknown option "${key}"`,
      value,
      allowed: list(known),
      ...suggestion !== undefined && { suggestion },
    }];
  });
}

/**
 * Checks the options of a function.
 *
 * @param action beginning of the message, such as `Cannot create the server`
 * @param elsewhere why an option of another function is not known here, by its name
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues
 */
export function checkOptions(
  action: string,
  given: unknown,
  types: OptionTypes,
  elsewhere?: Readonly<Record<string, string>>,
): void {
  const issues = optionIssues(given, types, "options", elsewhere);
  if (issues.length === 0) return;
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `${action}: ${issues.length} ${issues.length === 1 ? "error" : "errors"}`,
    issues,
  );
}

/** True for an object that is neither a list nor of a class of the runtime, such as a promise that nobody has awaited. */
export function isPlainObject(
  value: unknown,
): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function list(names: readonly string[]): string {
  return names.length === 1
    ? names[0]
    : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
