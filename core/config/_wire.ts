/**
 * The types of how a body leaves: pieces, gaps, bandwidth.
 *
 * @module
 */
import { z } from "zod";
import type { Distribution, Kit } from "../plugin.ts";
import { type Quantity, quantityType } from "./_quantity.ts";
import { parseSize, suggestSize } from "../lib/units.ts";

/** How a body leaves, as users write it. */
export interface WireInput {
  /** The time between one piece and the next: a distribution. */
  readonly gap?: unknown;
  /** The size of a piece; "16KiB" where absent. An event is a piece by itself. */
  readonly chunk?: string | number;
  /** What passes in a second, such as "1MiB/s"; with a burst, what may leave at once after a rest. */
  readonly bandwidth?:
    | string
    | number
    | {
      /** What passes in a second. */
      readonly rate: string | number;
      /** What may leave at once after a rest; 0 where absent. */
      readonly burst?: string | number;
    };
}

/** How a body leaves. */
export interface WireSettings {
  /** The time between one piece and the next. */
  readonly gap?: Distribution | undefined;
  /** The size of a piece, in bytes. */
  readonly chunk?: number | undefined;
  /** The line's capacity. */
  readonly bandwidth?: {
    /** In bytes a second. */
    readonly rate: number;
    /** In bytes. */
    readonly burst: number;
  } | undefined;
}

/** Bytes a second. */
const BANDWIDTH: Quantity = {
  name: "bandwidth",
  form: 'a bandwidth such as "1MiB/s" or 1048576 (bytes a second)',
  units: "(B|[kKMGT]B|[KMGT]iB)/s",
  examples: ["1MiB/s", "250KB/s", 1_048_576],
  parse(value) {
    if (typeof value !== "string") return parseSize(value);
    const [, size] = /^(.*\S)\s*\/\s*s\s*$/u.exec(value) ?? [];
    return parseSize(size);
  },
  suggest(value) {
    if (typeof value !== "string") return undefined;
    const size = value.replace(/\s*(\/\s*(s|sec|second)|ps)?\s*$/iu, "");
    const meant = parseSize(size) === undefined ? suggestSize(size) : size;
    return meant === undefined ? undefined : `${meant}/s`;
  },
  write: (value) => value === 0 ? "0" : `${value}B/s`,
};

/** The largest piece, in bytes: it is held in memory. */
const LARGEST = 16 * 1024 * 1024;

/** How a body leaves. */
export function wireType(kit: Kit): z.ZodType<WireSettings> {
  const rate = quantityType(BANDWIDTH, { above: 0 });
  return z.strictObject({
    gap: kit.distribution().optional(),
    chunk: kit.size({ min: 1, max: LARGEST }).optional(),
    bandwidth: z.union([
      rate.transform((rate) => ({ rate: rate as number, burst: 0 })),
      z.strictObject({ rate, burst: kit.size().default(0) }),
    ]).optional(),
  }).superRefine(({ gap, bandwidth }, context) => {
    if (gap !== undefined || bandwidth !== undefined) return;
    context.addIssue({
      code: "custom",
      message: 'A wire without "gap" and "bandwidth" changes nothing',
      params: { allowed: '"gap", "bandwidth", or both' },
    });
  }) as unknown as z.ZodType<WireSettings>;
}
