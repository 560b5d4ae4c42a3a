import { equal } from "node:assert/strict";
import { spareConnections } from "../../../../plugins/load_engine/executors/schedules.ts";
import { one, parse } from "../_scripts.ts";

const REQUESTS = [{ path: "/a" }];

/** What a scenario of arrivals needs. */
async function spare(scenario: Record<string, unknown>): Promise<number> {
  return spareConnections(
    await one({
      executor: "arrival-rate",
      duration: "1m",
      requests: REQUESTS,
      ...scenario,
    }),
  );
}

Deno.test("spareConnections() has one for each arrival that may fall due within 20 ms", async () => {
  equal(await spare({ rate: "10000/s" }), 200);
  equal(await spare({ rate: "1/s" }), 1);
});

Deno.test("spareConnections() goes by the highest rate of the scenario's duration", async () => {
  const ramp = { ramp: { from: "100/s", to: "1000/s", over: "30s" } };
  equal(await spare({ rate: ramp }), 20);
  equal(await spare({ rate: ramp, duration: "10s" }), 8);
  const sine = { sine: { mean: "500/s", amplitude: "400/s", period: "7s" } };
  equal(await spare({ rate: sine }), 18);
});

Deno.test("spareConnections() has no more than may be under way", async () => {
  equal(await spare({ rate: "10000/s", maxInFlight: 30 }), 30);
});

Deno.test("spareConnections() has none where no request keeps its connection", async () => {
  const requests = [{ path: "/a", keepAlive: false }];
  equal(await spare({ rate: "10000/s", requests }), 0);
});

Deno.test("spareConnections() counts the times of a trace", async () => {
  const script = await one({
    executor: "replay",
    trace: { times: [0, 5, 6, 19, 24, 100, 101] },
    requests: REQUESTS,
  });
  equal(spareConnections(script), 4);
});

Deno.test("spareConnections() adds up open scenarios, and leaves closed ones to make their own", async () => {
  const arrivals = {
    executor: "arrival-rate",
    duration: "1s",
    requests: REQUESTS,
  };
  const script = await parse({
    scenarios: {
      a: { ...arrivals, rate: "1000/s" },
      b: { ...arrivals, rate: "500/s" },
      c: {
        executor: "virtual-users",
        users: 50,
        duration: "1s",
        requests: REQUESTS,
      },
    },
  });
  equal(spareConnections(script), 30);
});
