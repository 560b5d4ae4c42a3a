import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
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
import { written } from "../../../support/signals.ts";

const kit = createKit({
  folder: "/",
  distribution: () => {
    throw new Error("no distribution is needed here");
  },
});

function rate(written: unknown): Signal {
  return kit.signal(kit.rate()).parse(written) as Signal;
}

/** Signals of plain numbers, negative ones too. */
const numbers = kit.signal(kit.number());

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
  Deno.test(`uniform() gives an arrival where the integral of a rate passes k − ½: ${name}`, () => {
    const times = all(uniform(signal, MINUTE));
    ok(times.length > 1000);
    times.forEach((time, index) => {
      const passed = signal.integral(time) / 1000;
      ok(Math.abs(passed - (index + 0.5)) < 1e-6, `${passed} at ${time}`);
    });
    equal(times.length, Math.round(signal.integral(MINUTE) / 1000));
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

Deno.test("uniform() counts rate times duration, and rounds to the nearest", () => {
  const cases: readonly (readonly [
    unknown,
    duration: number,
    times: number | readonly number[],
  ])[] = [
    ["100/s", 3000, 300],
    ["1/s", 5000, [500, 1500, 2500, 3500, 4500]],
    ["1/m", MINUTE, [MINUTE / 2]],
    ["7/m", MINUTE, 7],
    ["3/s", 1499, [500 / 3, 500, 2500 / 3, 3500 / 3]],
    ["1/s", 499, []],
    ["1/s", 501, [500]],
    // A half at the very end is reached, not passed, however the rate is written.
    ["1/s", 2500, [500, 1500]],
    ["1/m", MINUTE / 2, []],
    ["3/m", MINUTE / 6, []],
    ["7/m", MINUTE * 1.5 / 7, [MINUTE / 14]],
    ["1000/s", 3, [0.5, 1.5, 2.5]],
    [{ ramp: { from: 0, to: "100/s", over: "1s" } }, 1000, 50],
    [{ sum: ["1/s", "2/s"] }, 1000, [500 / 3, 500, 2500 / 3]],
  ];
  for (const [written, duration, expected] of cases) {
    const times = all(uniform(rate(written), duration));
    const of = `${JSON.stringify(written)} for ${duration} ms`;
    if (typeof expected === "number") equal(times.length, expected, of);
    else {
      equal(times.length, expected.length, of);
      times.forEach((time, index) =>
        ok(Math.abs(time - expected[index]) < 1e-9 * MINUTE, `${of}: ${time}`)
      );
    }
  }
});

Deno.test("uniform() of any rate counts its integral, rounded, until the end and until any time before it", () => {
  fc.assert(
    fc.property(
      written,
      fc.double({ min: 1, max: 400, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (of, duration, share) => {
        // Up to 10 arrivals per ms.
        const signal = numbers.parse({ product: [of, 700] }) as Signal;
        const times = all(uniform(signal, duration));
        for (const until of [duration, duration * share]) {
          const integral = signal.integral(until) / 1000;
          const count = times.filter((time) => time <= until).length;
          ok(Math.abs(count - integral) <= 0.5 + 1e-6, `${count}, ${integral}`);
        }
        ok(times.every((time, i) => time >= (times[i - 1] ?? 0)));
      },
    ),
    { seed: 42, numRuns: 300 },
  );
});

Deno.test("poisson() ends before the duration", async () => {
  const times = all(poisson(rate("1000/s"), 50, await gaps(1)));
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
