import { equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { burn } from "../../../plugins/resource_stress/event_loop.ts";

Deno.test("burn() blocks its caller for the given time", () => {
  const start = performance.now();
  const took = burn(performance, 20);
  const passed = performance.now() - start;
  ok(took >= 20, `${took} ms`);
  ok(passed >= took);
});

Deno.test("burn() of 0 ms returns at once", () => {
  equal(burn(new VirtualClock(), 0), 0);
});

Deno.test("burn() returns at once on a virtual clock", () => {
  equal(burn(new VirtualClock(), 1000), 0);
});
