/**
 * The types that settings are made of, for core's own settings and for plugins'.
 *
 * @module
 */
import { resolve } from "node:path";
import { z } from "zod";
import type { Distribution, Kit, KitType, Limits, Signal } from "../plugin.ts";
import { signalType, timelineType } from "../lib/signals/mod.ts";
import { DURATION, numberType, quantityType, RATE, SIZE } from "./_quantity.ts";
import { readingType } from "./_reading_type.ts";
import { DISTRIBUTION_DEFINITION } from "./json_schema.ts";
import type { Validation } from "./validate.ts";
import { valueInWords } from "./words.ts";

/** What a kit's types depend on beyond the value they read. */
export interface KitContext {
  /** The absolute folder that relative paths start from. */
  readonly folder: string;
  /** Compiles a distribution; the paths of its faults are relative to the value. */
  distribution(value: unknown): Validation<Distribution>;
}

/**
 * Makes the types that settings are made of.
 *
 * @param context the folder of relative paths, and the compiler of distributions
 */
export function createKit(context: KitContext): Kit {
  const distribution = distributionType(context);
  const share = numberType("number", "share", { min: 0, max: 1 });
  const file = fileType(context.folder);
  const durations = remembering((limits) => quantityType(DURATION, limits));
  const rates = remembering((limits) => quantityType(RATE, limits));
  const sizes = remembering((limits) => quantityType(SIZE, limits));
  const numbers = remembering((limits) =>
    numberType("number", "number", limits)
  );
  const integers = remembering((limits) =>
    numberType("integer", "whole number", limits)
  );
  const signals = new WeakMap<KitType<number>, KitType<Signal>>();
  const kit: Kit = {
    z,
    duration: durations,
    rate: rates,
    size: sizes,
    share: () => share,
    number: numbers,
    integer: integers,
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
  };
  return kit;
}

/** Types are made once for the same limits: making one takes longer than reading a whole configuration with it. */
function remembering(
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
      return { value: resolve(folder, value) };
    }
    const message = `Cannot read ${valueInWords(value)} as the path of a file`;
    return { issues: [{ path: "", message, allowed: description }] };
  });
}
