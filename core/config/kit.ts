/**
 * The types that settings are made of, for core's own settings and for those of plugins: durations, rates, sizes,
 * numbers, distributions, signals, paths, JSON values.
 *
 * @module
 */
import { resolve } from "node:path";
import { z } from "zod";
import type { Issue } from "../errors.ts";
import { fromPointer, toPointer } from "../lib/pointer.ts";
import { signalType, timelineType } from "../lib/signals/mod.ts";
import {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
  suggestDurationUnits,
  suggestRate,
  suggestSize,
} from "../lib/units.ts";
import type {
  Distribution,
  Kit,
  KitType,
  Limits,
  Signal,
} from "../contract/values.ts";
import { DISTRIBUTION_DEFINITION } from "./json_schema.ts";
import { isLoopbackHost, refusalOf } from "./powers.ts";
import { liesWithin } from "./_read_real_path.ts";
import type { Validation } from "./validate.ts";
import { kindInWords, limitsInWords, valueInWords } from "./words.ts";
import { worded } from "./worded.ts";

/** Context that the types of a kit depend on, besides the value they parse. */
export interface KitContext {
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  /** Compiles a distribution; the paths of its issues start at the value. */
  distribution(value: unknown): Validation<Distribution>;
}

/** Makes the types that settings are made of. */
export function createKit(context: KitContext): Kit {
  const distribution = distributionType(context);
  const share = numberType("number", "share", { min: 0, max: 1 });
  const file = fileType(context.folder);
  const signals = new WeakMap<KitType<number>, KitType<Signal>>();
  const kit: Kit = {
    z,
    duration: cached((limits) => quantityType(DURATION, limits)),
    rate: cached((limits) => quantityType(RATE, limits)),
    size: cached((limits) => quantityType(SIZE, limits)),
    share: () => share,
    worded,
    number: cached((limits) => numberType("number", "number", limits)),
    integer: cached((limits) => numberType("integer", "whole number", limits)),
    distribution: () => distribution,
    signal(unit) {
      let type = signals.get(unit);
      if (type === undefined) {
        signals.set(unit, type = signalType(kit, unit));
      }
      return type;
    },
    timeline: (value) => timelineType(kit, value),
    file: () => file,
    beyond: (power, hostOf) => (value, context) => {
      const host = hostOf(value);
      if (host === undefined) return;
      const refusal = refusalOf(power, value, () => isLoopbackHost(host));
      if (refusal === undefined) return;
      const { message, ...params } = refusal;
      context.addIssue({ code: "custom", message, input: value, params });
    },
  };
  return kit;
}

/** Caches the type for each set of limits: creating a type takes longer than reading a whole configuration. */
function cached(
  make: (limits: Limits) => KitType<number>,
): (limits?: Limits) => KitType<number> {
  const made = new Map<string, KitType<number>>();
  return ({ min, above, max } = {}) => {
    const key = `${min} ${above} ${max}`;
    let type = made.get(key);
    if (type === undefined) {
      made.set(
        key,
        type = make({
          ...min !== undefined && { min },
          ...above !== undefined && { above },
          ...max !== undefined && { max },
        }),
      );
    }
    return type;
  };
}

/** Keywords of a JSON Schema, for types from which zod cannot derive one. */
export type JsonKeywords = Readonly<Record<string, unknown>> & {
  readonly description?: string;
};

/**
 * Makes a zod type that parses its input itself. The JSON Schema describes the input, so it is attached to the step before
 * the parsing.
 *
 * @param name name of the type, used in "Expected a …, received …"
 * @param keywords JSON Schema of the input; its description is also used as the `allowed` of issues
 * @param read parses the input; returns `"mismatch"` for values of another type
 * @param suggest suggests a correction of a value of another type
 */
export function readingType<T>(
  name: string,
  keywords: JsonKeywords,
  read: (value: unknown) => Validation<T> | "mismatch",
  suggest?: (value: unknown) => string | undefined,
): KitType<T> {
  const allowed = keywords.description;
  const type = z.unknown().meta({ ...keywords }).transform((value, context) => {
    const reading = value === undefined ? "mismatch" : read(value);
    if (reading === "mismatch") {
      context.issues.push({
        code: "invalid_type",
        expected: name,
        input: value,
        params: { allowed, suggestion: suggest?.(value) },
      });
      return z.NEVER;
    }
    if (reading.issues === undefined) return reading.value;
    for (const { path, message, ...params } of reading.issues) {
      context.issues.push({
        code: "custom",
        path: fromPointer(path),
        message,
        input: value,
        params,
      });
    }
    return z.NEVER;
  });
  // A cast, since TypeScript cannot derive that zod's pipe fits its alias in the contract.
  return type as unknown as KitType<T>;
}

/** Returns a validation that failed with one issue, about the value as a whole. */
function refused(issue: Omit<Issue, "path">): Validation<never> {
  return { issues: [{ path: "", ...issue }] };
}

