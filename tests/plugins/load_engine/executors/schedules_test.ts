import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { createKit } from "../../../../core/config/mod.ts";
import { createStream, streamKey } from "../../../../core/lib/random/mod.ts";
import type { Signal } from "../../../../core/plugin.ts";
import {
  poisson,
  recorded,
  type Schedule,
  spareConnections,
  uniform,
} from "../../../../plugins/load_engine/executors/schedules.ts";
import { one, parse } from "../_scripts.ts";
import { goodness, KS_CRITICAL } from "../../../statistical/_goodness.ts";

const kit = createKit({
  folder: "/",
  distribution: () => {
    throw new Error("no distribution is needed here");
  },
});

function rate(written: unknown): Signal {
  return kit.signal(kit.rate()).parse(written) as Signal;
}

async function gaps(seed: number | string, scenario = "browse") {
  const name = `${scenario}/arrivals`;
  return createStream(await streamKey(seed, name), name);
}

function all(schedule: Schedule): number[] {
  const times: number[] = [];
  for (let time = schedule.next(); time < Infinity; time = schedule.next()) {
    times.push(time);
  }
  return times;
}

const MINUTE = 60_000;

/** Typical rates, each over a minute. */
const RATES: Readonly<Record<string, Signal>> = {
  constant: rate("200/s"),
  ramp: rate({ ramp: { from: "0/s", to: "400/s", over: "1m" } }),
  spike: rate({
    spike: {
      base: "20/s",
      peak: "900/s",
      at: "20s",
      rise: "1s",
      hold: "5s",
      fall: "3s",
    },
  }),
  sine: rate({
    sine: { mean: "100/s", amplitude: "100/s", period: "17s" },
  }),
  steps: rate({
    steps: [{ at: "0s", value: 0 }, { at: "10s", value: "300/s" }, {
      at: "40s",
      value: 0,
    }],
  }),
};

for (const [name, signal] of Object.entries(RATES)) {
  Deno.test(`uniform() gives as many arrivals as the integral of a rate, ±1, at any time: ${name}`, () => {
    const times = all(uniform(signal, MINUTE));
    ok(times.length > 1000);
    times.forEach((time, index) => {
      const expected = signal.integral(time) / 1000;
      ok(Math.abs(expected - (index + 1)) <= 1, `${expected} at ${time}`);
    });
    const total = signal.integral(MINUTE) / 1000;
    ok(Math.abs(times.length - total) <= 1, `${times.length} of ${total}`);
    ok(times.every((time, index) => index === 0 || time >= times[index - 1]));
  });

  Deno.test(`poisson() gives as many arrivals as the integral of a rate within 4 standard deviations: ${name}`, async () => {
    for (const seed of [1, 2, 3, 4]) {
      const times = all(poisson(signal, MINUTE, await gaps(seed)));
      for (const until of [MINUTE / 3, MINUTE / 2, MINUTE]) {
        const mean = signal.integral(until) / 1000;
        const count = times.filter((time) => time < until).length;
        ok(
          Math.abs(count - mean) <= 4 * Math.sqrt(mean),
          `${count} of ${mean} with seed ${seed}`,
        );
      }
    }
  });

  Deno.test(`poisson() rescaled by the integral of a rate has exponential gaps: ${name}`, async () => {
    const times = all(poisson(signal, MINUTE, await gaps("gaps")));
    const areas = times.map((time) => signal.integral(time) / 1000);
    const draws = Float64Array.from(
      areas,
      (area, index) => area - (areas[index - 1] ?? 0),
    );
    const { ks } = goodness(
      draws,
      (x) => [-Math.expm1(-x), Math.exp(-x)],
    );
    ok(ks < KS_CRITICAL, `${ks}`);
  });
}

Deno.test("poisson() gives the same times for the same seed and scenario, others for another", async () => {
  const times = async (seed: number, scenario?: string) =>
    all(poisson(RATES.ramp, MINUTE, await gaps(seed, scenario)));
  const first = await times(7);
  deepEqual(await times(7), first);
  notDeepEqual(await times(8), first);
  notDeepEqual(await times(7, "other"), first);
});

Deno.test("uniform() and poisson() end before the duration", async () => {
  const fast = rate("1000/s");
  deepEqual(all(uniform(fast, 3.5)), [1, 2, 3]);
  deepEqual(all(uniform(fast, 3)), [1, 2]);
  const times = all(poisson(fast, 50, await gaps(1)));
  ok(times.length > 20 && times.every((time) => time < 50));
});

Deno.test("A schedule whose rate stays at zero has no arrivals", async () => {
  equal(uniform(rate(0), MINUTE).next(), Infinity);
  equal(poisson(rate(0), MINUTE, await gaps(1)).next(), Infinity);
});

Deno.test("recorded() returns exactly the recorded times", () => {
  const schedule = recorded(Float64Array.of(0, 1.5, 1.5, 7));
  deepEqual(all(schedule), [0, 1.5, 1.5, 7]);
  equal(schedule.next(), Infinity);
});

const REQUESTS = [{ path: "/a" }];

/** Returns the number of spare connections of an `arrival-rate` scenario. */
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

Deno.test("spareConnections() returns one for each arrival that may fall due within 20 ms", async () => {
  equal(await spare({ rate: "10000/s" }), 200);
  equal(await spare({ rate: "1/s" }), 1);
});

Deno.test("spareConnections() uses the highest rate within the scenario's duration", async () => {
  const ramp = { ramp: { from: "100/s", to: "1000/s", over: "30s" } };
  equal(await spare({ rate: ramp }), 20);
  equal(await spare({ rate: ramp, duration: "10s" }), 8);
  const sine = { sine: { mean: "500/s", amplitude: "400/s", period: "7s" } };
  equal(await spare({ rate: sine }), 18);
});

Deno.test("spareConnections() returns at most maxInFlight", async () => {
  equal(await spare({ rate: "10000/s", maxInFlight: 30 }), 30);
});

Deno.test("spareConnections() returns 0 if no request keeps its connection", async () => {
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

Deno.test("spareConnections() adds up open scenarios and ignores closed ones", async () => {
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
