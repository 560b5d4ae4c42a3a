// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";
import { fuzzControlApi } from "../fuzz/control_api.ts";
import { ENGINES } from "../support/each_engine.ts";

for (const engine of ENGINES) {
  Deno.test(`${engine}: fuzzed control calls are answered as openapi.json says, and refused ones change nothing`, async () => {
    const { calls, statuses } = await fuzzControlApi({
      engine,
      calls: 300,
      seed: 2026,
    });
    equal(calls, 300);
    for (const status of [200, 204, 400, 404, 405, 412]) {
      ok(statuses.has(status), `${status} among ${[...statuses.keys()]}`);
    }
  });
}
