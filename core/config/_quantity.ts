/**
 * Numbers as settings hold them: plain ones, and those with a unit.
 *
 * @module
 */
import type { KitType, Limits } from "../plugin.ts";
import { readingType } from "./_reading_type.ts";
import {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
  suggestRate,
  suggestSize,
} from "../lib/units.ts";
import { limitsInWords, valueInWords } from "./words.ts";

/** A number with a unit. */
export interface Quantity {
  /** What it is called in messages. */
  readonly name: string;
  /** What to write, before the limits. */
  readonly form: string;
  /** The units that the JSON Schema lets through, as a regular expression. */
  readonly units: string;
  /** Some that can be written. */
  readonly examples: readonly unknown[];
  /** What to say of a fraction, where only whole numbers make sense. */
  readonly whole?: string;
  /** Reads it. */
  parse(value: unknown): number | undefined;
  /** The text a misspelt one was meant to be. */
  suggest(value: unknown): string | undefined;
  /** Writes a limit. */
  write(value: number): string;
}

/** Milliseconds. */
export const DURATION: Quantity = {
  name: "duration",
  form: 'a duration such as "120ms" or 1.5 (milliseconds)',
  units: "(us|µs|μs|ms|s|m|h)",
  examples: ["120ms", "1.5s", 250],
  parse: parseDuration,
  suggest: suggestDuration,
  write: (value) => value === 0 ? "0" : formatDuration(value),
};

/** Per second. */
export const RATE: Quantity = {
  name: "rate",
  form: 'a rate such as "400/s" or 400 (per second)',
  units: "/(s|m|h)",
  examples: ["400/s", "30/m", 400],
  parse: parseRate,
  suggest: suggestRate,
  write: (value) => value === 0 ? "0" : `${value}/s`,
};

/** Bytes, whole. */
export const SIZE: Quantity = {
  name: "size",
  form: 'a size such as "64KiB" or 65536 (bytes)',
  units: "(B|[kKMGT]B|[KMGT]iB)",
  examples: ["64KiB", "1GB", 65536],
  whole: "Must be a whole number of bytes",
  parse: parseSize,
  suggest: suggestSize,
  write: (value) => value === 0 ? "0" : `${value} bytes`,
};

/** The type of a number with a unit; at least 0 where the limits leave the lower end open. */
export function quantityType(
  quantity: Quantity,
  given: Limits,
): KitType<number> {
  const limits = given.min === undefined && given.above === undefined
    ? { min: 0, ...given }
    : given;
  const words = limitsInWords(limits, quantity.write);
  const keywords = {
    type: ["string", "number"],
    pattern: `^\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)\\s*${quantity.units}\\s*$`,
    ...limitKeywords(limits),
    description: words === "" ? quantity.form : `${quantity.form}, ${words}`,
    examples: quantity.examples.filter((example) =>
      within(quantity.parse(example) ?? NaN, limits)
    ),
  };
  return readingType<number>(quantity.name, keywords, (value) => {
    if (typeof value !== "string" && typeof value !== "number") {
      return "mismatch";
    }
    const refuse = (message: string, suggestion?: string) => ({
      issues: [{
        path: "",
        message,
        allowed: keywords.description,
        suggestion,
      }],
    });
    const received = valueInWords(value);
    const number = quantity.parse(value);
    if (number === undefined) {
      return refuse(
        `Cannot read ${received} as a ${quantity.name}`,
        quantity.suggest(value),
      );
    }
    if (!within(number, limits)) {
      return refuse(`Must be ${words}, received ${received}`);
    }
    if (quantity.whole !== undefined && !Number.isSafeInteger(number)) {
      return refuse(`${quantity.whole}, received ${received}`);
    }
    return { value: number };
  });
}

/** The type of a number without a unit. */
export function numberType(
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
      .filter((example) => within(example, limits)),
  };
  return readingType<number>(noun, keywords, (value) => {
    if (typeof value !== "number") return "mismatch";
    const right = type === "number"
      ? Number.isFinite(value)
      : Number.isSafeInteger(value);
    if (right && within(value, limits)) return { value };
    const message = right
      ? `Must be ${words}, received ${value}`
      : `Expected a ${
        type === "number" ? "finite number" : noun
      }, received ${value}`;
    return { issues: [{ path: "", message, allowed: description }] };
  });
}

function limitKeywords({ min, above, max }: Limits): Record<string, number> {
  return {
    ...(min !== undefined && Number.isFinite(min) && { minimum: min }),
    ...(above !== undefined && Number.isFinite(above) &&
      { exclusiveMinimum: above }),
    ...(max !== undefined && Number.isFinite(max) && { maximum: max }),
  };
}

function within(
  value: number,
  { min = -Infinity, above = -Infinity, max = Infinity }: Limits,
): boolean {
  return value >= min && value <= max && (above === -Infinity || value > above);
}