function distributionType(context: KitContext): KitType<Distribution> {
  const keywords = {
    id: DISTRIBUTION_DEFINITION,
    type: ["string", "number", "object"],
    description:
      'a distribution such as {"lognormal": {"median": "120ms", "p99": "800ms"}}, a duration, or the name of a profile',
    examples: [
      { lognormal: { median: "120ms", p99: "800ms" } },
      "lognormal(median=120ms, p99=800ms)",
      "120ms",
    ],
  };
  return readingType(
    "distribution",
    keywords,
    (value) => context.distribution(value),
  );
}

function fileType(folder: string): KitType<string> {
  const description =
    'the path of a file such as "data/orders.json", relative to the file that names it';
  const keywords = {
    type: "string",
    minLength: 1,
    description,
    examples: ["data/orders.json"],
  };
  return readingType<string>("path", keywords, (value) => {
    if (typeof value !== "string") return "mismatch";
    if (value !== "" && !value.includes("\0")) {
      const path = resolve(folder, value);
      const refusal = refusalOf("files", path, () => liesWithin(path, folder));
      return refusal === undefined ? { value: path } : refused(refusal);
    }
    return refused({
      message: `Cannot read ${valueInWords(value)} as the path of a file`,
      allowed: description,
    });
  });
}

/** A kind of numbers that are written with a unit. */
export interface Quantity {
  /** Name in messages. */
  readonly name: string;
  /** Description of the accepted form, without limits. */
  readonly form: string;
  /** Accepted units, as a regular expression. */
  readonly units: string;
  /** Values that are accepted. */
  readonly examples: readonly unknown[];
  /** Message for fractions, where only whole numbers are accepted. */
  readonly whole?: string;
  /** Parses a value; returns undefined where it cannot be read. */
  parse(value: unknown): number | undefined;
  /** Suggests a correction of a value that cannot be read. */
  suggest(value: unknown): string | undefined;
  /** Formats a limit. */
  write(value: number): string;
}

/** Suggests a unit for a text that is a number without one. */
function withUnit(value: unknown, unit: string): string | undefined {
  return typeof value === "string" && NUMBER.test(value)
    ? value.trim() + unit
    : undefined;
}

/** A number without a sign, written as a text. */
const NUMBER = /^\s*(\d+(\.\d*)?|\.\d+)\s*$/;

/** A share in percent, written as a text. */
const PERCENTAGE = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/;

/** Suggests a number for a text that is one, and a share for a percentage. */
function suggestNumber(
  value: unknown,
  noun: string,
  fits: (number: number) => boolean,
): string | undefined {
  const percent = noun !== "share"
    ? undefined
    : typeof value === "number"
    ? value
    : typeof value === "string"
    ? Number(PERCENTAGE.exec(value)?.[1] ?? NaN)
    : undefined;
  const number = percent !== undefined && percent > 0 && percent <= 100
    // Divided in decimal: 7 / 100 is no binary fraction.
    ? Number(`${percent}e-2`)
    : typeof value === "string" && NUMBER.test(value)
    ? Number(value)
    : NaN;
  return fits(number) ? `${number}` : undefined;
}

/** Units of durations, as they occur in the pattern of their JSON Schema. */
export const DURATION_UNITS = "(us|µs|μs|ms|s|m|h)";

/** Durations, in milliseconds. */
const DURATION: Quantity = {
  name: "duration",
  form: 'a duration such as "120ms" or 1.5 (milliseconds)',
  units: DURATION_UNITS,
  examples: ["120ms", "1.5s", 250],
  parse: parseDuration,
  suggest: (value) => suggestDuration(value) ?? suggestDurationUnits(value),
  write: (value) => value === 0 ? "0" : formatDuration(value),
};

/** Rates, per second. */
const RATE: Quantity = {
  name: "rate",
  form: 'a rate such as "400/s" or 400 (per second)',
  units: "/(s|m|h)",
  examples: ["400/s", "30/m", 400],
  parse: parseRate,
  suggest: (value) => suggestRate(value) ?? withUnit(value, "/s"),
  write: (value) => value === 0 ? "0" : `${value}/s`,
};

/** Sizes, in whole bytes. */
const SIZE: Quantity = {
  name: "size",
  form: 'a size such as "64KiB" or 65536 (bytes)',
  units: "(B|[kKMGT]B|[KMGT]iB)",
  examples: ["64KiB", "1GB", 65536],
  whole: "Must be a whole number of bytes",
  parse: parseSize,
  suggest: suggestSize,
  write: (value) => value === 0 ? "0" : `${value} bytes`,
};

