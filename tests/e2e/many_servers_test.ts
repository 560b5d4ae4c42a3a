// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";
import { measured } from "../support/measured.ts";

/** Remains of servers that were disposed. */
interface Rest {
  readonly descriptors: number;
  readonly heap: number;
  readonly alive: number;
}

Deno.test("Nothing is left of 50 servers that ran at the same time in one process, round after round", async () => {
  const { before, after, servers } = await measured<
    { before: Rest; after: Rest; servers: number }
  >("many_servers.ts");
  equal(servers, 200);
  equal(after.descriptors, before.descriptors);
  // The last ones may still be on the stack of a promise.
  ok(after.alive <= 2, `${after.alive} of ${servers} servers are still alive`);
  const kilobytes = (after.heap - before.heap) / 1024;
  // A server takes more than 100 KiB: 100 of them would show.
  ok(kilobytes < 2048, `${kilobytes.toFixed(0)} KiB more after 100 servers`);
});
