// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";

Deno.test("memory does not grow over 1000 changes, because old revisions are released", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--expose-gc",
      new URL("../support/reload_memory.ts", import.meta.url).href,
    ],
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  const { before, after, revision } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  equal(revision, 1101);
  const kilobytes = (after - before) / 1024;
  // One revision takes more than 100 KiB.
  ok(kilobytes < 2048, `${kilobytes.toFixed(0)} KiB more after 1000 changes`);
});
