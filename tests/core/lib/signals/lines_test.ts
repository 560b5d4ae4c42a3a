import { deepEqual, equal, ok } from "node:assert/strict";
import { constant } from "../../../../core/lib/signals/mod.ts";
import { distance, kit, signal, values } from "./_signals.ts";

Deno.test("A bare value is a constant signal in its unit", () => {
  const rate = signal("120/m", kit.rate());
  deepEqual([rate.at(-5), rate.at(0), rate.at(1e9)], [2, 2, 2]);
  deepEqual([rate.constant, rate.end], [true, 0]);
  equal(rate.integral(500), 1000);
  equal(rate.inverse(1000), 500);
  equal(constant(2).inverse(1000), 500);
});

Deno.test("A constant of 0 or below has no integral and no arrivals", () => {
  for (const value of [0, -3]) {
    const none = constant(value);
    deepEqual(
      [none.at(1), none.integral(10), none.inverse(1), none.inverse(0)],
      [value, 0, Infinity, 0],
    );
  }
});

Deno.test("ramp goes in a straight line and holds its last value", () => {
  const ramp = signal({ ramp: { from: 10, to: 400, over: "30s" } });
  deepEqual(values(ramp, [-1, 0, 15_000, 30_000, 90_000]), [
    10,
    10,
    205,
    400,
    400,
  ]);
  deepEqual([ramp.end, ramp.constant], [30_000, false]);
  equal(ramp.integral(30_000), 205 * 30_000);
  equal(ramp.integral(31_000), 205 * 30_000 + 400_000);
  equal(ramp.integral(-1), 0);
  for (const area of [1, 1000, 1e6, 6.15e6, 1e7]) {
    ok(distance(ramp.integral(ramp.inverse(area)), area) < 1e-14);
  }
});

Deno.test("ramp that crosses 0 has an integral only where it is above 0", () => {
  const up = signal({ ramp: { from: -1, to: 1, over: 1000 } });
  equal(up.at(0), -1);
  equal(up.integral(500), 0);
  equal(up.integral(1000), 250);
  equal(up.inverse(250), 1000);
  equal(up.inverse(62.5), 750);
  const down = signal({ ramp: { from: 1, to: -1, over: 1000 } });
  deepEqual(
    [down.integral(500), down.integral(5000), down.inverse(250)],
    [250, 250, 500],
  );
  equal(down.inverse(251), Infinity);
});

Deno.test("ramp from a value to itself is constant", () => {
  const flat = signal({ ramp: { from: 5, to: 5, over: "1s" } });
  deepEqual([flat.constant, flat.end, flat.inverse(10)], [true, 0, 2]);
});

Deno.test("stages begin at 0, and a stage of duration 0 is a jump", () => {
  const stages = signal({
    stages: [
      { duration: "10s", target: 100 },
      { duration: "5s", target: 100 },
      { duration: 0, target: 20 },
      { duration: "10s", target: 0 },
    ],
  });
  deepEqual(
    values(stages, [0, 5000, 10_000, 14_999.5, 15_000, 20_000, 25_000, 1e6]),
    [0, 50, 100, 100, 20, 10, 0, 0],
  );
  equal(stages.end, 25_000);
  equal(stages.integral(25_000), 500_000 + 500_000 + 100_000);
  equal(stages.inverse(1_100_000), 25_000);
  equal(stages.inverse(1_100_001), Infinity);
});

Deno.test("steps jump; an arrival that is due at the end of a step does not wait for the next", () => {
  const steps = signal({
    steps: [
      { at: 0, value: 100 },
      { at: "10s", value: 0 },
      { at: "20s", value: 100 },
      { at: "20s", value: 50 },
    ],
  });
  deepEqual(
    values(steps, [0, 9999, 10_000, 19_999, 20_000, 30_000]),
    [100, 100, 0, 0, 50, 50],
  );
  equal(steps.end, 20_000);
  equal(steps.inverse(1_000_000), 10_000);
  equal(steps.inverse(1_000_050), 20_001);
  // 1/3 is not a binary fraction, but the hundredth arrival must be due at the very end of the step.
  const thirds = signal({
    steps: [{ at: 0, value: 1 / 3 }, { at: "300s", value: 0 }, {
      at: "1h",
      value: 1,
    }],
  });
  ok(distance(thirds.inverse(100_000), 300_000) < 1e-14);
});

Deno.test("steps without a change do not extend the end of a signal", () => {
  const steps = signal({
    steps: [{ at: 0, value: 1 }, { at: 10, value: 2 }, { at: 20, value: 2 }],
  });
  equal(steps.end, 10);
});

Deno.test("spike rises from its base, holds its peak and falls back", () => {
  const spike = signal({
    spike: { base: 10, peak: 110, at: 1000, rise: 100, hold: 500, fall: 200 },
  });
  deepEqual(
    values(spike, [0, 1000, 1050, 1100, 1600, 1700, 1800, 9000]),
    [10, 10, 60, 110, 110, 60, 10, 10],
  );
  equal(spike.end, 1800);
  equal(spike.integral(2000), 20_000 + 100 * 100 / 2 + 100 * 500 + 10_000);
  const sharp = signal({ spike: { base: 1, peak: 5, at: 0, hold: "1s" } });
  deepEqual(values(sharp, [0, 999, 1000]), [5, 5, 1]);
});

Deno.test("trace goes from point to point in straight lines, beginning at the first", () => {
  const trace = signal({
    trace: {
      points: [
        { at: "10s", value: 1 },
        { at: "20s", value: 3 },
        { at: "20s", value: 7 },
        { at: "30s", value: 0 },
      ],
    },
  });
  deepEqual(
    values(trace, [0, 5000, 9999.999, 10_000, 15_000, 20_000, 99_999]),
    [1, 2, 2.9999998, 7, 3.5, 0, 0],
  );
  equal(trace.integral(50_000), 20_000 + 35_000);
});
