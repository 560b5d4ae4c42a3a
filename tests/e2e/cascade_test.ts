// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, ok } from "node:assert/strict";
import { run } from "../../examples/cascade/main.ts";

Deno.test("cascade: orders that wait for a slow database take all workers from the catalogue; a bulkhead prevents that; both recover", async () => {
  const [patient, bulkhead] = await run();
  const both = JSON.stringify([patient, bulkhead]);
  deepEqual([patient.policy, bulkhead.policy], ["patient", "bulkhead"]);
  const spread = patient.orders.during.median;
  for (const { catalogue, orders } of [patient, bulkhead]) {
    for (const { before, after } of [catalogue, orders]) {
      ok(after.answered > 0.9, both);
      ok(before.median < spread / 2 && after.median < spread / 2, both);
    }
  }
  equal(patient.peakWorkers, 20, both);
  ok(patient.catalogue.during.answered < 0.6, both);
  ok(spread > 400, both);
  ok(bulkhead.catalogue.during.answered > 0.9, both);
  ok(bulkhead.catalogue.during.median < spread / 2, both);
  ok(bulkhead.orders.during.refused > 0.3, both);
});
