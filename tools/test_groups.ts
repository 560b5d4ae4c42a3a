/**
 * Divides the test files into the groups in which `deno task test` runs them, by a marker line at the top of a file:
 *
 * - no marker: in parallel with other files, under the profiler that measures coverage;
 * - `// Runs without the profiler: computes much.`: beside the files above, unprofiled. For long computations, which the
 *   profiler makes several times slower;
 * - `// Runs on a calm machine, without the profiler: measures long times.`: after the files above, a few at a time. For tests
 *   that mostly wait, with generous time limits;
 * - `// Runs alone, without the profiler: measures time.`: one file after another. For tests that measure time, processor use
 *   or memory, and for tests that change shared state, such as the environment.
 *
 * The text after the colon states the reason and is free.
 *
 * @module
 */

/** Way in which a test file runs. */
export type Group = "profiled" | "unprofiled" | "calm" | "alone";

const MARKER =
  /^\/\/ Runs (alone, |on a calm machine, )?without the profiler: [^.]+\.$/;

/** Matches lines that resemble a marker; a house test requires that each of them is one. */
export const MARKER_LIKE: RegExp =
  /^\s*(\/\/|\*|\/\*+)\s*runs?\b.*\b(alone|calm|profiler|unprofiled)\b/i;

/** Returns true if a line is exactly a marker. */
export function isMarker(line: string): boolean {
  return MARKER.test(line);
}

/** Returns the group of a test file, given its text. */
export function groupOf(text: string): Group {
  const [line] = markers(text);
  if (line === undefined) return "profiled";
  switch (MARKER.exec(line)?.[1]) {
    case "alone, ":
      return "alone";
    case "on a calm machine, ":
      return "calm";
    default:
      return "unprofiled";
  }
}

/** Returns the markers before the first import. */
export function markers(text: string): string[] {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => line.startsWith("import "));
  return lines.slice(0, end === -1 ? undefined : end).filter(isMarker);
}
