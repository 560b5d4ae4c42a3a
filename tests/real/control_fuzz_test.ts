import { deepEqual, equal, ok } from "node:assert/strict";
import { fuzzControlApi } from "../fuzz/control_api.ts";
import { ENGINES } from "../support/each_engine.ts";
import { required } from "./_software.ts";

/**
 * Number of calls to the first engine, PERFMOCK_FUZZ_CALLS or 1000; a fifth of it to each other, since only reading and writing
 * differ there.
 */
const CALLS = Number(Deno.env.get("PERFMOCK_FUZZ_CALLS") ?? "1000");

/** Number of calls of which each one that openapi.json describes must have been answered with success at least once. */
const THOROUGH = 10_000;

for (const [index, engine] of ENGINES.entries()) {
  const calls = index === 0 ? CALLS : Math.ceil(CALLS / 5);
  Deno.test({
    name:
      `${engine}: ${calls} fuzzed control calls are answered as openapi.json says, and refused ones change nothing`,
    ignore: !required,
    fn: async () => {
      const fuzz = await fuzzControlApi({ engine, calls, seed: 2026 });
      equal(fuzz.calls, calls);
      if (calls < THOROUGH) return;
      // Nothing is well tested that was refused each time.
      deepEqual(
        fuzz.described.filter((call) => !fuzz.succeeded.has(call)),
        [],
      );
      for (const status of [200, 201, 204, 400, 403, 404, 405, 412, 413]) {
        ok(
          fuzz.statuses.has(status),
          `${status} among ${[...fuzz.statuses.keys()]}`,
        );
      }
    },
  });
}
