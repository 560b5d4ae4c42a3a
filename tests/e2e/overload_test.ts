// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { run } from "../../examples/overload/main.ts";

Deno.test("overload: retrying at once multiplies the load without serving more than waiting as told", async () => {
  const [bad, good] = await run();
  deepEqual([bad.policy, good.policy], ["impatient", "considerate"]);
  const both = JSON.stringify([bad, good]);
  for (const { peakBusy, served } of [bad, good]) {
    equal(peakBusy, 5);
    ok(served >= 180, both);
  }
  ok(bad.requests > 3 * good.requests, both);
  ok(bad.early > 0.95 * bad.refused, both);
  equal(good.early, 0, both);
  match(bad.verdict, /^Comes back too early: .*multiplies its load/);
  match(good.verdict, /^Well-mannered/);
});