/** Makes the type of numbers with a unit. Without a lower limit, the minimum is 0. */
export function quantityType(
  quantity: Quantity,
  given: Limits,
): KitType<number> {
  const limits = given.min === undefined && given.above === undefined
    ? { min: 0, ...given }
    : given;
  const words = limitsInWords(limits, quantity.write);
  const description = words === ""
    ? quantity.form
    : `${quantity.form}, ${words}`;
  const keywords = {
    type: ["string", "number"],
    pattern: `^\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)\\s*${quantity.units}\\s*$`,
    ...limitKeywords(limits),
    description,
    examples: quantity.examples.filter((example) =>
      isWithin(quantity.parse(example) ?? NaN, limits)
    ),
  };
  return readingType<number>(quantity.name, keywords, (value) => {
    if (typeof value !== "string" && typeof value !== "number") {
      return "mismatch";
    }
    const received = valueInWords(value);
    const number = quantity.parse(value);
    if (number === undefined) {
      const suggestion = quantity.suggest(value);
      return refused({
        message: `Cannot read ${received} as a ${quantity.name}`,
        allowed: description,
        ...suggestion !== undefined && { suggestion },
      });
    }
    if (!isWithin(number, limits)) {
      // A number of seconds, as other tools count.
      const seconds = quantity === DURATION && typeof value === "number" &&
        value > 0 && value < 1000 && isWithin(value * 1000, limits);
      return refused({
        message: `Must be ${words}, received ${received}`,
        allowed: description,
        ...seconds && { suggestion: formatDuration(value * 1000) },
      });
    }
    if (quantity.whole !== undefined && !Number.isSafeInteger(number)) {
      return refused({
        message: `${quantity.whole}, received ${received}`,
        allowed: description,
      });
    }
    return { value: number };
  });
}

/** Makes the type of numbers without a unit. */
function numberType(
  type: "number" | "integer",
  noun: string,
  limits: Limits,
): KitType<number> {
  const words = limitsInWords(limits);
  const description = words === "" ? `a ${noun}` : `a ${noun}, ${words}`;
  const { min = 1, max = min + 1 } = limits;
  const keywords = {
    type,
    ...limitKeywords(limits),
    description,
    examples: [...new Set([min, max, (limits.above ?? min) + 1])]
      .filter((example) => isWithin(example, limits)),
  };
  const isOfType = (number: number) =>
    type === "number" ? Number.isFinite(number) : Number.isSafeInteger(number);
  const suggestionFor = (value: unknown) =>
    suggestNumber(
      value,
      noun,
      (number) => isOfType(number) && isWithin(number, limits),
    );
  return readingType<number>(noun, keywords, (value) => {
    if (typeof value !== "number") return "mismatch";
    const fits = isOfType(value);
    if (fits && isWithin(value, limits)) return { value };
    const message = fits
      ? `Must be ${words}, received ${value}`
      : `Expected a ${
        type === "number" ? "finite number" : noun
      }, received ${value}`;
    const suggestion = suggestionFor(value);
    return refused({
      message,
      allowed: description,
      ...suggestion !== undefined && { suggestion },
    });
  }, suggestionFor);
}

function limitKeywords({ min, above, max }: Limits): Record<string, number> {
  return {
    ...(min !== undefined && Number.isFinite(min) && { minimum: min }),
    ...(above !== undefined && Number.isFinite(above) &&
      { exclusiveMinimum: above }),
    ...(max !== undefined && Number.isFinite(max) && { maximum: max }),
  };
}

function isWithin(
  value: number,
  { min = -Infinity, above = -Infinity, max = Infinity }: Limits,
): boolean {
  return value >= min && value <= max && (above === -Infinity || value > above);
}

const ANY_JSON = "any JSON value";

/** Maximum depth of a JSON value: JSON.stringify() recurses. */
const JSON_DEPTH = 500;

/** Type of JSON values. From a program a value may be anything: what JSON would silently drop is refused. */
export const JSON_VALUE: KitType<unknown> = readingType<unknown>(
  "JSON value",
  { description: ANY_JSON },
  (value) => {
    const issues = [...issuesOfJson(value, [])];
    return issues.length === 0 ? { value } : { issues };
  },
);

function* issuesOfJson(
  value: unknown,
  path: readonly (readonly [key: string, parent: unknown])[],
): Iterable<Issue> {
  const issue = (message: string): Issue => ({
    path: toPointer(path.map(([key]) => key)),
    message,
    value: undefined,
    allowed: ANY_JSON,
  });
  if (typeof value !== "object" || value === null) {
    const fits = value === null || typeof value === "string" ||
      typeof value === "boolean" || Number.isFinite(value);
    if (!fits) yield issue(`Cannot write ${kindInWords(value)} as JSON`);
  } else if (path.some(([, parent]) => parent === value)) {
    yield issue("Cannot write a value that contains itself as JSON");
  } else if (path.length >= JSON_DEPTH) {
    yield issue(`Cannot write more than ${JSON_DEPTH} levels as JSON`);
  } else if (!("toJSON" in value)) {
    for (const [key, part] of Object.entries(value)) {
      yield* issuesOfJson(part, [...path, [key, value]]);
    }
  }
}
