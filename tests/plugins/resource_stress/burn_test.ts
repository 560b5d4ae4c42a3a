import { equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { burn } from "../../../plugins/resource_stress/burn.ts";

Deno.test("burn() holds its caller for the time it is given", () => {
  const start = performance.now();
  const took = burn(performance, 20);
  const passed = performance.now() - start;
  ok(took >= 20, `${took} ms`);
  ok(passed >= took);
});

Deno.test("burn() of nothing takes nothing", () => {
  equal(burn(new VirtualClock(), 0), 0);
});

Deno.test("burn() returns where the clock does not move by itself", () => {
  equal(burn(new VirtualClock(), 1000), 0);
});
