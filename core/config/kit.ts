/**
 * The types that settings are made of, for core's own settings and for plugins'.
 *
 * @module
 */
import { resolve } from "node:path";
import { z } from "zod";
import type { Distribution, Kit, KitType } from "../plugin.ts";
import { signalType, timelineType } from "../signals/mod.ts";
import { DURATION, numberType, quantityType, RATE, SIZE } from "./_quantity.ts";
import { readingType } from "./_reading_type.ts";
import { DISTRIBUTION_DEFINITION } from "./_definitions.ts";
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
  const kit: Kit = {
    z,
    duration: (limits) => quantityType(DURATION, limits ?? {}),
    rate: (limits) => quantityType(RATE, limits ?? {}),
    size: (limits) => quantityType(SIZE, limits ?? {}),
    share: () => numberType("number", "share", { min: 0, max: 1 }),
    number: (limits) => numberType("number", "number", limits ?? {}),
    integer: (limits) => numberType("integer", "whole number", limits ?? {}),
    distribution: () => distribution,
    signal: (unit) => signalType(kit, unit),
    timeline: (value) => timelineType(kit, value),
    file: () => fileType(context.folder),
  };
  return kit;
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
