/**
 * Divides the test files into the groups in which `deno task test` runs them, by a marker line at the top of a file:
 *
 * - no marker: in parallel with other files, under the profiler that measures coverage;
 * - `// Runs without the profiler: computes much.`: in parallel, unprofiled. For long computations, which the profiler makes
 *   several times slower, and for tests whose limits of time are loose;
 * - `// Runs alone, without the profiler: measures time.`: one file after another, unprofiled. For tests that measure time,
 *   the processor or memory, and for tests that change what all files share, such as the environment.
 *
 * The reason after the colon is free.
 *
 * @module
 */

/** Way in which a test file runs. */
export type Group = "profiled" | "unprofiled" | "alone";

const MARKER = /^\/\/ Runs (alone, )?without the profiler: [^.]+\.$/;

/** Lines that look like a marker; a house test compares them with {@linkcode isMarker}. */
export const MARKER_LIKE: RegExp =
  /^\s*(\/\/|\*|\/\*+)\s*runs?\b.*\b(alone|profiler|unprofiled)\b/i;

/** True if a line is a marker, to the letter. */
export function isMarker(line: string): boolean {
  return MARKER.test(line);
}

/** Group of a test file, by its text. */
export function groupOf(text: string): Group {
  const [line] = markers(text);
  if (line === undefined) return "profiled";
  return MARKER.exec(line)?.[1] === undefined ? "unprofiled" : "alone";
}

/** Markers among the lines before the first import. */
export function markers(text: string): string[] {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => line.startsWith("import "));
  return lines.slice(0, end === -1 ? undefined : end).filter(isMarker);
}
