/**
 * Settings of the bodies that are made rather than written: lists from a template, bodies of a size, examples of a JSON Schema,
 * and folders; and of the content codings in which bodies are sent.
 *
 * @module
 */
import { z } from "zod";
import type { Kit } from "../contract/values.ts";
import { JSON_VALUE } from "./kit.ts";
import { worded } from "./worded.ts";

/** A content coding (RFC 9110, section 8.4.1; RFC 7932). */
export type Coding = "br" | "gzip";

/** Content codings that perfmock can make, the preferred one first. */
export const CODINGS = ["br", "gzip"] as const satisfies readonly Coding[];

/** A list as users write it. */
export interface RepeatInput {
  /** Number of items, 0…1000000; or the query parameter that gives it, with a default and a maximum. */
  readonly count: number | {
    /** Name of the query parameter. */
    readonly query: string;
    /** Number of items without the parameter. Default 20. */
    readonly default?: number;
    /** Maximum number of items. Default 1000. */
    readonly max?: number;
  };
  /** Template of each item, with `{{index}}` and `{{count}}`. */
  readonly item: unknown;
  /** JSON around the list, in which the text `{{items}}` stands for the list. Default: the list alone. */
  readonly within?: unknown;
}

/** A list, parsed. */
export interface RepeatSettings {
  /** Number of items, or the default number if `query` is set. */
  readonly count: number;
  /** Query parameter that gives the number. */
  readonly query?: string | undefined;
  /** Maximum number that the parameter gives. */
  readonly max: number;
  /** Template of each item. */
  readonly item: unknown;
  /** JSON around the list. */
  readonly within: unknown;
}

/** Maximum number of items of a list. */
export const MOST_ITEMS = 1_000_000;

/** Default maximum number of items that a query parameter gives. */
const MOST_ASKED = 1000;

/** Default number of items without the query parameter. */
const UNASKED = 20;

/** Makes the type of `repeat`. */
export function repeatType(kit: Kit): z.ZodType<RepeatSettings> {
  const number = kit.integer({ min: 0, max: MOST_ITEMS });
  return z.strictObject(worded({
    count: z.union([
      number.transform((count) => ({ count, max: count as number })),
      z.strictObject(worded({
        query: z.string().min(1),
        default: number.default(UNASKED),
        max: number.default(MOST_ASKED),
      }, {
        query: "Query parameter that gives the number of items",
        default: "Number of items without the parameter",
        max: "Maximum number of items that the parameter gives",
      })).transform(({ query, default: count, max }) => ({
        query,
        count: Math.min(count, max),
        max,
      })),
    ]),
    item: JSON_VALUE,
    within: JSON_VALUE.default("{{items}}"),
  }, {
    count:
      "Number of items, or the query parameter that gives it, with a default and a maximum",
    item:
      "Template of each item; its texts may contain placeholders, including {{index}} and {{count}}",
    within:
      "JSON around the list, in which the text {{items}} stands for the list",
  })).transform(({ count, ...repeat }) => ({ ...count, ...repeat }))
    .superRefine(
      ({ within }, context) => {
        const places = placesOfItems(within);
        if (places === 1) return;
        context.addIssue({
          code: "custom",
          path: ["within"],
          message: places === 0
            ? "There is no place for the list"
            : "There is more than one place for the list",
          params: {
            allowed: 'one string "{{items}}", such as { items: "{{items}}" }',
          },
        });
      },
    ) as unknown as z.ZodType<RepeatSettings>;
}

/** Matches a string that stands for the list. */
export const ITEMS = /^\{\{\s*(?:raw\s+)?items\s*\}\}$/;

/** Number of strings in a value that stand for the list. */
function placesOfItems(value: unknown): number {
  if (typeof value === "string") return ITEMS.test(value) ? 1 : 0;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>(
    (sum, part) => sum + placesOfItems(part),
    0,
  );
}

/** A body of a size, parsed. */
export interface SizeSettings {
  /** Number of bytes. */
  readonly bytes: number;
  /** True for text that can be compressed, false for random bytes. */
  readonly compressible: boolean;
}

/** Maximum size of a body without contents, in bytes: 64 GiB. */
export const MAX_SIZE: number = 64 * 1024 ** 3;

/** A folder, parsed. */
export interface FolderSettings {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Name of the file that answers for a folder. */
  readonly index: string;
  /** Path of the file, within the folder, that answers a navigation to a path without a file; undefined for none. */
  readonly fallback?: string | undefined;
  /** True to send files and folders whose names begin with a dot. */
  readonly dotFiles: boolean;
}

/** Path of a file within a folder. */
export const WITHIN: z.ZodType<string> = z.string().min(1).refine(
  (path) =>
    !/[\\\0]|^\//.test(path) &&
    path.split("/").every((name) =>
      name !== "" && name !== "." && name !== ".."
    ),
  { error: "Must be the path of a file within the folder" },
).meta({
  description: 'the path of a file within the folder, such as "index.html"',
  examples: ["index.html"],
});

/** Type of `compress`: true for all codings, or a list of them. */
export const COMPRESS: z.ZodType<readonly Coding[]> = z.union([
  z.boolean().transform((on) => on ? CODINGS : []),
  z.array(z.enum(CODINGS)),
]).meta({
  description: 'true, false, or a list of "br" and "gzip"',
  examples: [true, ["gzip"]],
});

/** Type of `schema`. An example is made of it where the route is built. */
export const SCHEMA: z.ZodType<object> = JSON_VALUE.refine(
  (schema) =>
    typeof schema === "object" && schema !== null && !Array.isArray(schema),
  { error: "A JSON Schema is an object" },
) as unknown as z.ZodType<object>;
