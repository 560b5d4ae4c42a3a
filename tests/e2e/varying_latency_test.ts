// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  GIVE_UP_AFTER,
  SPINNER_AFTER,
} from "../../examples/varying_latency/frontend.ts";
import { CONFIG, run } from "../../examples/varying_latency/main.ts";
import { createPerfmock } from "../../mod.ts";

/** Maximum difference between the times of frontend and server on a busy machine, in ms. */
const SLACK = 50;

/** Returns the service times of a route's 200 requests. */
async function drawn(route: string): Promise<number[]> {
  await using server = await createPerfmock(CONFIG, { listen: false });
  return Array.from({ length: 200 }, (_, n) => server.draw(route, n));
}

Deno.test("varying_latency: the results of users follow from the seed; only times close to a threshold may differ", async () => {
  const observations = await run();
  deepEqual(observations.map(({ backend }) => backend), [
    "healthy",
    "long tail",
    "one slow replica",
  ]);
  const expected: Record<string, number>[] = [];
  for (const { backend, seen, median } of observations) {
    const times = await drawn(backend);
    const from = (least: number) => times.filter((ms) => ms >= least).length;
    expected.push({
      instant: 200 - from(SPINNER_AFTER),
      "gave up": from(GIVE_UP_AFTER),
    });
    equal(seen.instant + seen.spinner + seen["gave up"], 200);
    const within = (count: number, least: number, most: number) =>
      ok(
        least <= count && count <= most,
        `${backend}: ${JSON.stringify(seen)}`,
      );
    within(
      seen.instant,
      200 - from(SPINNER_AFTER - SLACK),
      200 - from(SPINNER_AFTER),
    );
    within(seen["gave up"], from(GIVE_UP_AFTER), from(GIVE_UP_AFTER - SLACK));
    ok(median !== null && median > 35 && median < 60, `${backend}: ${median}`);
  }
  deepEqual(expected, [
    { instant: 199, "gave up": 0 },
    { instant: 149, "gave up": 1 },
    { instant: 177, "gave up": 22 },
  ]);
});
