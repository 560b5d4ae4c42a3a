/**
 * Warnings about durations that are written as bare numbers: perfmock counts in milliseconds, where most tools count such settings
 * in seconds.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { formatDuration } from "../lib/units.ts";
import { DISTRIBUTION_DEFINITION } from "./json_schema.ts";
import { DURATION_UNITS } from "./kit.ts";
import { type JsonSchema, nodesAt } from "./_schema_lookup.ts";

/**
 * Settings that other tools count in seconds, each with the number from which on milliseconds are likely. Lengths of runs and
 * phases are seldom below a second; times to wait often are, but seldom below 100 ms.
 */
const LIKELY_FROM: ReadonlyMap<string, number> = new Map([
  ..."retryAfter duration expiry over for gracefulStop restart".split(" ")
    .map((key) => [key, 1000] as const),
  ..."timeout queueTimeout drainTimeout headTimeout idleTimeout interval period think start after at hold rise fall time"
    .split(" ").map((key) => [key, 100] as const),
]);

/** Keys of free data, whose numbers mean whatever they do. */
const DATA: ReadonlySet<string> = new Set(
  "json data headers item within schema".split(" "),
);

/** Greatest depth that is searched: the schema reports deeper values, and those that contain themselves. */
const DEPTH = 100;

/**
 * Finds bare numbers that are unlikely to mean milliseconds.
 *
 * @param value as written
 * @param at path of the value
 * @param schema returns the JSON Schema of the value; called only if there are such numbers
 */
export function bareNumberIssues(
  value: unknown,
  at: readonly string[],
  schema: () => JsonSchema,
): Issue[] {
  return suspects(value, []).flatMap(({ path, number }) =>
    nodesAt(schema(), path).some(isDuration)
      ? [{
        path: toPointer([...at, ...path]),
        message:
          `${number} without a unit is ${number} milliseconds, not ${number} seconds`,
        value: number,
        suggestion: `Write "${formatDuration(number * 1000)}" or "${
          formatDuration(number)
        }"`,
      }]
      : []
  );
}

interface Suspect {
  /** Path from the searched value. */
  readonly path: readonly string[];
  readonly number: number;
}

function suspects(value: unknown, path: readonly string[]): Suspect[] {
  if (typeof value !== "object" || value === null || path.length > DEPTH) {
    return [];
  }
  return Object.entries(value).flatMap(([key, part]): Suspect[] => {
    if (typeof part !== "number") {
      return DATA.has(key) ? [] : suspects(part, [...path, key]);
    }
    const likely = LIKELY_FROM.get(key) ?? 0;
    return part > 0 && part < likely
      ? [{ path: [...path, key], number: part }]
      : [];
  });
}

function isDuration(node: JsonSchema): boolean {
  return typeof node.pattern === "string" &&
      node.pattern.includes(DURATION_UNITS) ||
    node.id === DISTRIBUTION_DEFINITION ||
    node.$ref === `#/$defs/${DISTRIBUTION_DEFINITION}`;
}
