import { deepEqual, equal, ok } from "node:assert/strict";
import { Scale } from "../../../../plugins/bottleneck_finder/cliffs/scale.ts";

const estimate = (value: number, half: number) => ({
  value,
  low: value - half,
  high: value + half,
});

Deno.test("levels of a scale are round, and lead back to their places", () => {
  for (
    const [from, to, step] of [
      [0, 2000, 10],
      [0, 1, 0.005],
      [100, 0, 0.5],
      [3, 300, 1],
      [0, 0.03, 0.0001],
    ]
  ) {
    const scale = new Scale({ from, to });
    equal(scale.level(0), from);
    equal(scale.level(1), to);
    equal(scale.level(-3), from);
    equal(scale.level(Infinity), to);
    for (let i = 0; i <= 40; i++) {
      const level = scale.level(i / 40);
      const steps = level / step;
      ok(Math.abs(steps - Math.round(steps)) < 1e-6, `${level}`);
      ok(Math.abs(scale.place(level) - i / 40) <= scale.step / 2 + 1e-9);
    }
  }
});

Deno.test("whole levels are whole, and an estimate is the first one behind", () => {
  const up = new Scale({ from: 1, to: 9, whole: true });
  deepEqual([0, 0.3, 0.5, 1].map((place) => up.level(place)), [1, 3, 5, 9]);
  deepEqual(up.levels(estimate(0.3, 0.1)), { value: 4, low: 3, high: 5 });
  const down = new Scale({ from: 9, to: 1, whole: true });
  deepEqual(down.levels(estimate(0.3, 0.1)), { value: 6, low: 5, high: 7 });
  equal(new Scale({ from: 0, to: 2000, whole: true }).level(0.0502), 100);
});

Deno.test("a reciprocal scale has equal steps of the time that bytes take", () => {
  const scale = new Scale({ from: 1e6, to: 1e4, reciprocal: true });
  deepEqual([0, 0.5, 1].map((place) => scale.level(place)), [1e6, 19_800, 1e4]);
  ok(Math.abs(scale.place(19_800) - 0.5) < 0.001);
  const { value, low, high } = scale.levels(estimate(0.5, 0.5));
  deepEqual([Math.round(value), low, high], [19_802, 1e4, 1e6]);
});

Deno.test("slopes are per unit of the level, in ascending order of levels", () => {
  const slopes = (options: ConstructorParameters<typeof Scale>[0]) =>
    new Scale(options).slopes(estimate(0, 0), estimate(100, 50));
  const [none, some] = [estimate(0, 0), { value: 2, low: 1, high: 3 }];
  deepEqual(slopes({ from: 0, to: 50 }), { before: none, after: some });
  deepEqual(slopes({ from: 50, to: 0 }), {
    before: { value: -2, low: -3, high: -1 },
    after: { value: -0, low: -0, high: -0 },
  });
  // 100 ms between 1 MB/s and 0.5 MB/s is the time of 0.1 MB more.
  const { before } = slopes({ from: 1e6, to: 5e5, reciprocal: true });
  ok(Math.abs(before.value - 1e5) < 1e-6, `${before.value}`);
});
