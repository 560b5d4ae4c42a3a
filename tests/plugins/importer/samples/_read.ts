/** Reads durations from a text, as a file. */
import { PerfmockError } from "../../../../core/errors.ts";
import type { FitOptions } from "../../../../core/import.ts";
import {
  type FileDurations,
  readDurations,
} from "../../../../plugins/importer/samples/read_durations.ts";

/** Reads a text as a file; ends with the error if there is one. */
export async function reading(
  content: string | Uint8Array<ArrayBuffer>,
  options: FitOptions = {},
): Promise<FileDurations> {
  const file = await Deno.makeTempFile({ prefix: "perfmock-test-" });
  try {
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
    return await readDurations(file, options);
  } finally {
    await Deno.remove(file);
  }
}

/** The errors in a text: paths and messages, with the code first. */
export async function errorsIn(
  content: string | Uint8Array<ArrayBuffer>,
  options: FitOptions = {},
): Promise<string[]> {
  try {
    await reading(content, options);
    return [];
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    return [
      error.code,
      ...error.issues.map(({ path, message }) =>
        path === "" ? message : `${path}: ${message}`
      ),
    ];
  }
}

/** Single durations of a file. */
export function valuesOf({ durations }: FileDurations): number[] {
  return durations.kind === "values" ? [...durations.values] : [];
}

/** Points of a file with percentiles, as `[probability, value]`. */
export function pointsOf({ durations }: FileDurations): [number, number][] {
  return durations.kind === "percentiles"
    ? durations.points.map(({ probability, value }) => [probability, value])
    : [];
}

/** Buckets of a file, as `[low, high, count]`. */
export function bucketsOf(
  { durations }: FileDurations,
): [number, number, number][] {
  return durations.kind === "buckets"
    ? durations.buckets.map(({ low, high, count }) => [low, high, count])
    : [];
}
