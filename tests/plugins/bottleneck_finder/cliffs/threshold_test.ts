import { ok } from "node:assert/strict";
import { Threshold } from "../../../../plugins/bottleneck_finder/cliffs/threshold.ts";
import { randomOf } from "./_random.ts";

Deno.test("a threshold is likely everywhere before the first trial", () => {
  const threshold = new Threshold();
  for (const p of [0.1, 0.5, 0.9]) {
    ok(Math.abs(threshold.quantile(p) - (2 * p - 0.5)) < 0.01);
  }
});

Deno.test("a sharp threshold is bisected", () => {
  const threshold = new Threshold();
  const { next } = randomOf(3);
  for (let trial = 0; trial < 24; trial++) {
    const place = Math.max(0, Math.min(1, threshold.quantile(next())));
    threshold.add(place, place > 0.37);
  }
  const [low, high] = [0.025, 0.975].map((p) => threshold.quantile(p));
  ok(low < 0.37 && high > 0.37 && high - low < 0.02, `${low}…${high}`);
});

Deno.test("a threshold outside of the trials is outside", () => {
  for (
    const [failed, isOutside] of [
      [true, (place: number) => place < 0],
      [false, (place: number) => place > 1],
    ] as const
  ) {
    const threshold = new Threshold();
    for (const place of [0, 0.25, 0.5, 0.75, 1, 0, 1]) {
      threshold.add(place, failed);
    }
    ok(isOutside(threshold.quantile(0.5)));
  }
});
