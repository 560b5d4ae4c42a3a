import { deepEqual, equal } from "node:assert/strict";
import { groupOf, isMarker } from "../../tools/test_groups.ts";

const REST = `/** About the tests. */
import { ok } from "node:assert/strict";
`;

Deno.test("groupOf() runs a file without a marker under the profiler", () => {
  equal(groupOf(REST), "profiled");
});

Deno.test("groupOf() reads the marker before the first import, whatever its reason", () => {
  const unprofiled = "// Runs without the profiler: computes much.\n";
  const calm =
    "// Runs on a calm machine, without the profiler: measures long times.\n";
  const alone = "// Runs alone, without the profiler: measures time.\n";
  equal(groupOf(unprofiled + REST), "unprofiled");
  equal(groupOf(calm + REST), "calm");
  equal(groupOf(alone + REST), "alone");
  equal(groupOf(REST.replace("import", `${alone}import`)), "alone");
  equal(groupOf(REST + alone), "profiled");
});

Deno.test("isMarker() accepts the three markers only, each with a reason and a full stop", () => {
  const lines = [
    "// Runs alone, without the profiler: measures time.",
    "// Runs on a calm machine, without the profiler: measures long times.",
    "// Runs without the profiler: computes much.",
    "// Runs alone, without the profiler.",
    "// Runs alone, without the profiler: measures time",
    " // Runs without the profiler: computes much.",
    "// Runs alone: measures time.",
  ];
  deepEqual(lines.map(isMarker), [
    ...[true, true, true],
    ...[false, false, false, false],
  ]);
});
