/**
 * Segments: the parts of one backend, or of one load, that several processes take over without sharing anything.
 *
 * Replica i of n takes the numbers i, i + n, i + 2n, … of every sequence, so that n replicas together take each number once. Limits,
 * which no number counts, are divided: {@linkcode shareOf}.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";

/** One of several replicas that together behave as one backend. */
export interface Segment {
  /** Zero-based index of the replica. */
  readonly index: number;
  /** Number of replicas, at least 1. */
  readonly count: number;
}

/** The only replica of a backend that is not divided. */
export const WHOLE: Segment = Object.freeze({ index: 0, count: 1 });

/** Maximum number of replicas. */
export const MOST_REPLICAS = 10_000;

/** Environment variables that hold the index of a replica, in the order in which they are asked: that of an Indexed Job, then names of pods. */
const PLACES = ["JOB_COMPLETION_INDEX", "POD_NAME", "HOSTNAME"] as const;

/**
 * Parses a segment as users write it: `2/4` is the third of four replicas. In `auto/4`, the index is JOB_COMPLETION_INDEX, or the
 * number at the end of POD_NAME or HOSTNAME, as pods of a StatefulSet have it.
 *
 * @param env returns the value of an environment variable; undefined without one
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors
 */
export function parseSegment(
  text: string,
  env: (name: string) => string | undefined,
): Segment {
  const [, place, number] = /^\s*(auto|\d+)\s*\/\s*(\d+)\s*$/.exec(text) ?? [];
  if (place === undefined) {
    throw invalid([{
      path: "",
      message:
        "A segment is the index of this replica, from 0, and the number of replicas",
      value: text,
      allowed: '"0/4" to "3/4" for four replicas, or "auto/4" in a pod',
    }]);
  }
  if (place !== "auto") {
    return checkSegment({ index: Number(place), count: Number(number) }, text);
  }
  const found = placeIn(env);
  const issues = found === undefined
    ? [{
      path: "",
      message: `Nothing tells the index of this replica: ${
        PLACES.map((name) => `${name} is ${describe(env(name))}`).join(", ")
      }`,
      value: text,
      allowed:
        "JOB_COMPLETION_INDEX as in an Indexed Job, or POD_NAME or HOSTNAME with a number at its end, such as mock-2",
      suggestion: `"0/${number}" to "${Number(number) - 1}/${number}"`,
    }]
    : [];
  const segment = { index: found?.index ?? 0, count: Number(number) };
  return checkSegment(segment, text, issues, found?.name);
}

/**
 * Returns a segment that is valid.
 *
 * @param text the segment as the user wrote it
 * @param others errors found before
 * @param source environment variable that the index comes from; undefined if it was written
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors
 */
export function checkSegment(
  { index, count }: Segment,
  text: string = `${index}/${count}`,
  others: readonly Issue[] = [],
  source?: string,
): Segment {
  const issues = [...others];
  if (!Number.isInteger(count) || count < 1 || count > MOST_REPLICAS) {
    issues.push({
      path: "",
      message: `The number of replicas is out of range`,
      value: text,
      allowed: `1 to ${MOST_REPLICAS}`,
    });
  } else if (!Number.isInteger(index) || index < 0 || index >= count) {
    issues.push({
      path: "",
      message: `There is no replica ${index} of ${count}: they count from 0${
        source === undefined ? "" : ` (from ${source})`
      }`,
      value: text,
      allowed: count === 1
        ? '"0/1"'
        : `"0/${count}" to "${count - 1}/${count}"`,
    });
  }
  if (issues.length > 0) throw invalid(issues);
  return count === 1 ? WHOLE : { index, count };
}

/** Writes a segment as users do: `2/4`. */
export function segmentText({ index, count }: Segment): string {
  return `${index}/${count}`;
}

/**
 * Share of a whole number: floor(total / n), plus 1 for the first total mod n replicas. The shares of all replicas add up to it.
 *
 * @param total whole number from 0, or Infinity, which no one divides
 */
export function shareOf(total: number, { index, count }: Segment): number {
  if (total === Infinity) return Infinity;
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}

/** Returns whether a number of the whole is one that this replica takes. */
export function takes({ index, count }: Segment, number: number): boolean {
  return number % count === index;
}

/** The index that the environment names, and the variable that does. */
function placeIn(
  env: (name: string) => string | undefined,
): { readonly index: number; readonly name: string } | undefined {
  for (const name of PLACES) {
    const value = env(name) ?? "";
    const found = name === "JOB_COMPLETION_INDEX"
      ? /^(\d+)$/.exec(value)
      : /-(\d+)$/.exec(value);
    if (found !== null) return { index: Number(found[1]), name };
  }
  return undefined;
}

function describe(value: string | undefined): string {
  return value === undefined || value === ""
    ? "not set"
    : JSON.stringify(value);
}

function invalid(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError("ARGUMENT_INVALID", "Cannot use --segment", issues);
}
