// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";
import { measured } from "../support/measured.ts";

Deno.test("memory does not grow over 1000 changes, because old revisions are released", async () => {
  const { before, after, revision } = await measured<
    Record<"before" | "after" | "revision", number>
  >("reload_memory.ts");
  equal(revision, 1501);
  const kilobytes = (after - before) / 1024;
  // One revision takes more than 100 KiB.
  ok(kilobytes < 2048, `${kilobytes.toFixed(0)} KiB more after 1000 changes`);
});
